"""How hosts are treated, in numbers."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.outcome import Failed, FailureKind, NotModified, Outcome, Timing
from fetch_pipeline.core.politeness import adapted_delay_s, blames_host, gap_s, host_pause_s
from fetch_pipeline_tests.simulated import PAGE, SILENT, status


def failed(kind: FailureKind) -> Failed:
    """Make a failure."""
    return Failed(kind=kind, detail="", timing=Timing())


@given(st.floats(0, 1e6), st.floats(0, 1e6), st.floats(0, 1, exclude_max=True))
def test_a_gap_is_the_delay_give_or_take_a_fifth_and_never_below_theirs(
    delay_s: float, crawl_delay_s: float, chance: float
) -> None:
    """Jitter may shorten what we chose, never what the host asked for."""
    gap = gap_s(delay_s, crawl_delay_s, chance=chance)

    assert gap >= crawl_delay_s
    assert gap == crawl_delay_s or 0.8 * delay_s <= gap <= 1.2 * delay_s * (1 + 1e-9)


@pytest.mark.parametrize(
    ("delay_s", "took_s", "outcome", "after_s"),
    [
        (1.0, 0.1, PAGE, 0.6),  # half the way to 0.2
        (1.0, 2.0, PAGE, 2.5),
        (0.1, 0.001, PAGE, 0.1),  # never less
        (29.0, 60.0, PAGE, 30.0),  # never more
        (1.0, 0.1, None, 1.0),  # a redirect is faster than a page
        (1.0, 0.1, status(404), 1.0),  # so is an error
        (1.0, 2.0, status(404), 2.5),
        (1.0, 0.1, status(503), 2.0),
        (1.0, 10.0, SILENT, 10.5),
        (20.0, 0.1, SILENT, 30.0),
    ],
)
def test_the_adaptive_delay_goes_half_the_way_to_twice_the_time(
    delay_s: float, took_s: float, outcome: Outcome | None, after_s: float
) -> None:
    """Only a page makes it shorter, trouble doubles it, and it has bounds."""
    assert adapted_delay_s(delay_s, took_s, outcome) == pytest.approx(after_s)


@given(st.floats(0.1, 30), st.floats(0, 1000), st.sampled_from([None, SILENT, status(404)]))
def test_errors_never_speed_up(delay_s: float, took_s: float, outcome: Outcome | None) -> None:
    """However fast they come."""
    assert adapted_delay_s(delay_s, took_s, outcome) >= delay_s


def test_pauses_double() -> None:
    """Two seconds, four, eight."""
    assert [host_pause_s(number) for number in (1, 2, 3, 5)] == [2.0, 4.0, 8.0, 32.0]


@pytest.mark.parametrize(
    ("outcome", "blamed"),
    [
        (PAGE, False),
        (NotModified(head=PAGE.head, timing=Timing()), False),
        (status(404), False),
        (status(403), False),
        (status(500), False),
        (status(429), True),
        (status(502), True),
        (status(503), True),
        (status(504), True),
        (failed(FailureKind.DNS_ERROR), True),
        (failed(FailureKind.TLS_ERROR), True),
        (failed(FailureKind.CONNECT_ERROR), True),
        (failed(FailureKind.TIMEOUT), True),
        (failed(FailureKind.PROTOCOL_ERROR), True),
        (failed(FailureKind.INCOMPLETE_BODY), True),
        (failed(FailureKind.REFUSED_ADDRESS), False),
        (failed(FailureKind.TOO_LARGE), False),
        (replace(status(503), kind=FailureKind.TOO_LARGE), True),
        (failed(FailureKind.REDIRECT_ERROR), False),
        (failed(FailureKind.INVALID_URL), False),
        (failed(FailureKind.HTTP_ERROR), False),
    ],
    ids=str,
)
def test_a_host_is_blamed_for_what_its_other_pages_would_meet_too(
    outcome: Outcome,
    blamed: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """One broken page is not a broken host."""
    assert blames_host(outcome) == blamed
