"""Leave to ask one host, by a clock that is handed in. How hosts take turns is the scheduler's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fetch_pipeline.core.permits import LONG_AGO, Permits, Took
from fetch_pipeline.core.politeness import UNLIMITED, Politeness
from fetch_pipeline_tests.simulated import PAGE, SILENT, status

ONE = replace(UNLIMITED, per_host_concurrency=1)


def permits(politeness: Politeness = UNLIMITED, deadline: float = float("inf")) -> Permits:
    """Make those of a host nobody asked yet."""
    return Permits(politeness, deadline=deadline, took=Took())


def test_a_host_nobody_asked_yet_may_be_asked_at_once() -> None:
    """There is nothing to keep a distance from."""
    assert permits().next_at() == LONG_AGO


def test_at_the_limit_a_request_must_end_first() -> None:
    """It is not a matter of time."""
    host = permits(replace(UNLIMITED, per_host_concurrency=2))
    host.begin(0.0, chance=0.5)
    one = host.next_at()
    host.begin(0.0, chance=0.5)
    two = host.next_at()
    host.end(PAGE, began_at=0.0, now=1.0)

    assert (one, two, host.next_at()) == (0.0, None, 0.0)


def test_a_crawl_delay_that_is_learnt_counts_from_the_request_that_told_it() -> None:
    """The first page waits for it as well."""
    host = permits()
    host.begin(10.0, chance=0.5)
    host.end(PAGE, began_at=10.0, now=10.5)

    host.slow_down(3.0)

    assert (host.next_at(), host.gap_s()) == (13.0, 3.0)


def test_a_cooldown_counts_from_the_end_of_the_request() -> None:
    """It was asked for then; a shorter one does not shorten it."""
    host = permits()
    host.begin(0.0, chance=0.5)
    host.begin(0.0, chance=0.5)
    host.end(status(503, 9.0), began_at=0.0, now=1.0)
    host.end(status(429, 2.0), began_at=0.0, now=2.0)

    assert host.next_at() == 10.0


@pytest.mark.parametrize(("asked_s", "deadline", "down"), [(300, 1e9, False), (301, 1e9, True)])
def test_what_nobody_waits_for_is_the_end(asked_s: float, deadline: float, down: bool) -> None:  # noqa: FBT001
    """By its length, or by the time the fetch has left."""
    host = permits(deadline=deadline)
    host.begin(0.0, chance=0.5)
    host.end(status(503, asked_s), began_at=0.0, now=1.0)

    assert (host.down is not None) == down


def test_a_cooldown_beyond_the_deadline_is_the_end() -> None:
    """Nobody will be there to ask again."""
    host = permits(deadline=60.0)
    host.begin(0.0, chance=0.5)
    host.end(status(429, 59.5), began_at=0.0, now=1.0)

    assert host.down == "it asked to be left alone for 60 s, until after deadline_s"


def test_while_a_host_recovers_it_gets_one_request_at_a_time() -> None:
    """A page of it puts an end to that."""
    host = permits(replace(UNLIMITED, max_host_failures=1))
    host.begin(0.0, chance=0.5)
    host.end(SILENT, began_at=0.0, now=1.0)
    after_pause = host.next_at()
    host.begin(3.0, chance=0.5)
    probing = host.next_at()
    host.end(PAGE, began_at=3.0, now=3.5)

    assert (after_pause, probing, host.next_at()) == (3.0, None, 3.0)


def test_a_redirect_is_a_sign_of_life() -> None:
    """The host answered."""
    host = permits(replace(ONE, max_host_failures=2, max_host_pauses=0))
    for outcome in (SILENT, None, SILENT, PAGE, SILENT):
        host.begin(0.0, chance=0.5)
        host.end(outcome, began_at=0.0, now=0.0)

    assert host.down is None


def test_retries_are_counted_against_the_requests() -> None:
    """Ten in any case, then one in five; none at all once the host is down."""
    host = permits()
    for _ in range(10):
        host.begin(0.0, chance=0.5)
        host.end(SILENT, began_at=0.0, now=0.0)

    assert [host.retry() for _ in range(13)] == [True] * 12 + [False]
    host.down = "it is"
    assert not permits_of_a_dead_host(host)


def permits_of_a_dead_host(host: Permits) -> bool:
    """Ask for a retry."""
    for _ in range(100):
        host.begin(0.0, chance=0.5)
    return host.retry()


def test_a_limit_on_the_number_at_once_takes_its_time_as_well() -> None:
    """Ten seconds of pages need five, two at once."""
    host = permits(replace(UNLIMITED, per_host_concurrency=2))
    for _ in range(5):
        host.begin(0.0, chance=0.5)
        host.end(PAGE, began_at=0.0, now=2.0)

    assert (host.courtesy_s, host.pace_s()) == (5.0, 1.0)


def test_a_host_is_in_trouble_until_it_answers() -> None:
    """Others are asked before it meanwhile."""
    host = permits()
    told = []
    for outcome in (SILENT, PAGE):
        host.begin(0.0, chance=0.5)
        host.end(outcome, began_at=0.0, now=0.0)
        told.append(host.in_trouble)

    assert told == [True, False]


def test_courtesy_is_the_sum_of_the_gaps_that_were_kept() -> None:
    """Not of how long it took in the end, when the workers were busy elsewhere."""
    host = permits(replace(ONE, per_host_delay_s=0.5))
    for now in (0.0, 0.5, 7.0):
        host.begin(now, chance=0.5)
        host.end(PAGE, began_at=now, now=now)

    assert host.courtesy_s == 1.0
