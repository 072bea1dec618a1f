"""Figures as people write them."""

import pytest

from fetch_pipeline.report.words import seconds


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0.0, "0 ms"),
        (0.0123, "12 ms"),
        (1.234, "1.23 s"),
        (12.34, "12.3 s"),
        (599.9, "599.9 s"),
        (3600, "60 min"),
    ],
)
def test_seconds_as_people_write_them(amount: float, text: str) -> None:
    """Milliseconds, two decimals, one, or minutes."""
    assert seconds(amount) == text
