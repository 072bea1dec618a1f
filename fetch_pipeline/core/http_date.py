"""Moments as HTTP headers write them."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime


def parse_http_date(text: str, now: datetime) -> datetime | None:
    """Read any of the three forms of RFC 9110 §5.6.7; null for what is none.

    Args:
        text: The header, or the part of it that is a date.
        now: The present; a date without a time zone is taken to be in its.
    """
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo else date.replace(tzinfo=now.tzinfo)
