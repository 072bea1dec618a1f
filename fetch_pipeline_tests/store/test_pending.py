"""What is still to be fetched, host by host."""

from pathlib import Path

import pytest

from fetch_pipeline.core.plan import Validators
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import make_journal
from fetch_pipeline.store.pending import PendingTargets
from fetch_pipeline_tests.store.test_journal import begin, page, part, pending, plan

URLS = [
    "http://a.org/1",
    "http://b.org/1",
    "no",
    "http://b.org/2",
    "http://b.org/1#x",
    "http://c.org/",
]


def remember(journal: Journal, **told: str | None) -> None:
    """Begin a fetch of one URL whose page is stored."""
    known = {"href": "http://a.org/1", "today": True}
    stored = {**known, "outcome": "fetched", "attempts": 1, "run_id": "r0", **told}
    journal.begin(plan(["http://a.org/1"]), list_sha256="l", run_id="r1", stored=[stored])


def test_the_hosts_with_most_targets_come_first(tmp_path: Path) -> None:
    """Then the order of the list; lines without a URL and duplicates are no targets."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal, URLS)

        assert list(PendingTargets(journal, revalidate=False).hosts()) == [
            ("http://b.org", 2),
            ("http://a.org", 1),
            ("http://c.org", 1),
        ]


def test_the_targets_of_a_host_come_in_parts(tmp_path: Path) -> None:
    """After a line, and no more than are wanted."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal, [f"http://{'ab'[n % 2]}.org/{n}" for n in range(10)])
        targets = PendingTargets(journal, revalidate=False)

        first = targets.of_host("http://b.org", after_line=0, limit=2)
        rest = targets.of_host("http://b.org", after_line=first[-1].line, limit=9)

    assert [target.line for target in first] == [2, 4]
    assert [target.href for target in rest] == [f"http://b.org/{n}" for n in (5, 7, 9)]
    assert {target.host for target in (*first, *rest)} == {"http://b.org"}


def test_what_was_fetched_is_not_pending(tmp_path: Path) -> None:
    """Neither the page nor a host that has no other."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal, URLS)
        done = [target for target in pending(journal) if target.line in {1, 2}]
        journal.write([(target, page(target.href)) for target in done], part())

        assert list(PendingTargets(journal, revalidate=False).hosts()) == [
            ("http://b.org", 1),
            ("http://c.org", 1),
        ]
        assert [target.line for target in pending(journal)] == [4, 6]


def test_more_hosts_than_are_read_at_once_come_once_each(tmp_path: Path) -> None:
    """While the outcomes of the first are already written."""
    urls = [f"http://h{n}.org/" for n in range(2500)]
    with make_journal(tmp_path / "j") as journal:
        begin(journal, urls)
        targets, seen = PendingTargets(journal, revalidate=False), []
        for host, count in targets.hosts():
            (target,) = targets.of_host(host, after_line=0, limit=count)
            seen.append(target.href)
            if target.line % 500 == 0:
                journal.write([(target, page(target.href))], part())

    assert seen == urls


@pytest.mark.parametrize(
    ("etag", "last_modified"), [('"1"', None), (None, "Monday"), ('W/"1"', "Monday")]
)
def test_a_stored_page_lends_its_validators(
    tmp_path: Path, etag: str | None, last_modified: str | None
) -> None:
    """With the URL that told them."""
    with make_journal(tmp_path / "j") as journal:
        remember(journal, final_url="http://z.org/", etag=etag, last_modified=last_modified)
        (asked,) = PendingTargets(journal, revalidate=True).of_host(
            "http://a.org", after_line=0, limit=1
        )
        (plain,) = pending(journal)

    assert asked.validators == Validators(
        href="http://z.org/", etag=etag, last_modified=last_modified
    )
    assert plain.validators is None


@pytest.mark.parametrize(
    "etag", [None, "", "*", '"a", "b"', "a, *", '"caf\u00e9"', '"\ufffd"', '"a\tb"']
)
def test_a_validator_that_was_mended_is_none(tmp_path: Path, etag: str | None) -> None:
    """What is stored of it is not what was received."""
    with make_journal(tmp_path / "j") as journal:
        remember(journal, final_url="http://a.org/1", etag=etag)
        (target,) = PendingTargets(journal, revalidate=True).of_host(
            "http://a.org", after_line=0, limit=1
        )

    assert target.validators is None
