"""The ticks of an axis of time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.report.time_axis import ticks


@pytest.mark.parametrize(
    ("span_s", "words"),
    [
        (0.004, "0 ms, 0.5 ms, 1 ms, 1.5 ms, 2 ms, 2.5 ms, 3 ms, 3.5 ms, 4 ms"),
        (0.81, "0 ms, 200 ms, 400 ms, 600 ms, 800 ms"),
        (4.02, "0 s, 1 s, 2 s, 3 s, 4 s"),
        (119, "0 s, 20 s, 40 s, 60 s, 80 s, 100 s"),
        (1980, "0 min, 5 min, 10 min, 15 min, 20 min, 25 min, 30 min"),
        (86_400, "0 h, 5 h, 10 h, 15 h, 20 h"),
    ],
)
def test_ticks_are_round_and_in_one_unit(span_s: float, words: str) -> None:
    """As somebody would draw them by hand."""
    assert ", ".join(word for _, word in ticks(span_s)) == words


@given(st.floats(1e-6, 1e8))
def test_there_are_always_some_and_never_too_many(span_s: float) -> None:
    """None of them beyond the axis."""
    places = [tick_s for tick_s, _ in ticks(span_s)]

    assert 3 <= len(places) <= 9
    assert places[0] == 0
    assert places[-1] <= span_s * (1 + 1e-6)
