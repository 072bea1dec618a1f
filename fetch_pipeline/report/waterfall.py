"""The waterfall: every page a bar from its start to its end, in the colours of its phases.

All panels share one axis of time: one page at a time makes a staircase, all at once a wall. The
last bar to end is what the run waited for. Of more pages than can be told apart the panel shows
how many were in flight, see `report.in_flight`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from fetch_pipeline.report import svg
from fetch_pipeline.report.bars import PHASES, Bar
from fetch_pipeline.report.in_flight import AREA_PX, in_flight_area
from fetch_pipeline.report.time_axis import ticks

MOST_BARS: Final = 120
"""Pages that have a bar of their own."""

MOST_COUNTED: Final = 20_000
"""Pages that are counted in flight; of a longer list, every n-th is, as if it were n."""

_WIDTH_PX: Final = 680  # of the axis; the UI's dialog has room for 690 (checked on 1.13.27)
_SCALE_PX: Final = 40
_MARK_PX: Final = 4  # of a failure; the page that ends last is marked behind the axis
_LEGEND_PX: Final = 30
_TITLE_PX: Final = 24
_AXIS_PX: Final = 24
_GAP_PX: Final = 16
_NAMED_ROWS: Final = 25
_NAMED_ROW_PX: Final = 16
_ROWS_PX: Final = 240
_CHARACTER_PX: Final = 6.2  # the most that small sans-serif letters take on average
_SMALL: Final = " font-size='11'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One fetch: its bars in the order of their starts; each stands for `every` pages."""

    title: str
    every: int
    bars: Sequence[Bar]

    @property
    def _drawn(self) -> bool:
        return len(self.bars) <= MOST_BARS and self.every == 1

    @property
    def left_px(self) -> int:
        """Pixels for the scale of the counts, where pages are counted."""
        return 0 if self._drawn else _SCALE_PX

    @property
    def height_px(self) -> int:
        """Pixels of the bars or areas."""
        return round(len(self.bars) * self._row_px) if self._drawn else AREA_PX

    @property
    def _row_px(self) -> float:
        if len(self.bars) <= _NAMED_ROWS:
            return _NAMED_ROW_PX
        return min(_ROWS_PX / len(self.bars), _NAMED_ROW_PX)

    def draw(self, *, span_s: float, left: int) -> str:
        """Draw the bars or areas from y = 0, on an axis that begins at `left`."""
        width = _WIDTH_PX - left
        if self._drawn:
            return _bars(self.bars, self._row_px, width / span_s, left)
        return in_flight_area(self.bars, every=self.every, span_s=span_s, width=width, left=left)

    def told(self) -> str:
        """Say what is shown."""
        if self._drawn:
            return self.title
        sampled = f", by every {self.every}th page" if self.every > 1 else ""
        return f"{self.title}, pages in flight{sampled}"


def waterfall_picture(*panels: Panel) -> str:
    """Return a Markdown image of the panels, one below the other on one axis; below 50 kB."""
    span_s = max((bar.end_s for panel in panels for bar in panel.bars), default=0.0) or 1.0
    left = max((panel.left_px for panel in panels), default=0)
    heights = [_TITLE_PX + panel.height_px + _GAP_PX for panel in panels]
    tops = list(accumulate(heights, initial=_LEGEND_PX))
    bottom = tops.pop() - _GAP_PX // 2
    drawn = [
        svg.text(left, top + 15, panel.told(), " font-weight='bold'")
        + f"<g transform='translate(0,{top + _TITLE_PX})'>"
        + panel.draw(span_s=span_s, left=left)
        + "</g>"
        for top, panel in zip(tops, panels, strict=True)
    ]
    parts = (_legend(panels), _axis(span_s, left, bottom), *drawn)
    return svg.image("waterfall", svg.svg(_WIDTH_PX + _MARK_PX, bottom + _AXIS_PX, *parts))


def _bars(bars: Sequence[Bar], row_px: float, px_per_s: float, left: int) -> str:
    """Draw all segments of one colour as one path: a picture of 120 bars has 10 kB, not 40."""
    moves = [""] * len(PHASES)
    ends, names = "", ""
    for number, bar in enumerate(bars):
        y = (number + 0.5) * row_px
        for place, start_s, end_s in bar.segments():
            length = max((end_s - start_s) * px_per_s, 0.3)
            moves[place] += f"M{left + start_s * px_per_s:.1f},{y:.1f}h{length:.1f}"
        if bar.failed:
            ends += f"M{left + bar.end_s * px_per_s:.1f},{y:.1f}h{_MARK_PX}"
        if row_px == _NAMED_ROW_PX:
            names += _name(bar, y + 4, px_per_s, left)
    stroke_px = row_px * 0.7
    strokes = [(PHASES[place].colour, path) for place, path in enumerate(moves)]
    drawn = "".join(
        f"<path stroke='{colour}' stroke-width='{stroke_px:.1f}' d='{path}'/>"
        for colour, path in (*strokes, (svg.FAILED, ends))
        if path
    )
    return drawn + names


def _name(bar: Bar, y: float, px_per_s: float, left: int) -> str:
    """Write what the bar is of where there is most room: behind it, before it, or across it."""
    before, behind = bar.start_s * px_per_s, _WIDTH_PX - left - bar.end_s * px_per_s
    across = _WIDTH_PX - left - before - behind
    words = _shortened(bar, int(max(before, behind, across) / _CHARACTER_PX) - 2)
    if behind >= max(before, across):
        return svg.text(round(_WIDTH_PX - behind + 8), y, words, _SMALL)
    if before >= across:
        return svg.text(round(left + before - 6), y, words, f"{_SMALL}{svg.END}")
    return svg.text(round(left + before + 4), y, words, f"{_SMALL} fill='#000'")


def _shortened(bar: Bar, characters: int) -> str:
    """Name the page and how it failed, in so many characters."""
    listed = bar.url.partition("://")[2] or bar.url
    room = characters - len(bar.failed)
    shown = listed if len(listed) <= room else f"{listed[: max(room - 1, 0)]}…"
    return f"{shown} {bar.failed}".rstrip()


def _legend(panels: Sequence[Panel]) -> str:
    """Name the colours that occur."""
    bars = [bar for panel in panels for bar in panel.bars]
    seen = {place for bar in bars for place, _, _ in bar.segments()}
    entries = [(phase.colour, phase.name) for n, phase in enumerate(PHASES) if n in seen]
    if any(bar.failed for bar in bars):
        entries.append((svg.FAILED, "failed"))
    x, drawn = 0, ""
    for colour, name in entries:
        drawn += f"<path fill='{colour}' d='M{x},4h11v11h-11z'/>{svg.text(x + 16, 14, name)}"
        x += 34 + 7 * len(name)
    return drawn


def _axis(span_s: float, left: int, bottom: int) -> str:
    """Draw the seconds below, and a faint line up from each."""
    px_per_s = (_WIDTH_PX - left) / span_s
    marks = [(left + tick_s * px_per_s, words) for tick_s, words in ticks(span_s)]
    lines = "".join(f"M{x:.1f},{_LEGEND_PX}V{bottom}" for x, _ in marks)
    return f"<path stroke='{svg.INK}' stroke-opacity='.3' d='{lines}'/>" + "".join(
        svg.text(round(x), bottom + 16, words, _anchor(x)) for x, words in marks
    )


def _anchor(x: float) -> str:
    """Keep what stands at the ends of the axis within the picture."""
    if x < _SCALE_PX // 2:
        return ""
    return svg.END if x > _WIDTH_PX - _SCALE_PX // 2 else svg.MIDDLE
