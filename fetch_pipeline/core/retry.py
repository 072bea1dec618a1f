"""Whether another attempt can help, and who has to wait for it: the page, or its whole host."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Final

from fetch_pipeline.core.http_date import parse_http_date
from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome

# RFC 9110 §15.5.9, §15.6, RFC 6585 §4. A 501 or 505 says that nothing will change.
_TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})

FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 30.0

# Statuses that may come with Retry-After, which then is meant for all of us (RFC 9110 §10.2.3).
_BUSY: Final = frozenset({429, 503})

# Of the requests to one host, one in five may be a second attempt, and ten in any case: a host in
# trouble is not asked three times as often. https://finagle.github.io/blog/2016/02/08/retry-budgets/
_RETRY_SHARE: Final = 0.2
_LEAST_RETRIES: Final = 10

# Digits, or thirty thousand years; int() of a megabyte is an attack.
_LONGEST_DELTA: Final = 12


def may_change(outcome: Outcome) -> bool:
    """Tell whether the same request may end better a moment later."""
    if not isinstance(outcome, Failed):
        return False
    if outcome.kind is FailureKind.HTTP_ERROR and outcome.head:
        return outcome.head.status in _TRANSIENT_STATUSES
    return outcome.transient


def cooldown_s(outcome: Outcome) -> float | None:
    """Return the seconds for which the host asks to be left alone, by 429 or 503; null for none.

    A 429 that does not say how long asks for as long as a first retry waits at most.
    """
    head = outcome.head
    if head is None or head.status not in _BUSY:
        return None
    unsaid_s = FIRST_BACKOFF_S if head.status == HTTPStatus.TOO_MANY_REQUESTS else None
    return unsaid_s if head.retry_after_s is None else head.retry_after_s


def within_budget(retries: int, requests: int) -> bool:
    """Tell whether a host that got so many requests, so many of them retries, may get another."""
    return retries < _LEAST_RETRIES + _RETRY_SHARE * requests


def backoff_s(attempt: int, *, chance: float) -> float:
    """Return the seconds to wait after failed attempt number `attempt`, from 1.

    Exponential with full jitter: uniform between 0 and min(30, 0.5 · 2^(attempt-1)).
    https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/

    Args:
        attempt: Attempts made so far.
        chance: A random number in [0, 1).
    """
    return chance * min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0 ** min(attempt - 1, 16))


def parse_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds a Retry-After header asks for, from 0; null for none or for garbage.

    Args:
        value: Seconds, or any of the three HTTP dates (RFC 9110 §10.2.3, §5.6.7).
        now: The present, with a time zone.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        return float(text) if len(text) <= _LONGEST_DELTA else 10.0**_LONGEST_DELTA
    date = parse_http_date(text, now)
    return max(0.0, (date - now).total_seconds()) if date else None
