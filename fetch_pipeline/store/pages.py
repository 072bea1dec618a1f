"""From a journal to the page-lengths table, and to what is told of the fetch."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final

import pyarrow as pa

from fetch_pipeline.core.outcome import FETCHED
from fetch_pipeline.core.timing import FetchRun, summarize
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import JournalError
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.warehouse import BATCH_ROWS

_OF_PLAN: Final = frozenset({"line", "url", "duplicate_of"})
_SELECTED: Final = ", ".join(
    f"{'plan' if column.name in _OF_PLAN else 'outcomes'}.{column.name}"
    for column in PAGE_LENGTHS.columns
)
# Each row has the outcome of the first line that names the same URL.
_JOIN: Final = "plan LEFT JOIN outcomes ON outcomes.line = coalesce(duplicate_of, plan.line)"


def page_batches(journal: Journal) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the page-lengths table, one per listed URL, in list order.

    Raises:
        JournalError: Some URL has no outcome. A table with fewer rows than the list is never made.
    """
    _require_complete(journal)
    select = f"SELECT {_SELECTED} FROM {_JOIN} ORDER BY plan.line"
    for rows in journal.batches(select, BATCH_ROWS):
        yield _batch(rows, PAGE_LENGTHS.arrow_schema)


def count_outcomes(journal: Journal) -> dict[str, int]:
    """Return the rows of the list per outcome word, most first.

    Raises:
        JournalError: Some URL has no outcome.
    """
    _require_complete(journal)
    select = f"SELECT outcome, count(*) FROM {_JOIN} GROUP BY outcome ORDER BY count(*) DESC, 1"
    return {word: rows for batch in journal.batches(select, BATCH_ROWS) for word, rows in batch}


def first_failures(journal: Journal, limit: int) -> list[tuple[int, str, str, str]]:
    """Return line, url, outcome and detail of the first rows without a page."""
    select = (
        f"SELECT plan.line, url, outcome, coalesce(detail, '') FROM {_JOIN} "
        f"WHERE outcome != '{FETCHED}' ORDER BY plan.line LIMIT {limit}"
    )
    return [row for batch in journal.batches(select, BATCH_ROWS) for row in batch]


def describe_fetch(
    journal: Journal, outcomes: Mapping[str, int], *, run_id: str, asset: str, strategy: str
) -> FetchRun:
    """Sum up the fetch in the journal, all its parts together; `outcomes` are its rows by word."""
    times = summarize(_elapsed_s(journal))
    started_at, wall_s, cpu_s, peak_rss_bytes, concurrency, list_sha256 = journal.one("""
        SELECT min(started_at), sum(wall_s), sum(cpu_s), max(peak_rss_bytes), max(concurrency),
            (SELECT list_sha256 FROM facts)
        FROM parts
    """)
    requested, body_bytes = journal.one(
        "SELECT count(*), coalesce(sum(body_bytes), 0) FROM outcomes WHERE attempts > 0"
    )
    urls, fetched = sum(outcomes.values()), outcomes.get(FETCHED, 0)
    return FetchRun(
        run_id=run_id,
        asset=asset,
        strategy=strategy,
        started_at=datetime.fromtimestamp(started_at, UTC),
        concurrency=concurrency,
        urls=urls,
        fetched=fetched,
        failed=urls - fetched,
        wall_s=wall_s,
        ideal_s=times.ideal_s(concurrency),
        pages_per_s=requested / wall_s if wall_s else 0.0,
        body_bytes=body_bytes,
        cpu_s=cpu_s,
        peak_rss_bytes=peak_rss_bytes,
        list_sha256=list_sha256,
        **asdict(times),
    )


def _require_complete(journal: Journal) -> None:
    (missing,) = journal.one(f"SELECT count(*) FROM {_JOIN} WHERE outcome IS NULL")
    if missing:
        msg = f"{missing} URLs of {journal.path} have no outcome yet: fetch again to continue"
        raise JournalError(msg)


def _elapsed_s(journal: Journal) -> array[float]:
    """Return the seconds of every page that was asked for; 8 bytes each."""
    select = "SELECT elapsed_s FROM outcomes WHERE elapsed_s IS NOT NULL"
    return array("d", (s for batch in journal.batches(select, BATCH_ROWS) for (s,) in batch))


def _batch(rows: list[tuple[object, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(values, pa.int64()).cast(field.type)
        if pa.types.is_timestamp(field.type)
        else pa.array(values, field.type)
        for values, field in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
