"""Politeness over real sockets, by the origin's own books."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from time import monotonic

import pytest

from fetch_pipeline.core.politeness import AUTO, UNLIMITED, Politeness
from fetch_pipeline_tests.book_origin import Reply, Visit, booked
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_rows
from fetch_pipeline_tests.hostile_cases import sized
from fetch_pipeline_tests.hostile_origin import Do, hostile

JITTER = 0.8  # a gap is never shorter than this share of the delay
PATIENT = replace(IMPATIENT, max_attempts=2, read_timeout_s=5)


def test_one_slow_host_among_forty_holds_nobody_up() -> None:
    """It is the first of the list, and all end when it does: at its own minimum."""

    def reply(visit: Visit) -> Reply:
        return Reply(after_s=0.5 if visit.host == 0 else 0.01)

    polite = Politeness(per_host_concurrency=2, per_host_delay_s=0.0)
    with booked(reply, hosts=40) as origin:
        urls = [f"{url}/{n}" for url in origin.urls for n in range(8)]
        begun = monotonic()
        rows = fetch_rows(urls, PATIENT, polite, concurrency=16)
        wall_s = monotonic() - begun

    others = max(visit.at for visit in origin.visits if visit.host)
    assert Counter(row["outcome"] for row in rows) == {"fetched": 320}
    assert max(origin.most_at_once.values()) == 2
    assert 2.0 <= wall_s < 2.0 * 3  # four rounds of half a second
    assert others - begun < wall_s


def test_the_delay_holds_between_any_two_requests_to_a_host() -> None:
    """Whichever worker sends them, retries and redirects included."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/0" and visit.times == 0:
            return Reply(status=503)
        if visit.path == "/1":
            return Reply(status=302, headers={"Location": "/led"})
        return Reply()

    polite = replace(UNLIMITED, per_host_delay_s=0.1)
    with booked(reply) as origin:
        rows = fetch_rows([f"{origin.urls[0]}/{n}" for n in range(5)], PATIENT, polite)

    assert [row["outcome"] for row in rows] == ["fetched"] * 5
    assert len(origin.visits) == 7
    assert min(origin.gaps()) > 0.1 * JITTER - 0.02


def when(after_s: float) -> list[str]:
    """Write a moment as all three HTTP dates and as seconds (RFC 9110 §5.6.7, §10.2.3)."""
    date = datetime.now(UTC) + timedelta(seconds=after_s)
    return [
        str(int(after_s)),
        format_datetime(date, usegmt=True),
        date.strftime("%A, %d-%b-%y %H:%M:%S GMT"),
        date.strftime("%a %b %e %H:%M:%S %Y"),
    ]


@pytest.mark.parametrize(("status", "form"), [(503, 0), (429, 0), (429, 1), (503, 2), (429, 3)])
def test_the_host_is_asked_for_nothing_before_the_time_it_named(status: int, form: int) -> None:
    """In whichever form; the other pages of it wait as well, and nothing waits for ever."""

    def reply(visit: Visit) -> Reply:
        if (visit.host, visit.path, visit.times) == (0, "/0", 0):
            return Reply(status=status, headers={"Retry-After": when(2)[form]})
        return Reply()

    polite = replace(UNLIMITED, per_host_concurrency=1)
    with booked(reply, hosts=2) as origin:
        urls = [f"{url}/{n}" for n in range(3) for url in origin.urls]
        rows = fetch_rows(urls, PATIENT, polite)

    limited, free = origin.gaps(0), origin.gaps(1)
    assert [row["outcome"] for row in rows] == ["fetched"] * 6
    assert limited[0] > (2 if form == 0 else 1) - 0.01  # a date has no fractions of a second
    assert limited[0] < 3
    assert max(free) < 1


def test_a_long_error_page_asks_for_a_pause_as_well_as_a_short_one() -> None:
    """Its header came, whatever became of its body."""

    def reply(visit: Visit) -> Reply:
        if visit.path == "/0":
            return Reply(status=503, body=b"x" * 5000, headers={"Retry-After": "1"})
        return Reply(body=b"x")

    with booked(reply) as origin:
        rows = fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(2)],
            replace(IMPATIENT, max_body_bytes=1000),
            replace(UNLIMITED, per_host_concurrency=1),
        )

    assert [row["outcome"] for row in rows] == ["too_large", "fetched"]
    assert origin.gaps()[0] >= 1


def test_a_connection_that_was_lost_gives_no_leave_to_ask_at_once() -> None:
    """The repeat on a new one keeps the gap, and is no attempt."""
    with hostile(
        {"a": [sized(b"a"), Do.AGAIN], "b": [Do.RESET], "b#2": [sized(b"b"), Do.AGAIN]}
    ) as origin:
        begun = monotonic()
        rows = fetch_rows(
            [f"{origin.url}/a", f"{origin.url}/b"],
            IMPATIENT,
            replace(UNLIMITED, per_host_concurrency=1, per_host_delay_s=0.3),
        )

    assert [(row["outcome"], row["attempts"]) for row in rows] == [("fetched", 1)] * 2
    assert len(origin.heads["b"]) == 2
    assert monotonic() - begun >= 2 * 0.3 * JITTER


def test_a_host_that_wants_to_be_left_alone_for_long_is() -> None:
    """The rows tell, and the run ends."""
    with booked(lambda _: Reply(status=429, headers={"Retry-After": "86400"})) as origin:
        rows = fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(4)],
            PATIENT,
            replace(UNLIMITED, per_host_concurrency=1),
        )

    assert len(origin.visits) == 1
    assert [row["outcome"] for row in rows] == ["http_error"] + ["host_down"] * 3
    assert rows[0]["retry_after_s"] == 86_400


def test_redirects_do_not_get_round_the_limits_of_the_host_they_lead_to() -> None:
    """Twenty hosts that send us all to one."""

    def reply(visit: Visit) -> Reply:
        if visit.host:
            return Reply(status=301, headers={"Location": f"{origin.urls[0]}/{visit.host}"})
        return Reply(after_s=0.02)

    with booked(reply, hosts=21) as origin:
        rows = fetch_rows(
            [f"{url}/" for url in origin.urls[1:]],
            IMPATIENT,
            replace(UNLIMITED, per_host_concurrency=2),
            concurrency=32,
        )

    assert [row["redirects"] for row in rows] == [1] * 20
    assert origin.most_at_once[0] == 2


def test_waiting_for_a_turn_is_no_timeout() -> None:
    """The pages of one host need longer together than one of them may."""
    with booked(lambda _: Reply(after_s=0.1)) as origin:
        rows = fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(10)],
            replace(IMPATIENT, total_timeout_s=0.8, connect_timeout_s=0.8),
            replace(UNLIMITED, per_host_concurrency=1),
        )

    assert {row["outcome"] for row in rows} == {"fetched"}
    assert all(row["elapsed_s"] and row["elapsed_s"] < 0.8 for row in rows)


def test_the_deadline_ends_the_fetch() -> None:
    """What was in flight has a row with its attempt."""
    with booked(lambda _: Reply(after_s=60)) as origin:
        begun = monotonic()
        rows = fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(10)],
            replace(IMPATIENT, read_timeout_s=60, total_timeout_s=60),
            replace(UNLIMITED, deadline_s=0.3),
            concurrency=4,
        )

    assert monotonic() - begun < 0.3 * 10
    assert [(row["outcome"], row["attempts"]) for row in rows] == [("not_reached", 1)] * 4


def test_an_adaptive_delay_leaves_a_struggling_host_alone() -> None:
    """One whose answers take a tenth of a second more for each request of the last second."""
    times: list[float] = []

    def reply(visit: Visit) -> Reply:
        times.append(visit.at)
        return Reply(after_s=0.02 * len([at for at in times if at > visit.at - 1]))

    with booked(reply) as origin:
        rows = fetch_rows(
            [f"{origin.urls[0]}/{n}" for n in range(12)],
            IMPATIENT,
            replace(UNLIMITED, per_host_delay_s=AUTO),
            concurrency=12,
        )

    assert {row["outcome"] for row in rows} == {"fetched"}
    assert origin.most_at_once[0] <= 2
    assert min(origin.gaps()) > 0.1 * JITTER - 0.02
