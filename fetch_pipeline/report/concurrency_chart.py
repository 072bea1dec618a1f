"""Wall time against concurrency, as a picture and as text."""

from __future__ import annotations

from collections.abc import Sequence
from math import log2
from typing import Final

from fetch_pipeline.core.concurrency import Advice, Level
from fetch_pipeline.report import svg
from fetch_pipeline.report.words import seconds

_WIDTH_PX: Final = 340  # as that of the comparison
_LEFT_PX: Final = 60
_RIGHT_PX: Final = 325
_TOP_PX: Final = 14
_BOTTOM_PX: Final = 130
_MOST_POINTS: Final = 7  # more do not fit in 1000 characters
_BAR_CHARACTERS: Final = 40


def concurrency_picture(advice: Advice) -> str:
    """Return a Markdown image below 1000 characters: medians of wall time, the chosen one green.

    Levels at which more pages fail are red. The axis of concurrency is logarithmic, that of seconds
    begins at 0.
    """
    points = [(level, *_point(level, advice.levels)) for level in _drawn(advice)]
    line = "L".join(f"{x},{y}" for level, x, y in points if not level.fails_more)
    dots = "".join(f"M{x},{y}h0" for level, x, y in points if not level.fails_more)
    parts = [
        f"<path d='M{_LEFT_PX},{_BOTTOM_PX}H{_RIGHT_PX}v1H{_LEFT_PX}'/>",
        f"<g fill='none' stroke='{svg.ASYNC}' stroke-linecap='round'><path d='M{line}'/>",
        f"<path stroke-width='7' d='{dots}'/>{_failing(points)}{_chosen(advice)}</g>",
        _workers(points),
        svg.text(0, _TOP_PX + 4, seconds(_most_s(advice.levels))),
        svg.text(0, _BOTTOM_PX + 17, "at once"),
    ]
    return svg.image("wall time", svg.svg(_WIDTH_PX, _BOTTOM_PX + 24, *parts))


def concurrency_text(advice: Advice) -> str:
    """Return the same for a terminal, several lines, without a newline at the end."""
    most_s = _most_s(advice.levels)
    rows = [
        f"  {level.concurrency:>5} at once  {seconds(level.wall_s):>9}  "
        + "█" * max(1, round(level.wall_s / most_s * _BAR_CHARACTERS))
        + ("  more pages fail" if level.fails_more else "")
        for level in advice.levels
    ]
    return "\n".join([*rows, f"  {advice.told()}"])


def _most_s(levels: Sequence[Level]) -> float:
    return max(level.wall_s for level in levels) or 1.0


def _point(level: Level, levels: Sequence[Level]) -> tuple[int, int]:
    least, most = log2(levels[0].concurrency), log2(levels[-1].concurrency)
    share = (log2(level.concurrency) - least) / ((most - least) or 1.0)
    height = level.wall_s / _most_s(levels) * (_BOTTOM_PX - _TOP_PX)
    return round(_LEFT_PX + share * (_RIGHT_PX - _LEFT_PX)), round(_BOTTOM_PX - height)


def _chosen(advice: Advice) -> str:
    if advice.chosen is None:
        return ""
    x, y = _point(advice.chosen, advice.levels)
    return f"<path stroke='{svg.IDEAL}' stroke-width='13' d='M{x},{y}h0'/>"


def _failing(points: Sequence[tuple[Level, int, int]]) -> str:
    dots = "".join(f"M{x},{y}h0" for level, x, y in points if level.fails_more)
    return f"<path stroke='{svg.FAILED}' stroke-width='7' d='{dots}'/>" if dots else ""


def _workers(points: Sequence[tuple[Level, int, int]]) -> str:
    """Write the concurrency below each point."""
    spans = "".join(f"<tspan x='{x}'>{level.concurrency}</tspan>" for level, x, _ in points)
    return f"<text y='{_BOTTOM_PX + 17}'{svg.MIDDLE}>{spans}</text>"


def _drawn(advice: Advice) -> Sequence[Level]:
    """Choose the levels there is room for: the ends, the chosen one, others in equal steps."""
    levels = advice.levels
    if len(levels) <= _MOST_POINTS:
        return levels
    steps = _MOST_POINTS - 2
    places = {round(n * (len(levels) - 1) / steps) for n in range(steps + 1)}
    return [level for n, level in enumerate(levels) if n in places or level is advice.chosen]
