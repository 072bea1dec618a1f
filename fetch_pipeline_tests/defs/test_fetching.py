"""One fetch in three steps, on plain values."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from fetch_pipeline.core.plan import Entry, make_plan
from fetch_pipeline.core.politeness import UNLIMITED
from fetch_pipeline.defs.fetching import StaleListError, fetch_pending, plan_fetch, store_fetch
from fetch_pipeline.defs.manifest import FetchId, Manifest, StoredFetch
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline.store.journal_file import JournalError, make_journal, open_journal
from fetch_pipeline.store.url_rows import store_url_list
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan
from fetch_pipeline_tests.fetching import IMPATIENT, Folder

LIST, PAGES = Place(schema=None, table="url_list"), Place(schema=None, table="page_lengths")
FIRST = FetchId(asset="page_lengths", run_id="r1", policy=IMPATIENT, politeness=UNLIMITED)
SECOND = replace(FIRST, run_id="r2")


def plan(
    folder: Folder, fetch: FetchId, *, resume_within_s: float = 3600, keep_pages: bool = False
) -> Manifest:
    """Plan a fetch of the stored list."""
    return plan_fetch(
        TableScan(warehouse=folder.warehouse, place=LIST),
        fetch,
        directory=folder.path / "journals",
        resume_within_s=resume_within_s,
        keep_pages=keep_pages,
    )


def fetch(manifest: Manifest, fetch_id: FetchId) -> Manifest:
    """Fetch what is pending."""
    return asyncio.run(fetch_pending(manifest, fetch_id, concurrency=4, watch=lambda _: None))


def store(folder: Folder, manifest: Manifest, fetch_id: FetchId) -> StoredFetch:
    """Store what was fetched."""
    return store_fetch(
        manifest, fetch_id, warehouse=folder.warehouse, place=PAGES, strategy="async"
    )


@pytest.fixture
def listed(origin: Origin, folder: Folder) -> Origin:
    """Store a list of three pages of the origin."""
    entries = [Entry(n, f"{origin.url}/page/{n}") for n in range(1, 4)]
    store_url_list(folder.warehouse, LIST, make_plan(entries))
    return origin


def test_the_manifest_tells_how_far_a_fetch_is(listed: Origin, folder: Folder) -> None:
    """Counts and a place, never the rows."""
    planned = plan(folder, FIRST)
    fetched = fetch(planned, FIRST)

    assert (planned.urls, planned.done, planned.host) == (3, 0, listed.url)
    assert (fetched.urls, fetched.done, fetched.journal) == (3, 3, planned.journal)


def test_an_unfinished_fetch_is_continued(listed: Origin, folder: Folder) -> None:
    """A later run asks for nothing that has an outcome; each row keeps the run that fetched it."""
    fetch(plan(folder, FIRST), FIRST)

    again = fetch(plan(folder, SECOND), SECOND)
    stored = store(folder, again, SECOND)

    assert listed.requests.total() == 3
    assert stored.told() == "3 rows: 3 fetched"
    assert set(folder.table("page_lengths")["run_id"]) == {"r1"}
    assert stored.run.run_id == "r2"


@pytest.mark.parametrize(
    "other",
    [
        replace(SECOND, asset="demo/page_lengths"),
        replace(SECOND, policy=replace(IMPATIENT, max_attempts=2)),
    ],
)
def test_another_asset_or_policy_begins_anew(
    listed: Origin, folder: Folder, other: FetchId
) -> None:
    """Answers under two policies never mix."""
    fetch(plan(folder, FIRST), FIRST)

    assert plan(folder, other).done == 0
    assert listed.requests.total() == 3


def test_another_list_begins_anew(listed: Origin, folder: Folder) -> None:
    """The same URLs in another order are another list."""
    fetch(plan(folder, FIRST), FIRST)
    entries = [Entry(n, f"{listed.url}/page/{4 - n}") for n in range(1, 4)]
    store_url_list(folder.warehouse, LIST, make_plan(entries))

    assert plan(folder, SECOND).done == 0


def test_an_old_journal_is_begun_anew(listed: Origin, folder: Folder) -> None:
    """0 seconds are over at once; the pages are fetched again."""
    fetch(plan(folder, FIRST), FIRST)

    fetch(plan(folder, SECOND, resume_within_s=0), SECOND)

    assert listed.requests.total() == 6


@pytest.mark.usefixtures("listed")
def test_a_second_run_at_the_same_time_is_told_so(folder: Folder) -> None:
    """At whichever step it meets the first one."""
    manifest = plan(folder, FIRST)
    with open_journal(folder.path / "journals" / manifest.journal.rpartition("/")[2]):
        for step in (
            lambda: plan(folder, SECOND),
            lambda: fetch(manifest, SECOND),
            lambda: store(folder, manifest, SECOND),
        ):
            with pytest.raises(JournalError, match="in use by another run"):
                step()


@pytest.mark.usefixtures("listed")
def test_what_is_not_all_fetched_is_not_stored(folder: Folder) -> None:
    """It fails and says why; the journal stays for the next run."""
    manifest = plan(folder, FIRST)

    with pytest.raises(JournalError, match=r"3 URLs of .* have no outcome yet"):
        store(folder, manifest, FIRST)

    assert fetch(plan(folder, SECOND), SECOND).done == 3


@pytest.mark.usefixtures("listed")
def test_a_warehouse_that_fails_costs_no_page(folder: Folder) -> None:
    """The journal is forgotten only after its rows are stored."""
    manifest = fetch(plan(folder, FIRST), FIRST)
    blocked = folder.path / "warehouse.duckdb"
    kept = blocked.read_bytes()
    blocked.write_bytes(b"broken" * 1000)
    with pytest.raises(Exception, match="cannot open the warehouse"):
        store(folder, manifest, FIRST)
    blocked.write_bytes(kept)

    assert store(folder, manifest, FIRST).outcomes == {"fetched": 3}


@pytest.mark.usefixtures("listed")
def test_a_journal_that_is_gone_is_not_taken_for_an_empty_one(folder: Folder) -> None:
    """A run re-executed after another one stored its pages must not store a table of nothing."""
    manifest = fetch(plan(folder, FIRST), FIRST)
    store(folder, manifest, FIRST)

    for step in (lambda: fetch(manifest, SECOND), lambda: store(folder, manifest, SECOND)):
        with pytest.raises(JournalError, match="is gone"):
            step()

    assert len(folder.table("page_lengths")) == 3


def test_the_log_tells_why_pages_failed(listed: Origin, folder: Folder) -> None:
    """Who runs a job from CI sees no metadata."""
    strict = replace(FIRST, policy=replace(IMPATIENT, allow_addresses=()))

    stored = store(folder, fetch(plan(folder, strict), strict), strict)

    assert stored.told() == (
        "3 rows: 3 refused_address; line 1 is refused_address: the address is not public and not "
        f"in allow_addresses ({listed.url}/page/1)"
    )


@pytest.mark.usefixtures("listed")
def test_an_empty_journal_is_no_fetch(folder: Folder) -> None:
    """A run that was killed while it planned leaves one."""
    manifest = plan(folder, FIRST)
    path = Path(manifest.journal)
    path.unlink()
    with make_journal(path):
        pass

    with pytest.raises(JournalError, match="has no plan"):
        store(folder, manifest, FIRST)


def test_pages_of_another_list_are_not_stored(listed: Origin, folder: Folder) -> None:
    """A second run replaced the list meanwhile: its pages are not under these lines."""
    manifest = fetch(plan(folder, FIRST), FIRST)
    store_url_list(folder.warehouse, LIST, make_plan([Entry(1, f"{listed.url}/other")]))

    with pytest.raises(StaleListError, match="was replaced by another run"):
        store(folder, manifest, FIRST)

    with pytest.raises(NoTableError):
        folder.table("page_lengths")
