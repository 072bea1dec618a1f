"""What a fetch took, and what it could have taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Final

# The strategies; only `concurrency` differs.
SEQUENTIAL: Final = "sequential"
ASYNC: Final = "async"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageTimes:
    """The times of the pages of one fetch, summed up; all in seconds.

    Attributes:
        slowest_s: The longest.
        p50_s: Half of the pages took at most this long.
        p95_s: 95 % took at most this long.
        p99_s: 99 % took at most this long.
    """

    slowest_s: float = 0.0
    p50_s: float = 0.0
    p95_s: float = 0.0
    p99_s: float = 0.0


def ideal_s(*, busy_s: float, concurrency: int, longest_s: float, courtesy_s: float) -> float:
    """Return a bound no schedule beats: all workers always busy, the longest page, or courtesy.

    Args:
        busy_s: Of all pages together, without waiting for their turn.
        concurrency: Workers.
        longest_s: Of one page, without waiting for its turn.
        courtesy_s: Of the requests to one host, within its limits.
    """
    return max(busy_s / concurrency, longest_s, courtesy_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchRun:
    """What one stored fetch was and took; the columns are documented in `store.tables`."""

    run_id: str
    asset: str
    strategy: str
    started_at: datetime
    concurrency: int
    urls: int
    fetched: int
    failed: int
    requested: int
    not_modified: int
    wall_s: float
    busy_s: float
    courtesy_s: float
    slowest_s: float
    ideal_s: float
    p50_s: float
    p95_s: float
    p99_s: float
    pages_per_s: float
    body_bytes: int
    cpu_s: float
    peak_rss_bytes: int
    list_sha256: str
    pace_sha256: str

    @property
    def work(self) -> tuple[str, int, int, str]:
        """What must be equal for the concurrency to be what makes the difference of two runs.

        That is the list, how much of it was asked for, and within which limits.
        """
        return self.list_sha256, self.requested, self.not_modified, self.pace_sha256

    @property
    def efficiency(self) -> float:
        """How near the fetch came to the bound no schedule beats: 1 is perfect."""
        return self.ideal_s / self.wall_s if self.wall_s else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speedup:
    """How many times faster than one page at a time, and how we know.

    Attributes:
        factor: 1 for no gain; never infinite.
        baseline_s: Wall seconds one page at a time took, or would have taken.
        measured: Whether a sequential run that did the same work was there to compare with; else
            the pages' own seconds are added up, or the limits of the hosts if those take longer.
    """

    factor: float
    baseline_s: float
    measured: bool

    @property
    def source(self) -> str:
        """The word of the table."""
        return "measured" if self.measured else "estimated"


def speedup(run: FetchRun, sequential: FetchRun | None) -> Speedup:
    """Compare `run` with a sequential run that did the same work, or with the least it would take.

    One at a time owes the hosts the same courtesy; without it, politeness would look like a loss.
    """
    measured = sequential is not None and sequential.work == run.work
    least_s = max(run.busy_s, run.courtesy_s)
    baseline_s = sequential.wall_s if sequential and measured else least_s
    factor = baseline_s / run.wall_s if run.wall_s and run.requested else 1.0
    return Speedup(factor=factor, baseline_s=baseline_s, measured=measured)


def summarize(elapsed_s: Sequence[float]) -> PageTimes:
    """Sum up the `elapsed_s` of the pages that were asked for, in any order."""
    if not elapsed_s:
        return PageTimes()
    ordered = sorted(elapsed_s)
    return PageTimes(
        slowest_s=ordered[-1],
        p50_s=_percentile(ordered, 50),
        p95_s=_percentile(ordered, 95),
        p99_s=_percentile(ordered, 99),
    )


def _percentile(ordered: Sequence[float], percent: int) -> float:
    """Nearest rank: a value that occurred, never one in between."""
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]
