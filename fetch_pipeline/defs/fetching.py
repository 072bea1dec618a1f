"""One fetch in three steps, each on plain values: plan, fetch, store.

What passes between the steps is a `Manifest`, never the pages' rows: a step may run in another
process, and runs again after a crash without losing what the one before it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from fetch_pipeline.core.outcome import FailureKind
from fetch_pipeline.core.pace import pace_sha256
from fetch_pipeline.core.politeness import deadline_detail
from fetch_pipeline.core.progress import Watch
from fetch_pipeline.core.timing import FetchRun
from fetch_pipeline.defs.manifest import FetchId, Manifest, StoredFetch
from fetch_pipeline.engine.crew import fetch_all
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import (
    discard_journal,
    journal_path,
    make_journal,
    open_journal,
    sweep_journals,
)
from fetch_pipeline.store.pages import (
    count_changes,
    count_outcomes,
    describe_fetch,
    first_failures,
    last_page_batches,
    page_batches,
)
from fetch_pipeline.store.pending import PendingTargets
from fetch_pipeline.store.recorder import Recorder
from fetch_pipeline.store.stored_pages import last_pages_place, stored_pages
from fetch_pipeline.store.tables import LAST_PAGES, PAGE_LENGTHS, URL_LIST, Table
from fetch_pipeline.store.timings import fetch_run_row
from fetch_pipeline.store.url_rows import list_sha256, plan_rows
from fetch_pipeline.store.warehouse import Place, Replacement, TableScan, Warehouse

MOST_FAILURES_SHOWN = 25


class StaleListError(Exception):
    """The pages fetched are not those of the list any more; the message says what helps."""


def plan_fetch(
    urls: TableScan,
    fetch: FetchId,
    *,
    directory: Path,
    resume_within_s: float,
    keep_pages: bool,
) -> Manifest:
    """Continue the unfinished journal of this asset, list and policy, or begin a new one.

    Args:
        urls: The list.
        fetch: Which fetch this is.
        directory: Where journals are kept.
        resume_within_s: Age from which an unfinished journal is not continued.
        keep_pages: Whether URLs whose stored row has a page are not fetched again.
    """
    sweep_journals(directory, fetch.asset)
    digest, kept = list_sha256(urls), "failed" if keep_pages else "all"
    path = journal_path(directory, fetch.asset, digest, fetch.policy.fingerprint(), kept)
    with make_journal(path) as journal:
        if journal.idle_s() >= resume_within_s:
            stored = TableScan(warehouse=urls.warehouse, place=urls.place.of_asset(fetch.asset))
            journal.begin(
                plan_rows(urls),
                list_sha256=digest,
                run_id=fetch.run_id,
                stored=stored_pages(stored, whole=keep_pages),
                keep=keep_pages,
            )
        return _manifest(journal)


async def fetch_pending(
    manifest: Manifest, fetch: FetchId, *, concurrency: int, watch: Watch
) -> Manifest:
    """Fetch what has no outcome yet; each outcome is durable half a second after it is known.

    What the deadline leaves over is `not_reached`.
    """
    with open_journal(Path(manifest.journal)) as journal:
        recorder = Recorder(journal, run_id=fetch.run_id, concurrency=concurrency, watch=watch)
        targets = PendingTargets(journal, revalidate=fetch.policy.revalidate)
        fetching = fetch_all(
            targets, fetch.policy, fetch.politeness, books=recorder, concurrency=concurrency
        )
        if not await recorder.run(fetching):
            detail = deadline_detail(fetch.politeness.deadline_s)
            journal.close_rest(FailureKind.NOT_REACHED, detail, fetch.run_id)
        return _manifest(journal)


def _manifest(journal: Journal) -> Manifest:
    urls, done, host = journal.counts()
    return Manifest(journal=str(journal.path), urls=urls, done=done, host=host)


def store_fetch(
    manifest: Manifest, fetch: FetchId, *, warehouse: Warehouse, place: Place, strategy: str
) -> StoredFetch:
    """Make the journal the table at `place`, all or nothing, and then forget the journal.

    Raises:
        JournalError: The journal is not complete, gone, or in use.
        StaleListError: The list is another by now; the old table stays.
    """
    path = Path(manifest.journal)
    with open_journal(path) as journal:
        listed = TableScan(warehouse=warehouse, place=place.beside(URL_LIST.name))
        _require_same_list(journal, listed)
        stored = _describe(journal, fetch, strategy)
        lasting = _rows(LAST_PAGES, last_page_batches(journal))
        last_pages = Replacement(place=last_pages_place(place), rows=lasting)
        pages = _rows(PAGE_LENGTHS, page_batches(journal))
        warehouse.replace(place, pages, last_pages, fetch_run_row(place, stored.run))
        discard_journal(path)
    return stored


def measure_fetch(manifest: Manifest, fetch: FetchId, *, strategy: str) -> FetchRun:
    """Return what the fetch in the journal was and took, and forget the journal and its pages.

    Raises:
        JournalError: The journal is not complete, gone, or in use.
    """
    path = Path(manifest.journal)
    with open_journal(path) as journal:
        run = _describe(journal, fetch, strategy).run
        discard_journal(path)
    return run


def _describe(journal: Journal, fetch: FetchId, strategy: str) -> StoredFetch:
    outcomes = count_outcomes(journal)
    return StoredFetch(
        run=describe_fetch(
            journal,
            outcomes,
            run_id=fetch.run_id,
            asset=fetch.asset,
            strategy=strategy,
            pace_sha256=pace_sha256(fetch.policy, fetch.politeness),
        ),
        outcomes=outcomes,
        changes=count_changes(journal),
        failures=first_failures(journal, MOST_FAILURES_SHOWN),
    )


def _rows(table: Table, batches: Iterator[pa.RecordBatch]) -> pa.RecordBatchReader:
    return pa.RecordBatchReader.from_batches(table.arrow_schema, batches)


def _require_same_list(journal: Journal, listed: TableScan) -> None:
    (fetched,) = journal.one("SELECT list_sha256 FROM facts")
    if list_sha256(listed) != fetched:
        msg = (
            f"{listed.place} was replaced by another run while its pages were fetched; they are "
            f"kept in {journal.path}: materialize url_list and this asset again, in one run"
        )
        raise StaleListError(msg)
