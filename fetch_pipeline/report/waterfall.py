"""The waterfall: every page a bar from its start to its end.

One at a time makes a staircase, all at once a wall; the last bar to end is what the run waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from fetch_pipeline.report import svg
from fetch_pipeline.report.comparison import seconds

MOST_BARS: Final = 250
"""Bars of one panel; of a longer list, every n-th page is shown."""

_PANEL_PX: Final = 320
_GAP_PX: Final = 24
_HEIGHT_PX: Final = 200
_HEADER_PX: Final = 18
_AXIS_PX: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One page on the time axis of its fetch.

    Attributes:
        start_s: From the start of the first page to the start of this one.
        elapsed_s: From there to its end.
        fetched: Whether it came whole.
    """

    start_s: float
    elapsed_s: float
    fetched: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One strategy: its bars in the order of their starts; of `every` pages one is shown."""

    title: str
    every: int
    colour: str
    bars: Sequence[Bar]


def waterfall_picture(*panels: Panel) -> str:
    """Return a Markdown image of the panels side by side on one scale of time; below 50 kB."""
    span_s = max((bar.start_s + bar.elapsed_s for panel in panels for bar in panel.bars), default=0)
    width = len(panels) * (_PANEL_PX + _GAP_PX) - _GAP_PX
    height = _HEADER_PX + _HEIGHT_PX + _AXIS_PX
    parts = [
        f"<g transform='translate({number * (_PANEL_PX + _GAP_PX)},0)'>"
        f"{_panel(panel, span_s or 1.0)}</g>"
        for number, panel in enumerate(panels)
    ]
    return svg.image("waterfall", svg.svg(width, height, *parts))


def _panel(panel: Panel, span_s: float) -> str:
    bottom = _HEADER_PX + _HEIGHT_PX
    sampled = f", every {panel.every}th page" if panel.every > 1 else ""
    step = _HEIGHT_PX / max(len(panel.bars), 1)
    rows = list(enumerate(panel.bars))
    return (
        svg.text(0, 12, f"{panel.title}{sampled}")
        + f"<text x='{_PANEL_PX - 62}' y='12' fill='{svg.FAILED}'>red: failed</text>"
        + _bars([row for row in rows if row[1].fetched], panel.colour, step, span_s)
        + _bars([row for row in rows if not row[1].fetched], svg.FAILED, step, span_s)
        + f"<path stroke='{svg.INK}' d='M0,{bottom}h{_PANEL_PX}'/>"
        + svg.text(0, bottom + 13, "0 s")
        + svg.text(_PANEL_PX - 36, bottom + 13, seconds(span_s))
    )


def _bars(rows: Sequence[tuple[int, Bar]], colour: str, step: float, span_s: float) -> str:
    """Draw all bars of one colour as one path: a picture of 250 bars has 4 kB, not 20."""
    if not rows:
        return ""
    scale = _PANEL_PX / span_s
    moves = "".join(
        f"M{bar.start_s * scale:.1f},{_HEADER_PX + (number + 0.5) * step:.1f}"
        f"h{max(bar.elapsed_s * scale, 1):.1f}"
        for number, bar in rows
    )
    return f"<path stroke='{colour}' stroke-width='{min(step * 0.8, 8):.2f}' d='{moves}'/>"
