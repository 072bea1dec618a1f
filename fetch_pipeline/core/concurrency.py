"""How concurrent a fetch should be, by what was measured; the answer says what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from statistics import median
from typing import Final

from fetch_pipeline.core.timing import FetchRun

AS_FAST: Final = 1.1
"""Wall times within this factor are equally fast: the same fetch varies by as much."""

_LATEST_RUNS: Final = 5  # of one concurrency: hosts and networks are not what they were in spring
_MORE_FAILURES: Final = 0.01  # share of the pages; fewer are chance


class Bound(StrEnum):
    """Which bound of `timing.ideal_s` counts; says why more workers than enough gain nothing."""

    WORKERS = "pages take longer the more are asked for at once"
    LONGEST_PAGE = "the slowest page sets the pace"
    COURTESY = "the limits of the hosts set the pace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """What was measured at one concurrency; seconds are medians of its latest runs.

    Attributes:
        concurrency: Workers.
        wall_s: Seconds a fetch took.
        runs: How many were looked at.
        failed_share: Of the listed pages, in the latest run.
        bound: What the latest run could not have been faster than.
        fails_more: Whether more pages fail than at the level at which fewest do.
    """

    concurrency: int
    wall_s: float
    runs: int
    failed_share: float
    bound: Bound
    fails_more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """The recommended concurrency and what is behind it.

    Attributes:
        levels: What was measured, by concurrency.
        chosen: The fewest workers that are as fast as any; null when one level alone was measured.
        fastest: The level with the least wall time among those that do not fail more often.
        pages: That each of the runs asked for.
        until: Start of the latest run.
    """

    levels: Sequence[Level]
    chosen: Level | None
    fastest: Level
    pages: int
    until: datetime

    def told(self) -> str:
        """Say it in a sentence or two, with the data it rests on."""
        if self.chosen is None:
            return f"nothing to choose from yet. {self._rests()}"
        return f"{self.chosen.concurrency} at once: {self._why(self.chosen)}. {self._rests()}"

    def _why(self, chosen: Level) -> str:
        """Rung by rung: what is above the chosen level, and what was never tried."""
        above = [level for level in self.levels if level.concurrency > chosen.concurrency]
        if any(level.fails_more for level in above):
            return "above that more pages fail"
        if above:
            return f"more are hardly faster, {self.fastest.bound}"
        if self.fastest.bound is Bound.WORKERS:
            return f"the most that was tried, and the fastest: try {2 * chosen.concurrency}"
        return f"the most that was tried, and more would hardly be faster: {self.fastest.bound}"

    def _rests(self) -> str:
        count = sum(level.runs for level in self.levels)
        measured = ", ".join(str(level.concurrency) for level in self.levels)
        runs = "1 run" if count == 1 else f"{count} runs"
        return f"Rests on {runs} of {self.pages} pages at {measured}, until {self.until:%Y-%m-%d}."


def advise(runs: Iterable[FetchRun]) -> Advice | None:
    """Recommend a concurrency from runs that did the same work; null without any.

    The fewest workers whose wall time is within `AS_FAST` of the least: more of them would only
    bother the hosts. A level at which more pages failed is no candidate: failing is fast. A run
    that fetched nothing says nothing.

    Args:
        runs: In any order.
    """
    ordered = sorted((run for run in runs if run.fetched), key=lambda run: run.started_at)
    if not ordered:
        return None
    levels = _marked(_levels(ordered))
    sound = [level for level in levels if not level.fails_more]
    fastest = min(sound, key=lambda level: level.wall_s)
    chosen = next(level for level in sound if level.wall_s <= fastest.wall_s * AS_FAST)
    return Advice(
        levels=levels,
        chosen=chosen if len(levels) > 1 else None,
        fastest=fastest,
        pages=ordered[-1].requested,
        until=ordered[-1].started_at,
    )


def doublings(up_to: int) -> list[int]:
    """Return 1, 2, 4 and so on, and `up_to` itself at the end."""
    powers = [2**n for n in range(up_to.bit_length()) if 2**n < up_to]
    return [*powers, up_to]


def _levels(ordered: Iterable[FetchRun]) -> list[Level]:
    """Sum up runs, oldest first, by their concurrency."""
    by_concurrency: dict[int, list[FetchRun]] = {}
    for run in ordered:
        by_concurrency.setdefault(run.concurrency, []).append(run)
    return [_level(by_concurrency[workers][-_LATEST_RUNS:]) for workers in sorted(by_concurrency)]


def _level(runs: Sequence[FetchRun]) -> Level:
    latest = runs[-1]
    return Level(
        concurrency=latest.concurrency,
        wall_s=median(run.wall_s for run in runs),
        runs=len(runs),
        failed_share=latest.failed / latest.urls if latest.urls else 0.0,
        bound=_bound(latest),
    )


def _bound(run: FetchRun) -> Bound:
    """Tell which of the three bounds of `timing.ideal_s` is the one that counts."""
    if run.ideal_s <= run.busy_s / run.concurrency:
        return Bound.WORKERS
    return Bound.COURTESY if run.ideal_s <= run.courtesy_s else Bound.LONGEST_PAGE


def _marked(levels: Sequence[Level]) -> list[Level]:
    fewest = min(level.failed_share for level in levels)
    return [
        replace(level, fails_more=level.failed_share > fewest + _MORE_FAILURES) for level in levels
    ]
