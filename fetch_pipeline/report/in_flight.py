"""How many pages were in flight at each moment, and what they were busy with.

What a waterfall turns into when there are more pages than lines of pixels: nothing is left out,
but the pages are counted instead of drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Final

from fetch_pipeline.report import svg
from fetch_pipeline.report.bars import PHASES, Bar

AREA_PX: Final = 110
_BIN_PX: Final = 4
_FAILED_PX: Final = 6


def count_in_flight(bars: Iterable[Bar], *, span_s: float, bins: int) -> list[list[float]]:
    """Return the pages in each of `PHASES` in each bin of the time axis, on average over the bin.

    Args:
        bars: The pages, in any order.
        span_s: Seconds of the whole axis; more than 0.
        bins: Equal parts it is cut into.
    """
    counts = [[0.0] * bins for _ in PHASES]
    bins_per_s = bins / span_s
    for bar in bars:
        for place, start_s, end_s in bar.segments():
            _spread(counts[place], start_s * bins_per_s, end_s * bins_per_s)
    return counts


def _spread(counts: list[float], start: float, end: float) -> None:
    """Add to each bin how much of it lies between `start` and `end`, both in bins."""
    last = len(counts) - 1
    for number in range(min(int(start), last), min(int(end), last) + 1):
        counts[number] += max(0.0, min(end, number + 1) - max(start, number))


def in_flight_area(bars: Sequence[Bar], *, every: int, span_s: float, width: int, left: int) -> str:
    """Draw the pages in flight as stacked areas, `AREA_PX` high from y = 0.

    Args:
        bars: The pages that are counted.
        every: Each stands for so many.
        span_s: Seconds of the whole axis; more than 0.
        width: Pixels of the axis.
        left: Pixels before it, where the scale stands.
    """
    bins = width // _BIN_PX
    counts = count_in_flight(bars, span_s=span_s, bins=bins)
    stacked = list(accumulate(counts, _on_top))
    most = max(stacked[-1]) or 1.0
    areas = [
        _area(stacked[place], most, PHASES[place].colour, left)
        for place in reversed(range(len(PHASES)))
        if any(counts[place])
    ]
    return (
        svg.text(left - 6, 11, f"{most * every:.0f}", svg.END)
        + svg.text(left - 6, AREA_PX, "0", svg.END)
        + "".join(areas)
        + _failures(bars, bins / span_s, left)
    )


def _on_top(below: Sequence[float], own: Sequence[float]) -> list[float]:
    return [one + other for one, other in zip(below, own, strict=True)]


def _area(totals: Sequence[float], most: float, colour: str, left: int) -> str:
    """Draw everything below a line of steps; what is drawn later hides all but its own part."""
    steps = "".join(f"V{AREA_PX - total / most * AREA_PX:.1f}h{_BIN_PX}" for total in totals)
    return f"<path fill='{colour}' d='M{left},{AREA_PX}{steps}V{AREA_PX}z'/>"


def _failures(bars: Iterable[Bar], bins_per_s: float, left: int) -> str:
    """Mark, below the areas, where pages ended without success."""
    places = sorted({int(bar.end_s * bins_per_s) for bar in bars if bar.failed})
    marks = "".join(f"M{left + place * _BIN_PX},{AREA_PX + 2}v{_FAILED_PX}" for place in places)
    return f"<path stroke='{svg.FAILED}' stroke-width='2' d='{marks}'/>" if marks else ""
