"""Whether another attempt can help, and when."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.outcome import Body, Failed, FailureKind, Fetched, Head, Timing
from fetch_pipeline.core.retry import (
    LONGEST_BACKOFF_S,
    backoff_s,
    parse_retry_after,
    worth_retrying,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


def failed(kind: FailureKind, status: int | None = None) -> Failed:
    """Make a failure, with a status where there was one."""
    head = Head(status=status, final_url="http://a.org/") if status else None
    return Failed(kind=kind, detail="", timing=Timing(attempts=1), head=head)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_servers_in_trouble_are_asked_again(status: int) -> None:
    """They may have recovered."""
    assert worth_retrying(failed(FailureKind.HTTP_ERROR, status))


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 501, 505])
def test_answers_that_will_not_change_are_final(status: int) -> None:
    """Asking again would only be rude."""
    assert not worth_retrying(failed(FailureKind.HTTP_ERROR, status))


@pytest.mark.parametrize(
    ("kind", "again"),
    [
        (FailureKind.CONNECT_ERROR, True),
        (FailureKind.DNS_ERROR, True),
        (FailureKind.TIMEOUT, True),
        (FailureKind.INCOMPLETE_BODY, True),
        (FailureKind.INVALID_URL, False),
        (FailureKind.REFUSED_ADDRESS, False),
        (FailureKind.TLS_ERROR, False),
        (FailureKind.PROTOCOL_ERROR, False),
        (FailureKind.TOO_LARGE, False),
        (FailureKind.REDIRECT_ERROR, False),
    ],
)
def test_only_what_may_get_better_is_tried_again(kind: FailureKind, again: bool) -> None:  # noqa: FBT001 - pytest passes it
    """The network may recover; a certificate or a loop will not in a second."""
    assert worth_retrying(failed(kind)) is again


def test_a_page_is_never_asked_for_again() -> None:
    """Fetched is fetched."""
    head, body = Head(status=200, final_url=""), Body(wire_bytes=0, body_bytes=0)

    assert not worth_retrying(Fetched(head=head, body=body, timing=Timing()))


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
        ("9" * 5000, None),
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
