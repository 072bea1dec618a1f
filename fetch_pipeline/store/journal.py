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

from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome, Timing
from fetch_pipeline.core.outcome_row import to_row
from fetch_pipeline.core.plan import PlanRow, Target
from fetch_pipeline.store.stored_pages import StoredPage, microseconds
from fetch_pipeline.store.tables import PAGE_LENGTHS, URL_LIST, Column

PLAN_COLUMNS: Final = URL_LIST.columns
OUTCOME_COLUMNS: Final = tuple(
    column for column in PAGE_LENGTHS.columns if column.name not in {"url", "href", "duplicate_of"}
)


def _insert(table: str, columns: tuple[Column, ...]) -> str:
    names = [column.name for column in columns]
    return f"INSERT INTO {table} ({', '.join(names)}) VALUES (:{', :'.join(names)})"


_UNTIL_STORED: Final = {"changed": None, "length_before": None}  # known when the table is made
_INSERT_PLAN: Final = _insert("plan", PLAN_COLUMNS)
_INSERT_OUTCOME: Final = _insert("outcomes", OUTCOME_COLUMNS)

_OUTCOME_NAMES: Final = ", ".join(column.name for column in OUTCOME_COLUMNS)
# Only first lines have pages; a line that is no URL has no href to be found by.
_INSERT_STORED: Final = f"""
    INSERT OR IGNORE INTO stored (today, {_OUTCOME_NAMES})
    SELECT :today, line, {", ".join(f":{c.name}" for c in OUTCOME_COLUMNS if c.name != "line")}
    FROM plan WHERE href = :href AND duplicate_of IS NULL
"""
_NO_COLUMNS: Final = dict.fromkeys(column.name for column in OUTCOME_COLUMNS)  # an older table's
_KEEP_STORED: Final = f"INSERT INTO outcomes SELECT {_OUTCOME_NAMES} FROM stored WHERE today"
_CLOSE_REST: Final = """
    INSERT INTO outcomes (line, outcome, detail, attempts, run_id)
    SELECT plan.line, ?, ?, 0, ? FROM plan LEFT JOIN outcomes USING (line)
    WHERE outcomes.line IS NULL AND duplicate_of IS NULL
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
        busy_s: Seconds of all pages together in which a worker was busy with them.
        courtesy_s: Longest that one host had to take, within its limits.
    """

    started_at: float
    run_id: str
    concurrency: int
    wall_s: float
    cpu_s: float
    peak_rss_bytes: int
    busy_s: float
    courtesy_s: float


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

    def begin(
        self,
        plan: Iterable[PlanRow],
        *,
        list_sha256: str,
        run_id: str,
        stored: Iterable[StoredPage] | None = None,
        keep: bool = False,
    ) -> None:
        """Forget everything and write `plan`, all or nothing. A line that is no URL is done.

        Args:
            plan: All rows of the list.
            list_sha256: What identifies it.
            run_id: Dagster run that begins.
            stored: The pages of the table that will be replaced, each before any older one of its
                URL; null when there is no such table.
            keep: Whether those of the table are the outcomes of their URLs, not fetched again.
        """
        with self._transaction() as connection:
            for table in ("facts", "plan", "stored", "outcomes", "parts"):
                connection.execute(f"DELETE FROM {table}")
            for row in plan:
                connection.execute(_INSERT_PLAN, row)
                if row["problem"] is not None:
                    connection.execute(_INSERT_OUTCOME, _invalid_row(row, run_id))
            connection.execute("CREATE INDEX IF NOT EXISTS plan_host ON plan (host, line)")
            if stored is not None:
                _remember(connection, stored)
            if keep:
                connection.execute(_KEEP_STORED)
            facts = (time.time(), list_sha256, stored is not None, keep)
            connection.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", facts)

    def counts(self) -> tuple[int, int, str]:
        """Return how many URLs are to be fetched, how many were by now, and the first host key."""
        urls, done, host = self.one("""
            SELECT count(*), count(outcomes.line), coalesce(
                (SELECT host FROM plan WHERE host IS NOT NULL ORDER BY line LIMIT 1), '')
            FROM plan LEFT JOIN outcomes USING (line)
            WHERE duplicate_of IS NULL AND problem IS NULL
        """)
        return urls, done, host

    def write(self, outcomes: Iterable[tuple[Target, Outcome]], part: Part) -> None:
        """Make outcomes durable, and what the fetch took meanwhile. Takes about 20 µs a row."""
        with self._transaction() as connection:
            rows = (_outcome_row(target, outcome, part) for target, outcome in outcomes)
            connection.executemany(_INSERT_OUTCOME, rows)
            connection.execute(
                "INSERT OR REPLACE INTO parts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*astuple(part), time.time()),
            )

    def close_rest(self, kind: FailureKind, detail: str, run_id: str) -> None:
        """Give every URL without an outcome this one."""
        self._connection.execute(_CLOSE_REST, (kind.value, detail, run_id))

    def execute(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        """Return all rows of a statement over the tables, and of temporary ones."""
        return self._connection.execute(statement, values).fetchall()

    def one(self, select: str) -> tuple[Any, ...]:
        """Return the only row of a SELECT over the tables."""
        row: tuple[Any, ...] = self._connection.execute(select).fetchone()
        return row

    def batches(self, select: str, rows: int) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows of a SELECT, at most `rows` at once; nothing may be written meanwhile."""
        cursor = self._connection.execute(select)
        while batch := cursor.fetchmany(rows):
            yield batch

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        self._connection.execute("BEGIN")
        try:
            yield self._connection
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")


def _remember(connection: sqlite3.Connection, stored: Iterable[StoredPage]) -> None:
    """Write the stored pages of URLs that are listed, under their present lines."""
    connection.execute("CREATE INDEX plan_href ON plan (href)")
    connection.executemany(_INSERT_STORED, ({**_NO_COLUMNS, **page} for page in stored))
    connection.execute("DROP INDEX plan_href")


def _outcome_row(target: Target, outcome: Outcome, part: Part) -> Mapping[str, object]:
    return {
        **to_row(outcome),
        **_UNTIL_STORED,
        "line": target.line,
        "run_id": part.run_id,
        "started_at": microseconds(outcome.timing.started_at),
    }


def _invalid_row(row: PlanRow, run_id: str) -> Mapping[str, object]:
    invalid = Failed(
        kind=FailureKind.INVALID_URL, detail=row["problem"] or "", timing=Timing(attempts=0)
    )
    return {**to_row(invalid), **_UNTIL_STORED, "line": row["line"], "run_id": run_id}
