"""Where journals lie, and how one is opened: by one process at a time.

Rules of this file:

1. An open journal is locked; a process that dies lets go of it, because the lock is the file's.
2. What was committed survives `kill -9`. After a loss of power the last commits may be missing
   (`synchronous=NORMAL`), never half there.
3. Only the one who holds the journal decides whether it is continued or begun anew.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from fetch_pipeline.store.journal import OUTCOME_COLUMNS, PLAN_COLUMNS, Journal
from fetch_pipeline.store.tables import Column, ColumnType

_SUFFIX: Final = ".sqlite"
_KEPT_S: Final = 7 * 86_400

_TYPES: Final = {
    ColumnType.INT: "INTEGER",
    ColumnType.FLOAT: "REAL",
    ColumnType.TEXT: "TEXT",
    ColumnType.TIMESTAMP: "INTEGER",  # microseconds since 1970, UTC
}


def _columns(columns: tuple[Column, ...]) -> str:
    typed = (f"{column.name} {_TYPES[column.type]}" for column in columns)
    return f"{', '.join(typed)}, PRIMARY KEY (line)"


_TABLES: Final = f"""
    CREATE TABLE IF NOT EXISTS facts (
        planned_at REAL, list_sha256 TEXT, compared INTEGER, kept INTEGER
    );
    CREATE TABLE IF NOT EXISTS plan ({_columns(PLAN_COLUMNS)});
    CREATE TABLE IF NOT EXISTS stored (today INTEGER, {_columns(OUTCOME_COLUMNS)});
    CREATE TABLE IF NOT EXISTS outcomes ({_columns(OUTCOME_COLUMNS)});
    CREATE TABLE IF NOT EXISTS parts (
        started_at REAL PRIMARY KEY, run_id TEXT, concurrency INTEGER,
        wall_s REAL, cpu_s REAL, peak_rss_bytes INTEGER, busy_s REAL, courtesy_s REAL,
        written_at REAL
    );
"""


class JournalError(Exception):
    """The journal cannot be used; the message says which, why, and what helps."""


@contextmanager
def open_journal(path: Path) -> Iterator[Journal]:
    """Open and lock the journal at `path`.

    Raises:
        JournalError: There is none, another run holds it, or the file is no journal.
    """
    if not path.exists():
        msg = (
            f"the journal {path} is gone: its pages were stored by another run, or it was removed; "
            "start a new run instead of continuing this one"
        )
        raise JournalError(msg)
    with make_journal(path) as journal:
        if not journal.one("SELECT count(*) FROM facts")[0]:
            msg = f"the journal {path} has no plan: start a new run"
            raise JournalError(msg)
        yield journal


@contextmanager
def make_journal(path: Path) -> Iterator[Journal]:
    """Open and lock the journal at `path`, making an empty one where there is none.

    Raises:
        JournalError: Another run holds it, or the file is no journal.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=0, isolation_level=None)
    with closing(connection):
        try:
            # In this order: WAL entered in exclusive mode keeps the lock until the end.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise JournalError(_why_unusable(path, error)) from error
        yield Journal(connection, path)


def discard_journal(path: Path) -> None:
    """Remove a journal whose table is stored, and those of the same asset that nobody writes to.

    They are older than the table by now: to continue one would put its pages over newer ones.
    """
    _remove(path)
    for other in path.parent.glob(f"{path.name.rpartition('-')[0]}-*{_SUFFIX}"):
        with suppress(JournalError), make_journal(other):
            _remove(other)


def _remove(path: Path) -> None:
    for file in _files(path):
        file.unlink(missing_ok=True)


def sweep_journals(directory: Path, asset: str) -> None:
    """Remove journals of `asset` that nobody wrote to for a week: their list or policy is gone."""
    week_ago = time.time() - _KEPT_S
    for path in directory.glob(f"{asset}-*{_SUFFIX}"):
        if max(file.stat().st_mtime for file in _files(path) if file.exists()) < week_ago:
            _remove(path)


def journal_path(directory: Path, asset: str, *identity: str) -> Path:
    """Return where the journal of `asset` lies: its name holds whatever must be equal to go on.

    Args:
        directory: Where journals are kept.
        asset: Asset key, its parts joined by "/".
        identity: List and policy. A journal with the tables of another version is another one.
    """
    digest = sha256("\n".join((_TABLES, *identity)).encode()).hexdigest()
    return directory / f"{asset}-{digest[:16]}{_SUFFIX}"


def _files(path: Path) -> tuple[Path, Path]:
    """Return the file and its write-ahead log, which a killed process leaves behind."""
    return path, path.with_name(f"{path.name}-wal")


def _why_unusable(path: Path, error: sqlite3.DatabaseError) -> str:
    if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
        return (
            f"the journal {path} is in use by another run of the same asset, list and policy: "
            "wait until that run ends, or terminate it, then start this one again"
        )
    return f"{path} is not a usable journal ({error}): remove it and start again"
