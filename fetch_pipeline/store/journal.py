"""The journal: the durable record of a fetch that is not yet stored as a table.

One SQLite file per fetch: the plan, written once, and the outcomes, written as they arrive. The
page-lengths table is a join of the two, so a row can be neither lost nor invented.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Final

from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome, Timing, to_row
from fetch_pipeline.core.plan import PlanRow, Target
from fetch_pipeline.store.tables import PAGE_LENGTHS, URL_LIST, Column

PLAN_COLUMNS: Final = URL_LIST.columns
OUTCOME_COLUMNS: Final = tuple(
    column for column in PAGE_LENGTHS.columns if column.name not in {"url", "duplicate_of"}
)
_PENDING_ROWS: Final = 1000


def _insert(table: str, columns: tuple[Column, ...]) -> str:
    names = [column.name for column in columns]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"


_INSERT_PLAN: Final = _insert("plan", PLAN_COLUMNS)
_INSERT_OUTCOME: Final = _insert("outcomes", OUTCOME_COLUMNS)

_PENDING: Final = """
    SELECT plan.line, href, host FROM plan LEFT JOIN outcomes USING (line)
    WHERE outcomes.line IS NULL AND duplicate_of IS NULL AND plan.line > ?
    ORDER BY plan.line LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One uninterrupted stretch of a fetch; a continued fetch has several.

    Attributes:
        started_at: Seconds since 1970.
        run_id: Dagster run that did it.
        concurrency: Workers.
        wall_s: Seconds it ran so far.
        cpu_s: Processor seconds of the process meanwhile.
        peak_rss_bytes: Most memory the process held so far.
    """

    started_at: float
    run_id: str
    concurrency: int
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int


class Journal:
    """An open journal; made by `journal_file`."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self.path = path
        self._connection = connection

    def idle_s(self) -> float:
        """Seconds since the journal was last written to; infinite for one without a plan."""
        written_at = max(
            self.one("SELECT coalesce(max(planned_at), 0) FROM facts")[0],
            self.one("SELECT coalesce(max(written_at), 0) FROM parts")[0],
        )
        return time.time() - written_at if written_at else float("inf")

    def begin(self, plan: Iterable[PlanRow], *, list_sha256: str, run_id: str) -> None:
        """Forget everything and write `plan`, all or nothing. A line that is no URL is done."""
        with self._transaction() as connection:
            for table in ("facts", "plan", "outcomes", "parts"):
                connection.execute(f"DELETE FROM {table}")
            for row in plan:
                connection.execute(_INSERT_PLAN, row)
                if row["problem"] is not None:
                    connection.execute(_INSERT_OUTCOME, _invalid_row(row, run_id))
            connection.execute("INSERT INTO facts VALUES (?, ?)", (time.time(), list_sha256))

    def counts(self) -> tuple[int, int, str]:
        """Return how many URLs are to be fetched, how many were by now, and the first host key."""
        urls, done, host = self.one("""
            SELECT count(*), count(outcomes.line), coalesce(
                (SELECT host FROM plan WHERE host IS NOT NULL ORDER BY line LIMIT 1), '')
            FROM plan LEFT JOIN outcomes USING (line)
            WHERE duplicate_of IS NULL AND problem IS NULL
        """)
        return urls, done, host

    def pending(self) -> Iterator[Target]:
        """Yield the targets without an outcome in the order of their lines, lazily.

        May be iterated while outcomes of the targets it yielded are recorded.
        """
        line = 0
        while targets := self._pending_after(line):
            yield from targets
            line = targets[-1].line

    def write(self, outcomes: Iterable[tuple[Target, Outcome]], part: Part) -> None:
        """Make outcomes durable, and what the fetch took meanwhile. Takes about 20 µs a row."""
        with self._transaction() as connection:
            rows = (_outcome_row(target, outcome, part) for target, outcome in outcomes)
            connection.executemany(_INSERT_OUTCOME, rows)
            connection.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?)",
                (*astuple(part), time.time()),
            )

    def one(self, select: str) -> tuple[Any, ...]:
        """Return the only row of a SELECT over `facts`, `plan`, `outcomes` and `parts`."""
        row: tuple[Any, ...] = self._connection.execute(select).fetchone()
        return row

    def batches(self, select: str, rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a SELECT, at most `rows` at once; nothing may be written meanwhile."""
        cursor = self._connection.execute(select)
        while batch := cursor.fetchmany(rows):
            yield batch

    def _pending_after(self, line: int) -> list[Target]:
        rows = self._connection.execute(_PENDING, (line, _PENDING_ROWS)).fetchall()
        return [Target(line=line, href=href, host=host) for line, href, host in rows]

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _outcome_row(target: Target, outcome: Outcome, part: Part) -> Mapping[str, object]:
    started_at = outcome.timing.started_at
    return {
        **to_row(outcome),
        "line": target.line,
        "run_id": part.run_id,
        "started_at": int(started_at.timestamp() * 1e6) if started_at else None,
    }


def _invalid_row(row: PlanRow, run_id: str) -> Mapping[str, object]:
    invalid = Failed(
        kind=FailureKind.INVALID_URL, detail=row["problem"] or "", timing=Timing(attempts=0)
    )
    return {**to_row(invalid), "line": row["line"], "run_id": run_id}
