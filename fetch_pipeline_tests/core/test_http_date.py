"""Moments as HTTP headers write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.http_date import parse_http_date

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 23 Nov 2026 12:00:00 GMT",
        "Monday, 23-Nov-26 12:00:00 GMT",
        "Mon Nov 23 12:00:00 2026",
        "Mon, 23 Nov 2026 13:00:00 +0100",
    ],
)
def test_three_forms_are_one_moment(text: str) -> None:
    """RFC 9110 §5.6.7, and the zone that some servers add."""
    assert parse_http_date(text, NOW) == NOW


@given(st.text())
def test_anything_else_is_none_of_them(text: str) -> None:
    """No header makes it raise, and every date can be compared with the present."""
    date = parse_http_date(text, NOW)

    assert date is None or date.tzinfo
