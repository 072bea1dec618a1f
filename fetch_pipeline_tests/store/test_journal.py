"""The journal: what is written stays, and nobody else writes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fetch_pipeline.core.outcome import Body, Fetched, Head, Outcome, Timing
from fetch_pipeline.core.plan import Entry, PlanRow, Target, make_plan, to_row
from fetch_pipeline.store import journal_file
from fetch_pipeline.store.journal import Journal, Part
from fetch_pipeline.store.journal_file import (
    JournalError,
    discard_journal,
    journal_path,
    make_journal,
    sweep_journals,
)
from fetch_pipeline.store.pending import PendingTargets

URLS = ["http://a.org/1", "not a URL", "http://a.org/2", "http://a.org/1#again"]


def plan(urls: list[str] = URLS) -> list[PlanRow]:
    """Return the rows of a plan."""
    return [to_row(listed) for listed in make_plan(Entry(n, url) for n, url in enumerate(urls, 1))]


def begin(journal: Journal, urls: list[str] = URLS) -> None:
    """Begin a fetch."""
    journal.begin(plan(urls), list_sha256="l", run_id="r1")


def part(run_id: str = "r1", started_at: float = 100.0) -> Part:
    """Make a part of a fetch."""
    return Part(
        started_at=started_at,
        run_id=run_id,
        concurrency=3,
        wall_s=1.5,
        cpu_s=0.5,
        peak_rss_bytes=10,
        busy_s=0.25,
        courtesy_s=0.125,
    )


def pending(journal: Journal) -> list[Target]:
    """Return what is to be fetched, host by host."""
    targets = PendingTargets(journal, revalidate=False)
    return [
        target
        for host, count in targets.hosts()
        for target in targets.of_host(host, after_line=0, limit=count)
    ]


def page(href: str) -> Outcome:
    """Make a fetched page."""
    head = Head(status=200, final_url=href)
    return Fetched(head=head, body=Body(wire_bytes=1, body_bytes=1), timing=Timing(attempts=1))


def fetch_all(journal: Journal) -> list[Target]:
    """Record an outcome for everything pending; return what that was."""
    targets = pending(journal)
    journal.write([(target, page(target.href)) for target in targets], part())
    return targets


def test_only_distinct_urls_are_pending(tmp_path: Path) -> None:
    """A duplicate is answered by its first line, a line that is no URL by its problem."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)

        assert [(target.line, target.href) for target in pending(journal)] == [
            (1, "http://a.org/1"),
            (3, "http://a.org/2"),
        ]
        assert journal.counts() == (2, 0, "http://a.org")


def test_what_was_written_is_not_pending_after_opening_again(tmp_path: Path) -> None:
    """A fetch goes on where it stopped."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        first, *_ = pending(journal)
        journal.write([(first, page(first.href))], part())

    with make_journal(tmp_path / "j") as journal:
        assert [target.line for target in pending(journal)] == [3]
        assert journal.counts() == (2, 1, "http://a.org")


def test_beginning_again_forgets_everything(tmp_path: Path) -> None:
    """All or nothing, in one transaction."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        fetch_all(journal)

        begin(journal, ["http://b.org/"])

        assert journal.counts() == (1, 0, "http://b.org")
        assert journal.one("SELECT count(*) FROM outcomes, parts")[0] == 0


def test_a_plan_that_breaks_off_leaves_the_journal_as_it_was(tmp_path: Path) -> None:
    """Half a plan would be a table with rows missing."""

    def broken() -> Iterator[PlanRow]:
        yield from plan(["http://b.org/"])
        raise OSError("disk")

    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        with pytest.raises(OSError, match="disk"):
            journal.begin(broken(), list_sha256="x", run_id="r2")

        assert journal.counts()[0] == 2


def test_an_empty_journal_was_never_active(tmp_path: Path) -> None:
    """So it is begun, not continued."""
    with make_journal(tmp_path / "j") as journal:
        assert journal.idle_s() == float("inf")


def test_a_journal_is_idle_since_it_was_last_written_to(tmp_path: Path) -> None:
    """Not since it was begun: a long fetch that breaks off is young."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        journal._connection.execute("UPDATE facts SET planned_at = planned_at - 7200")
        assert 7200 <= journal.idle_s() < 7260

        fetch_all(journal)

        assert 0 <= journal.idle_s() < 60


def test_a_second_run_is_told_that_the_journal_is_in_use(tmp_path: Path) -> None:
    """It does not wait, and it spoils nothing."""
    path = tmp_path / "j"
    with make_journal(path) as journal:
        begin(journal)
        with pytest.raises(JournalError, match="in use by another run"), make_journal(path):
            pass
        fetch_all(journal)

    with make_journal(path) as journal:
        assert journal.counts() == (2, 2, "http://a.org")


def test_a_killed_process_lets_go_and_loses_nothing_it_wrote(tmp_path: Path) -> None:
    """`kill -9` while the journal is open: the next run opens it and finds the outcome."""
    path = tmp_path / "j"
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from fetch_pipeline_tests.store import test_journal as t\n"
        "with t.make_journal(Path(sys.argv[1])) as journal:\n"
        "    t.begin(journal)\n"
        "    t.fetch_all(journal)\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()
        os.kill(process.pid, signal.SIGKILL)

    with make_journal(path) as journal:
        assert journal.counts() == (2, 2, "http://a.org")


def test_a_file_that_is_no_journal_says_so(tmp_path: Path) -> None:
    """And what to do about it."""
    path = tmp_path / "j"
    path.write_bytes(b"no database at all, but long enough to be looked at" * 100)

    with pytest.raises(JournalError, match="remove it"), make_journal(path):
        pass


def test_the_name_is_the_identity() -> None:
    """Another asset, list or policy is another journal."""
    folder = Path("journals")
    paths = {
        journal_path(folder, "demo/page_lengths", "list", "policy"),
        journal_path(folder, "page_lengths", "list", "policy"),
        journal_path(folder, "page_lengths", "other", "policy"),
        journal_path(folder, "page_lengths", "list", "other"),
    }

    assert len(paths) == 4
    assert journal_path(folder, "a", "b", "c") == journal_path(folder, "a", "b", "c")


def test_a_version_with_other_tables_has_journals_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It could not read what an older one left unfinished."""
    ours = journal_path(Path("journals"), "page_lengths", "list", "policy")

    monkeypatch.setattr(journal_file, "_TABLES", "CREATE TABLE plan (line INTEGER)")

    assert journal_path(Path("journals"), "page_lengths", "list", "policy") != ours


def test_a_discarded_journal_is_gone(tmp_path: Path) -> None:
    """With everything SQLite kept beside it."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)

    discard_journal(tmp_path / "j")

    assert list(tmp_path.iterdir()) == []


def test_journals_nobody_wrote_to_for_a_week_are_swept_away(tmp_path: Path) -> None:
    """Of this asset only; a younger one may still be continued."""
    old, young, other = (
        journal_path(tmp_path, asset, policy)
        for asset, policy in [("a/pages", "1"), ("a/pages", "2"), ("a/pages_too", "1")]
    )
    for path in (old, young, other):
        with make_journal(path) as journal:
            begin(journal)
    eight_days_ago = time.time() - 8 * 86_400
    for path in (old, other):
        os.utime(path, (eight_days_ago, eight_days_ago))

    sweep_journals(tmp_path, "a/pages")

    assert [path.exists() for path in (old, young, other)] == [False, True, True]
