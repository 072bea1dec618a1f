"""One fetch in three steps, each on plain values: plan, fetch, store.

What passes between the steps is a `Manifest`, never the pages' rows: a step may run in another
process, and runs again after a crash without losing what the one before it did.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.timing import FetchRun
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
    count_outcomes,
    describe_fetch,
    first_failures,
    page_batches,
)
from fetch_pipeline.store.recorder import Recorder
from fetch_pipeline.store.tables import PAGE_LENGTHS, URL_LIST
from fetch_pipeline.store.timings import fetch_run_row
from fetch_pipeline.store.url_rows import list_sha256, plan_rows
from fetch_pipeline.store.warehouse import Place, TableScan, Warehouse

MOST_FAILURES_SHOWN = 25


class StaleListError(Exception):
    """The pages fetched are not those of the list any more; the message says what helps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchId:
    """Which fetch this is.

    Attributes:
        asset: Asset key, its parts joined by "/".
        run_id: Dagster run.
        policy: How its pages are fetched.
    """

    asset: str
    run_id: str
    policy: FetchPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one step tells the next.

    Attributes:
        journal: File of the journal.
        urls: How many distinct URLs are to be fetched in all.
        done: How many of them had an outcome when the step ended.
        host: Host key of the first of them; empty when there is none.
    """

    journal: str
    urls: int
    done: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFetch:
    """What a stored fetch was, for whoever looks at it.

    Attributes:
        run: As stored.
        outcomes: Rows per outcome word, most first.
        failures: Line, URL, outcome and detail of the first rows without a page.
    """

    run: FetchRun
    outcomes: dict[str, int]
    failures: list[tuple[int, str, str, str]]

    def told(self) -> str:
        """Return the outcomes and the first failure in a sentence or two."""
        counts = ", ".join(f"{rows} {word}" for word, rows in self.outcomes.items())
        first = "".join(
            f"; line {line} is {outcome}: {detail} ({url})"
            for line, url, outcome, detail in self.failures[:1]
        )
        return f"{self.run.urls} rows: {counts}{first}"


def plan_fetch(
    urls: TableScan, fetch: FetchId, *, directory: Path, resume_within_s: float
) -> Manifest:
    """Continue the unfinished journal of this asset, list and policy, or begin a new one."""
    sweep_journals(directory, fetch.asset)
    digest = list_sha256(urls)
    path = journal_path(directory, fetch.asset, digest, fetch.policy.fingerprint())
    with make_journal(path) as journal:
        if journal.idle_s() >= resume_within_s:
            journal.begin(plan_rows(urls), list_sha256=digest, run_id=fetch.run_id)
        return _manifest(journal)


async def fetch_pending(manifest: Manifest, fetch: FetchId, *, concurrency: int) -> Manifest:
    """Fetch what has no outcome yet; each outcome is durable half a second after it is known."""
    with open_journal(Path(manifest.journal)) as journal:
        recorder = Recorder(journal, run_id=fetch.run_id, concurrency=concurrency)
        await recorder.run(
            fetch_all(journal.pending(), fetch.policy, emit=recorder.emit, concurrency=concurrency)
        )
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
        outcomes = count_outcomes(journal)
        run = describe_fetch(
            journal, outcomes, run_id=fetch.run_id, asset=fetch.asset, strategy=strategy
        )
        failures = first_failures(journal, MOST_FAILURES_SHOWN)
        stored = StoredFetch(run=run, outcomes=outcomes, failures=failures)
        rows = pa.RecordBatchReader.from_batches(PAGE_LENGTHS.arrow_schema, page_batches(journal))
        warehouse.replace(place, rows, fetch_run_row(place, stored.run))
        discard_journal(path)
    return stored


def _require_same_list(journal: Journal, listed: TableScan) -> None:
    (fetched,) = journal.one("SELECT list_sha256 FROM facts")
    if list_sha256(listed) != fetched:
        msg = (
            f"{listed.place} was replaced by another run while its pages were fetched; they are "
            f"kept in {journal.path}: materialize url_list and this asset again, in one run"
        )
        raise StaleListError(msg)
