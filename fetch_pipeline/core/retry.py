"""Whether another attempt can help, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from fetch_pipeline.core.http_date import parse_http_date
from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome

# RFC 9110 §15.5.9, §15.6, RFC 6585 §4. A 501 or 505 says that nothing will change.
_TRANSIENT_STATUSES: Final = frozenset({408, 429, 500, 502, 503, 504})

FIRST_BACKOFF_S: Final = 0.5
LONGEST_BACKOFF_S: Final = 30.0

# Digits; what is longer is garbage, and int() of a megabyte is an attack.
_LONGEST_DELTA: Final = 12


def retry_after_s(outcome: Outcome, attempt: int, *, chance: float) -> float | None:
    """Return the seconds to wait before the next attempt; null when none is worth it.

    Never earlier than the server asked for (RFC 9110 §10.2.3). Where that is longer than
    `LONGEST_BACKOFF_S`, the row tells, and another run may come back.

    Args:
        outcome: Of the last attempt.
        attempt: Attempts made so far.
        chance: A random number in [0, 1).
    """
    if not isinstance(outcome, Failed) or not _may_change(outcome):
        return None
    asked_s = (outcome.head.retry_after_s if outcome.head else None) or 0.0
    if asked_s > LONGEST_BACKOFF_S:
        return None
    return max(asked_s, backoff_s(attempt, chance=chance))


def _may_change(failed: Failed) -> bool:
    if failed.kind is FailureKind.HTTP_ERROR and failed.head:
        return failed.head.status in _TRANSIENT_STATUSES
    return failed.transient


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
        return float(text) if len(text) <= _LONGEST_DELTA else None
    date = parse_http_date(text, now)
    return max(0.0, (date - now).total_seconds()) if date else None
