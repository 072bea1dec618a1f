"""Leave to ask one host: how many times at once, how soon again, and when no more.

Rules of this file:

1. Nothing waits here: the clock and the dice are handed in.
2. The gap between two requests is counted from start to start. What the host asked for, and the
   pause after failures, count from the end of the request that told us.
"""

from __future__ import annotations

from typing import Final

from fetch_pipeline.core.outcome import Failed, Outcome
from fetch_pipeline.core.politeness import (
    AUTO,
    FIRST_DELAY_S,
    Politeness,
    adapted_delay_s,
    blames_host,
    gap_s,
    host_pause_s,
)
from fetch_pipeline.core.retry import cooldown_s, within_budget

LONG_AGO: Final = float("-inf")
NEVER: Final = float("inf")


class Took:
    """How long requests took, on average."""

    def __init__(self) -> None:
        self.requests = 0
        self.busy_s = 0.0

    def note(self, seconds: float) -> None:
        """Take one more."""
        self.requests += 1
        self.busy_s += seconds

    def mean_s(self) -> float:
        """Return the mean; 0 while nothing is known."""
        return self.busy_s / self.requests if self.requests else 0.0


class Permits:
    """The state of one host.

    Args:
        politeness: What limits its requests.
        deadline: Moment after which nothing is asked at all.
        took: By requests to all hosts: of this one as well as long as nothing else is known.
    """

    def __init__(self, politeness: Politeness, *, deadline: float, took: Took) -> None:
        self.in_flight = 0
        self.down: str | None = None
        """Why the host gets no further request; null while it may."""
        self._politeness, self._deadline = politeness, deadline
        delay_s = politeness.per_host_delay_s
        self._delay_s = FIRST_DELAY_S if delay_s == AUTO else delay_s
        self._crawl_delay_s = 0.0
        self._started_at = self._next_at = self._paused_at = LONG_AGO
        self._failures = self._pauses = 0
        self._requests = self._retries = 0
        self._gaps_s = 0.0
        self._took, self._all_took = Took(), took

    @property
    def in_trouble(self) -> bool:
        """Whether its last request failed."""
        return self._failures > 0

    @property
    def courtesy_s(self) -> float:
        """The least time its requests so far could take within its limits, however scheduled."""
        limit = self._politeness.per_host_concurrency
        return max(self._gaps_s, self._took.busy_s / limit if limit else 0.0)

    def next_at(self) -> float | None:
        """Return when the next request may begin; null until one of those in flight has ended."""
        limit = 1 if self._pauses else self._politeness.per_host_concurrency
        return None if limit and self.in_flight >= limit else self._next_at

    def is_at_rest(self, now: float) -> bool:
        """Tell whether nothing is known of the host that would keep anybody from asking it."""
        return self.down is None and self._next_at <= now

    def gap_s(self) -> float:
        """Return the gap between two requests as it is now, without jitter."""
        return max(self._delay_s, self._crawl_delay_s)

    def pace_s(self) -> float:
        """Return the seconds that each further request takes, with as many at once as may be."""
        limit = self._politeness.per_host_concurrency
        took = self._took if self._took.requests else self._all_took
        return max(self.gap_s(), took.mean_s() / limit if limit else 0.0)

    def slow_down(self, crawl_delay_s: float) -> None:
        """Keep at least this gap from now on, also to the request that began last."""
        self._crawl_delay_s = crawl_delay_s
        self._next_at = max(self._next_at, self._started_at + crawl_delay_s)

    def begin(self, now: float, *, chance: float) -> None:
        """Take the permit that `next_at` promised.

        Args:
            now: The present.
            chance: A random number in [0, 1).
        """
        if self._requests:
            self._gaps_s += self._next_at - self._started_at
        self.in_flight += 1
        self._requests += 1
        self._started_at = now
        self._next_at = now + gap_s(self._delay_s, self._crawl_delay_s, chance=chance)

    def end(self, outcome: Outcome | None, *, began_at: float, now: float) -> None:
        """Give the permit back, and learn from how the request ended; null when it was led on."""
        self.in_flight -= 1
        self._took.note(now - began_at)
        self._all_took.note(now - began_at)
        if self._politeness.per_host_delay_s == AUTO:
            self._delay_s = adapted_delay_s(self._delay_s, now - began_at, outcome)
        if outcome is None or not blames_host(outcome):
            self._failures = self._pauses = 0
        else:
            self._note_trouble(outcome, began_at, now)

    def retry(self) -> bool:
        """Tell whether the host may be asked again for what it failed at, and count it if so."""
        allowed = self.down is None and within_budget(self._retries, self._requests)
        self._retries += allowed
        return allowed

    def _note_trouble(self, outcome: Outcome, began_at: float, now: float) -> None:
        asked_s = cooldown_s(outcome)
        if asked_s is not None:
            self._stay_away(asked_s, now)
        self._failures += 1
        most = self._politeness.max_host_failures
        # Those that were in flight when the pause began are no news.
        if most is None or began_at < self._paused_at:
            return
        if self._pauses or self._failures >= most:
            self._pause(outcome, now)

    def _stay_away(self, asked_s: float, now: float) -> None:
        longest_s = self._politeness.max_cooldown_s
        if asked_s > longest_s:
            self.down = (
                f"it asked to be left alone for {asked_s:.0f} s, max_cooldown_s is {longest_s:g}"
            )
        elif now + asked_s > self._deadline:
            self.down = f"it asked to be left alone for {asked_s:.0f} s, until after deadline_s"
        self._next_at = max(self._next_at, now + asked_s)

    def _pause(self, outcome: Outcome, now: float) -> None:
        if self._pauses >= self._politeness.max_host_pauses:
            last = outcome.detail if isinstance(outcome, Failed) else ""
            self.down = f"it failed {self._failures} times in a row, at last with: {last}"
            return
        self._pauses += 1
        self._paused_at = now
        self._next_at = max(self._next_at, now + host_pause_s(self._pauses))
