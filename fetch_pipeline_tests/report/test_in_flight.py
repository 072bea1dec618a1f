"""Pages in flight over time."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.report.bars import PHASES, Bar
from fetch_pipeline.report.in_flight import AREA_PX, count_in_flight, in_flight_area

SECONDS = st.floats(0, 10, allow_nan=False)
BARS = st.lists(
    st.builds(
        Bar,
        url=st.just("u"),
        start_s=SECONDS,
        phases_s=st.tuples(*[SECONDS] * len(PHASES)),
        failed=st.sampled_from(["", "timeout"]),
    )
)


def page(start_s: float, first_byte_s: float, failed: str = "") -> Bar:
    """Make a page that only waits for its first byte."""
    return Bar(url="u", start_s=start_s, phases_s=(0, 0, 0, 0, first_byte_s, 0), failed=failed)


def test_a_page_counts_for_the_part_of_a_bin_in_which_it_was_in_flight() -> None:
    """Half of the first second, the whole of the next, a quarter of the third."""
    counts = count_in_flight([page(0.5, 1.75)], span_s=4, bins=4)

    assert counts[4] == [0.5, 1.0, 0.25, 0.0]
    assert not any(any(phase) for place, phase in enumerate(counts) if place != 4)


@given(BARS)
def test_no_second_is_lost_or_invented(bars: list[Bar]) -> None:
    """The counts of a phase, times the seconds of a bin, are the seconds of that phase."""
    span_s = max((bar.end_s for bar in bars), default=0.0) or 1.0

    counts = count_in_flight(bars, span_s=span_s, bins=7)

    for place, phase in enumerate(counts):
        spent_s = sum(bar.phases_s[place] for bar in bars)
        assert sum(phase) * span_s / 7 == pytest.approx(spent_s, abs=1e-6)


def test_the_highest_bin_reaches_the_top() -> None:
    """Two pages at once for a second, then one."""
    area = in_flight_area([page(0, 1), page(0, 2)], every=1, span_s=2, width=8, left=0)

    assert f"d='M0,{AREA_PX}V0.0h4V{AREA_PX / 2}h4V{AREA_PX}z'" in area


def test_where_pages_failed_is_marked_once() -> None:
    """However many failed in the same moment."""
    bars = [page(0, 1, "timeout")] * 50 + [page(0, 2)]

    area = in_flight_area(bars, every=1, span_s=2, width=80, left=10)

    assert f"d='M50,{AREA_PX + 2}v6'" in area
