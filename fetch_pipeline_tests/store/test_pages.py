"""From a journal to the page-lengths table."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from fetch_pipeline.core.outcome import (
    Body,
    Failed,
    FailureKind,
    Fetched,
    Head,
    Outcome,
    Timing,
)
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import JournalError, make_journal
from fetch_pipeline.store.pages import (
    count_outcomes,
    describe_fetch,
    first_failures,
    page_batches,
)
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline_tests.store.test_journal import begin, fetch_all, part, pending

AT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
URLS = ["http://a.org/1", "not a URL", "http://a.org/2", "http://a.org/1#again"]


def outcome(line: int) -> Outcome:
    """Line 1 is a page of 3 characters, any other a 404."""
    timing = Timing(attempts=1, started_at=AT, elapsed_s=line / 10, download_s=0.1)
    head = Head(status=200 if line == 1 else 404, final_url="http://a.org/")
    body = Body(wire_bytes=3, body_bytes=4, length=3)
    if line == 1:
        return Fetched(head=head, body=body, timing=timing)
    return Failed(
        kind=FailureKind.HTTP_ERROR, detail="status 404", head=head, body=body, timing=timing
    )


def fetched(journal: Journal) -> None:
    """Fetch everything."""
    begin(journal, URLS)
    targets = pending(journal)
    journal.write([(target, outcome(target.line)) for target in targets], part())


def test_one_row_per_listed_line_in_order(tmp_path: Path) -> None:
    """A duplicate has the outcome of its first line, and its own line and text."""
    with make_journal(tmp_path / "j") as journal:
        fetched(journal)
        (batch,) = page_batches(journal)
    rows = batch.to_pylist()

    assert batch.schema == PAGE_LENGTHS.arrow_schema
    assert [(row["line"], row["url"], row["outcome"], row["duplicate_of"]) for row in rows] == [
        (1, "http://a.org/1", "fetched", None),
        (2, "not a URL", "invalid_url", None),
        (3, "http://a.org/2", "http_error", None),
        (4, "http://a.org/1#again", "fetched", 1),
    ]
    assert rows[0]["started_at"] == AT
    assert (rows[1]["status"], rows[1]["attempts"]) == (None, 0)
    assert rows[3]["length"] == 3
    assert {row["run_id"] for row in rows} == {"r1"}


def test_a_table_with_a_row_missing_is_never_made(tmp_path: Path) -> None:
    """Not even its first batch."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal, URLS)
        with pytest.raises(JournalError, match=r"3 URLs of .* have no outcome yet"):
            next(page_batches(journal))


def test_a_long_list_comes_in_batches(tmp_path: Path) -> None:
    """Memory is that of a batch."""
    urls = [f"http://a.org/{number}" for number in range(25_000)]
    with make_journal(tmp_path / "j") as journal:
        begin(journal, urls)
        fetch_all(journal)
        sizes = [batch.num_rows for batch in page_batches(journal)]

    assert sizes == [10_000, 10_000, 5_000]


def test_outcomes_are_counted_by_rows(tmp_path: Path) -> None:
    """Duplicates count as often as they are listed; most first."""
    with make_journal(tmp_path / "j") as journal:
        fetched(journal)

        assert list(count_outcomes(journal).items()) == [
            ("fetched", 2),
            ("http_error", 1),
            ("invalid_url", 1),
        ]
        assert first_failures(journal, 1) == [
            (2, "not a URL", "invalid_url", "no scheme: write it as https://...")
        ]


def test_a_fetch_is_summed_up_over_its_parts(tmp_path: Path) -> None:
    """Seconds of all parts, the time of the pages asked for, the rows of the list."""
    with make_journal(tmp_path / "j") as journal:
        fetched(journal)
        journal.write([], part("r2", started_at=200.0))
        run = describe_fetch(
            journal,
            count_outcomes(journal),
            run_id="r2",
            asset="demo/page_lengths",
            strategy="async",
            pace_sha256="p1",
        )

    assert (run.run_id, run.asset, run.strategy, run.concurrency) == (
        "r2",
        "demo/page_lengths",
        "async",
        3,
    )
    assert run.started_at == datetime.fromtimestamp(100, UTC)
    assert (run.urls, run.fetched, run.failed) == (4, 2, 2)
    assert (run.requested, run.not_modified, run.courtesy_s) == (2, 0, 0.25)
    assert (run.wall_s, run.cpu_s, run.peak_rss_bytes) == (3.0, 1.0, 10)
    assert (run.busy_s, run.slowest_s, run.ideal_s) == pytest.approx((0.5, 0.3, 0.25))
    assert (run.pages_per_s, run.body_bytes) == pytest.approx((2 / 3, 8))
    assert run.list_sha256 == "l"


def test_a_list_without_a_url_has_a_table_too(tmp_path: Path) -> None:
    """Nothing was fetched, in no time."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal, ["nonsense"])
        journal.write([], part())
        run = describe_fetch(
            journal,
            count_outcomes(journal),
            run_id="r1",
            asset="a",
            strategy="async",
            pace_sha256="p1",
        )
        (batch,) = page_batches(journal)

    assert (run.urls, run.fetched, run.requested, run.slowest_s, run.pages_per_s) == (1, 0, 0, 0, 0)
    assert batch.num_rows == 1
