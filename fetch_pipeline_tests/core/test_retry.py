"""Whether another attempt can help, and when."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.outcome import Body, Failed, FailureKind, Fetched, Head, Timing
from fetch_pipeline.core.retry import (
    FIRST_BACKOFF_S,
    LONGEST_BACKOFF_S,
    backoff_s,
    cooldown_s,
    may_change,
    parse_retry_after,
    within_budget,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def refused(status: int, retry_after_s: float | None = None) -> Failed:
    """Make an error page."""
    head = Head(status=status, final_url="http://a.org/", retry_after_s=retry_after_s)
    return Failed(kind=FailureKind.HTTP_ERROR, detail="", timing=Timing(attempts=1), head=head)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_servers_in_trouble_are_asked_again(status: int) -> None:
    """They may have recovered."""
    assert may_change(refused(status))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501, 505])
def test_answers_that_will_not_change_are_final(status: int) -> None:
    """Asking again would only be rude."""
    assert not may_change(refused(status))


@pytest.mark.parametrize("transient", [True, False])
def test_only_what_may_get_better_is_tried_again(transient: bool) -> None:  # noqa: FBT001 - pytest passes it
    """The network may recover; a certificate or a loop will not in a second."""
    outcome = Failed(
        kind=FailureKind.TIMEOUT, detail="", timing=Timing(attempts=1), transient=transient
    )

    assert may_change(outcome) == transient


def test_a_page_is_never_asked_for_again() -> None:
    """Fetched is fetched."""
    head, body = Head(status=200, final_url=""), Body(wire_bytes=0, body_bytes=0)

    assert not may_change(Fetched(head=head, body=body, timing=Timing()))


@pytest.mark.parametrize(
    ("status", "asked_s", "kept_s"),
    [
        (429, 7.0, 7.0),
        (503, 7.0, 7.0),
        (503, 0.0, 0.0),
        (503, None, None),
        (429, None, FIRST_BACKOFF_S),
        (502, 7.0, None),
        (301, 7.0, None),
        (200, 7.0, None),
    ],
)
def test_the_host_is_left_alone_for_as_long_as_it_asks(
    status: int, asked_s: float | None, kept_s: float | None
) -> None:
    """Only where the header is about load (RFC 9110 §10.2.3, RFC 6585 §4)."""
    assert cooldown_s(refused(status, asked_s)) == kept_s


def test_what_never_answered_asks_for_nothing() -> None:
    """There is no header to read."""
    outcome = Failed(kind=FailureKind.TIMEOUT, detail="", timing=Timing())

    assert cooldown_s(outcome) is None


@pytest.mark.parametrize(
    ("retries", "requests", "within"),
    [(0, 1, True), (9, 1, True), (12, 10, False), (29, 100, True), (30, 100, False)],
)
def test_a_host_gets_one_retry_for_five_requests_and_ten_in_any_case(
    retries: int,
    requests: int,
    within: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """A host in trouble is not asked three times as often as one that is well."""
    assert within_budget(retries, requests) == within


def test_backoff_doubles_up_to_its_cap() -> None:
    """0.5, 1, 2, ... 30 s at the most, however many attempts there were."""
    longest = [backoff_s(attempt, chance=1.0) for attempt in (1, 2, 3, 6, 7, 10_000)]

    assert longest == [0.5, 1.0, 2.0, 16.0, LONGEST_BACKOFF_S, LONGEST_BACKOFF_S]


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_backoff_has_full_jitter(attempt: int, chance: float) -> None:
    """Anything from nothing up to the cap: clients that failed together do not return together."""
    assert 0 <= backoff_s(attempt, chance=chance) <= backoff_s(attempt, chance=1.0)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 12:02:00 GMT", 120.0),
        ("Monday, 23-Nov-26 12:02:00 GMT", 120.0),
        ("Mon Nov 23 12:02:00 2026", 120.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("", None),
        ("9" * 5000, 1e12),
        ("999999999999999", 1e12),
        ("١٢", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    """Both forms of RFC 9110 §10.2.3, all three dates; garbage is no answer."""
    assert parse_retry_after(value, NOW) == seconds


@given(st.text())
def test_no_header_makes_retry_after_raise(value: str) -> None:
    """A server can send anything."""
    seconds = parse_retry_after(value, NOW)

    assert seconds is None or seconds >= 0
