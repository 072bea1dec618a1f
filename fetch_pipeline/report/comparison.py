"""The comparison of the two strategies, as a picture and as text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from fetch_pipeline.core.timing import ASYNC, FetchRun, Speedup
from fetch_pipeline.report import svg
from fetch_pipeline.report.words import seconds

_WIDTH_PX: Final = 340  # what the page of an asset has room for, in a window of 1400
_LABEL_PX: Final = 105
_BAR_PX: Final = 165
_ROW_PX: Final = 22
_BAR_CHARACTERS: Final = 40
_SEEN: Final = 0.01  # share of the wall time
_ALL_OF_IT: Final = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One bar: a wall time and what it is of."""

    label: str
    seconds: float
    colour: str


def measures(run: FetchRun, gain: Speedup) -> list[Measure]:
    """Return what there is to compare for one run: the baseline, the run, the bound, courtesy."""
    if run.strategy != ASYNC:
        return [Measure(label="one at a time", seconds=run.wall_s, colour=svg.SEQUENTIAL)]
    baseline = "one at a time" if gain.measured else "one by one, est."
    return [
        Measure(label=baseline, seconds=gain.baseline_s, colour=svg.SEQUENTIAL),
        Measure(label=f"{run.concurrency} at once", seconds=run.wall_s, colour=svg.ASYNC),
        Measure(label="ideal", seconds=run.ideal_s, colour=svg.IDEAL),
        *_courtesy(run),
    ]


def _courtesy(run: FetchRun) -> list[Measure]:
    """Return what of the ideal politeness asks for, where that is seen at all."""
    if run.courtesy_s < _SEEN * run.wall_s:
        return []
    return [Measure(label="courtesy", seconds=run.courtesy_s, colour=svg.INK)]


def comparison_picture(run: FetchRun, gain: Speedup) -> str:
    """Return a Markdown image of the bars, below 1000 characters: longer ones are not shown inline.

    https://github.com/dagster-io/dagster shows longer Markdown behind a link (checked on 1.13.27).
    """
    rows = measures(run, gain)
    longest = max(row.seconds for row in rows) or 1.0
    headline = _headline(run, gain)
    parts = [_bar(number, row, longest) for number, row in enumerate(rows)]
    height = (len(rows) + 1) * _ROW_PX
    said = svg.text(0, height - 6, headline)
    return svg.image("comparison", svg.svg(_WIDTH_PX, height, *parts, said))


def comparison_text(run: FetchRun, gain: Speedup) -> str:
    """Return the comparison for a terminal, several lines, without a newline at the end."""
    rows = measures(run, gain)
    longest = max(row.seconds for row in rows) or 1.0
    return "\n".join(
        [
            f"{run.asset}: {run.urls} URLs, {run.fetched} fetched, {run.failed} failed",
            *(_text_bar(row, longest) for row in rows if run.fetched),
            f"  {_headline(run, gain)}",
        ]
    )


def _headline(run: FetchRun, gain: Speedup) -> str:
    if run.strategy != ASYNC:
        return "no concurrent run to compare with yet"
    if not run.fetched:
        return "not one page was fetched: nothing to compare"
    times, way = (gain.factor, "faster") if gain.factor >= 1 else (1 / gain.factor, "slower")
    polite = run.courtesy_s >= _ALL_OF_IT * run.wall_s
    how = "at the limit of a host" if polite else f"{run.efficiency:.0%} of ideal"
    return f"{times:.1f} x {way} ({gain.source}), {how}"


def _bar(number: int, row: Measure, longest: float) -> str:
    top, width = number * _ROW_PX, max(1, round(row.seconds / longest * _BAR_PX))
    return (
        svg.text(0, top + 15, row.label)
        + f"<path fill='{row.colour}' d='M{_LABEL_PX},{top + 3}h{width}v15h-{width}z'/>"
        + svg.text(_LABEL_PX + width + 6, top + 15, seconds(row.seconds))
    )


def _text_bar(row: Measure, longest: float) -> str:
    bar = "█" * max(1, round(row.seconds / longest * _BAR_CHARACTERS))
    return f"  {row.label:<16} {seconds(row.seconds):>9}  {bar}"
