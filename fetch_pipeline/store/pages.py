"""From a journal to the page-lengths table, and to what is told of the fetch."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Final, TypedDict, Unpack

import pyarrow as pa

from fetch_pipeline.core.outcome import NOT_MODIFIED, WITH_PAGE
from fetch_pipeline.core.timing import FetchRun, ideal_s, summarize
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import JournalError
from fetch_pipeline.store.page_select import CHANGES, FROM_JOURNAL, LAST_PAGE_ROWS, PAGE_ROWS
from fetch_pipeline.store.tables import LAST_PAGES, PAGE_LENGTHS
from fetch_pipeline.store.warehouse import BATCH_ROWS

_PHASES: Final = ("dns_s", "connect_s", "first_byte_s", "download_s")

# What was kept of another run took this one no time.
_ASKED: Final = "FROM outcomes WHERE attempts > 0 AND run_id IN (SELECT run_id FROM parts)"


class Identity(TypedDict):
    """What a journal does not know of its fetch; see `core.timing.FetchRun`."""

    run_id: str
    asset: str
    strategy: str
    pace_sha256: str


def page_batches(journal: Journal) -> Iterator[pa.RecordBatch]:
    """Yield the rows of the page-lengths table, one per listed URL, in list order.

    Raises:
        JournalError: Some URL has no outcome. A table with fewer rows than the list is never made.
    """
    _require_complete(journal)
    for rows in journal.batches(PAGE_ROWS, BATCH_ROWS):
        yield _batch(rows, PAGE_LENGTHS.arrow_schema)


def last_page_batches(journal: Journal) -> Iterator[pa.RecordBatch]:
    """Yield what was known of the pages of URLs that have none now; columns of `LAST_PAGES`."""
    for rows in journal.batches(LAST_PAGE_ROWS, BATCH_ROWS):
        yield _batch(rows, LAST_PAGES.arrow_schema)


def count_outcomes(journal: Journal) -> dict[str, int]:
    """Return the rows of the list per outcome word, most first.

    Raises:
        JournalError: Some URL has no outcome.
    """
    _require_complete(journal)
    select = f"SELECT outcomes.outcome, count(*) {FROM_JOURNAL} GROUP BY 1 ORDER BY 2 DESC, 1"
    return dict(journal.execute(select))


def count_changes(journal: Journal) -> dict[str, int]:
    """Return the rows per word of `changed`; none when there was nothing to compare with."""
    return {word: rows for word, rows in journal.execute(CHANGES) if word is not None}


def first_failures(journal: Journal, limit: int) -> list[tuple[int, str, str, str]]:
    """Return line, url, outcome and detail of the first rows without a page."""
    return journal.execute(
        f"SELECT plan.line, url, outcomes.outcome, coalesce(outcomes.detail, '') {FROM_JOURNAL} "
        f"WHERE outcomes.outcome NOT IN {WITH_PAGE} ORDER BY plan.line LIMIT ?",
        limit,
    )


def describe_fetch(
    journal: Journal, outcomes: Mapping[str, int], **identity: Unpack[Identity]
) -> FetchRun:
    """Sum up the fetch in the journal, all its parts together; `outcomes` are its rows by word."""
    times, asked = summarize(_elapsed_s(journal)), _asked(journal)
    started_at, wall_s, cpu_s, peak_rss_bytes, concurrency, busy_s, courtesy_s = journal.one("""
        SELECT min(started_at), sum(wall_s), sum(cpu_s), max(peak_rss_bytes), max(concurrency),
            sum(busy_s), sum(courtesy_s)
        FROM parts
    """)
    urls, fetched = sum(outcomes.values()), sum(outcomes.get(word, 0) for word in WITH_PAGE)
    return FetchRun(
        **identity,
        started_at=datetime.fromtimestamp(started_at, UTC),
        concurrency=concurrency,
        urls=urls,
        fetched=fetched,
        failed=urls - fetched,
        wall_s=wall_s,
        busy_s=busy_s,
        courtesy_s=courtesy_s,
        ideal_s=ideal_s(
            busy_s=busy_s,
            concurrency=concurrency,
            longest_s=_longest_s(journal),
            courtesy_s=courtesy_s,
        ),
        pages_per_s=asked["requested"] / wall_s if wall_s else 0.0,
        cpu_s=cpu_s,
        peak_rss_bytes=peak_rss_bytes,
        list_sha256=journal.one("SELECT list_sha256 FROM facts")[0],
        **asked,
        **asdict(times),
    )


def _require_complete(journal: Journal) -> None:
    select = f"SELECT count(*) {FROM_JOURNAL} WHERE outcomes.outcome IS NULL"
    (missing,) = journal.one(select)
    if missing:
        msg = f"{missing} URLs of {journal.path} have no outcome yet: fetch again to continue"
        raise JournalError(msg)


def _asked(journal: Journal) -> dict[str, int]:
    """Count what was asked for, and what came."""
    requested, not_modified, body_bytes = journal.one(
        f"SELECT count(*), coalesce(sum(outcome = '{NOT_MODIFIED}'), 0), "
        f"coalesce(sum(body_bytes), 0) {_ASKED}"
    )
    return {"requested": requested, "not_modified": not_modified, "body_bytes": body_bytes}


def _longest_s(journal: Journal) -> float:
    """Return how long the longest last attempt took, without waiting for its turn."""
    phases = " + ".join(f"coalesce({phase}, 0)" for phase in _PHASES)
    longest_s: float = journal.one(f"SELECT coalesce(max({phases}), 0.0) {_ASKED}")[0]
    return longest_s


def _elapsed_s(journal: Journal) -> array[float]:
    """Return the seconds of every page that was asked for; 8 bytes each."""
    select = f"SELECT elapsed_s {_ASKED}"
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
