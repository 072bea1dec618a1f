"""Asking whether a stored page is still the page (RFC 9110 §13, §15.4.5)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from fetch_pipeline.core.outcome_row import OutcomeRow
from fetch_pipeline.core.plan import ListedTargets, Target, Validators
from fetch_pipeline.core.politeness import UNLIMITED
from fetch_pipeline.engine.crew import fetch_all
from fetch_pipeline_tests.book_origin import BookOrigin, Reply, Visit, booked
from fetch_pipeline_tests.fetching import IMPATIENT, Rows

MONDAY = "Mon, 23 Nov 2026 06:00:00 GMT"


def ask(
    origin: BookOrigin,
    path: str = "/a",
    *,
    of: str = "/a",
    etag: str | None = '"1"',
    last_modified: str | None = None,
) -> OutcomeRow:
    """Fetch a path of which the page at `of` is stored."""
    (host,) = origin.urls
    validators = Validators(href=f"{host}{of}", etag=etag, last_modified=last_modified)
    target = Target(line=1, href=f"{host}{path}", host=host, validators=validators)
    books = Rows()
    policy = replace(IMPATIENT, max_attempts=2)
    asyncio.run(fetch_all(ListedTargets([target]), policy, UNLIMITED, books=books, concurrency=1))
    (row,) = books.rows
    return row


def sent(visit: Visit) -> tuple[str | None, str | None]:
    """Return the conditions of a request."""
    return visit.headers.get("if-none-match"), visit.headers.get("if-modified-since")


@pytest.mark.parametrize(
    ("etag", "last_modified"),
    [('"1"', None), ('W/"1"', None), ("unquoted", None), (None, MONDAY), ('"1"', MONDAY)],
)
def test_the_validators_go_back_as_they_came(etag: str | None, last_modified: str | None) -> None:
    """Whatever they look like: only their server has to understand them."""
    with booked(lambda _: Reply(status=304)) as origin:
        row = ask(origin, etag=etag, last_modified=last_modified)

    assert (row["outcome"], row["status"], row["detail"]) == ("not_modified", 304, None)
    assert (row["wire_bytes"], row["attempts"], row["redirects"]) == (0, 1, 0)
    assert [sent(visit) for visit in origin.visits] == [(etag, last_modified)]


def test_a_page_that_changed_is_fetched() -> None:
    """In the same request."""
    with booked(lambda _: Reply(body=b"<!doctype html>new", headers={"ETag": '"2"'})) as origin:
        row = ask(origin)

    assert (row["outcome"], row["length"], row["etag"]) == ("fetched", 18, '"2"')
    assert len(origin.visits) == 1


def test_nobody_is_asked_about_the_page_of_another_url() -> None:
    """The stored page was at the end of a redirect: only there its validators mean something."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/a":
            return Reply(status=302, headers={"Location": "/b"})
        return Reply(status=304 if sent(visit)[0] else 200)

    with booked(reply) as origin:
        row = ask(origin, of="/b")

    assert [(visit.path, sent(visit)[0]) for visit in origin.visits] == [
        ("/a", None),
        ("/b", '"1"'),
    ]
    assert (row["outcome"], row["redirects"]) == ("not_modified", 1)


def test_a_redirect_that_leads_elsewhere_today_is_followed_without_conditions() -> None:
    """What is there was never seen."""

    def reply(visit: Visit) -> Reply:
        leads = {"Location": "/c"}
        return Reply(status=302, headers=leads) if visit.path == "/a" else Reply()

    with booked(reply) as origin:
        row = ask(origin, of="/b")

    assert {sent(visit) for visit in origin.visits} == {(None, None)}
    assert row["outcome"] == "fetched"


def test_a_304_nobody_asked_for_is_a_protocol_error() -> None:
    """There is nothing that it could confirm."""
    with booked(lambda _: Reply(status=304)) as origin:
        row = ask(origin, etag=None)
        other = ask(origin, of="/elsewhere")

    assert (row["outcome"], row["status"]) == ("protocol_error", 304)
    assert (other["outcome"], other["detail"]) == (
        "protocol_error",
        "status 304 was not asked for",
    )


@pytest.mark.parametrize(
    "reply",
    [Reply(status=304, headers={"ETag": '"other"'}), Reply(status=412)],
    ids=["another version", "precondition failed"],
)
def test_an_answer_of_no_use_is_asked_for_again_without_conditions(reply: Reply) -> None:
    """Caches and old servers mix up versions; the page is fetched, and counted as one attempt."""

    def mixed_up(visit: Visit) -> Reply:
        return reply if sent(visit)[0] else Reply()

    with booked(mixed_up) as origin:
        row = ask(origin)

    assert (row["outcome"], row["attempts"], row["redirects"]) == ("fetched", 1, 0)
    assert [sent(visit)[0] for visit in origin.visits] == ['"1"', None]


@pytest.mark.parametrize("told", ['"1"', 'W/"1"'])
def test_a_304_may_repeat_the_tag_weakly(told: str) -> None:
    """If-None-Match compares weakly (RFC 9110 §13.1.2)."""
    with booked(lambda _: Reply(status=304, headers={"ETag": told})) as origin:
        row = ask(origin)

    assert (row["outcome"], row["etag"]) == ("not_modified", told)


def test_a_second_attempt_asks_the_same() -> None:
    """An error says nothing of the page."""

    def reply(visit: Visit) -> Reply:
        return Reply(status=304 if visit.times else 503)

    with booked(reply) as origin:
        row = ask(origin)

    assert [sent(visit)[0] for visit in origin.visits] == ['"1"', '"1"']
    assert (row["outcome"], row["attempts"]) == ("not_modified", 2)
