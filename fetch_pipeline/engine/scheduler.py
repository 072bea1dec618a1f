"""Which page is asked for next.

A worker only ever gets a page whose host is ready, so a host that is slow, paused or limited holds
nobody up. Of the ready ones that comes first whose waiting pages will take longest, for all that is
known of it: for that one the whole fetch will wait in the end (longest processing time first,
https://doi.org/10.1137/0117039). Hosts that nobody has asked yet are taken up in the same order,
and not too many ahead of time: few of a million are in memory.
"""

from __future__ import annotations

from functools import partial
from typing import Final

from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome
from fetch_pipeline.core.permits import LONG_AGO, NEVER
from fetch_pipeline.core.plan import Target, Targets
from fetch_pipeline.core.politeness import Politeness, host_pause_s
from fetch_pipeline.core.progress import Progress
from fetch_pipeline.core.retry import backoff_s, may_change
from fetch_pipeline.engine.host import Host
from fetch_pipeline.engine.known_hosts import KnownHosts
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.ready_heap import ReadyHeap
from fetch_pipeline.engine.robots import Rules

_LOADED: Final = 50  # targets of one host in memory, at most
_AHEAD: Final = 2000  # hosts with work, from which on others are taken up only when none is ready


class Scheduler:
    """Decides; whoever asks does the waiting and the sending.

    Args:
        targets: What is to be fetched.
        politeness: What limits the requests to a host, and to all.
        max_attempts: Per page.
        obey_robots: Whether robots.txt comes before a host's pages.
        deadline: Moment after which nothing is asked.
    """

    def __init__(
        self,
        targets: Targets,
        politeness: Politeness,
        *,
        max_attempts: int,
        obey_robots: bool,
        deadline: float = NEVER,
    ) -> None:
        self._targets, self._coming = targets, targets.hosts()
        self._next_up = next(self._coming, None)
        self._politeness, self._max_attempts = politeness, max_attempts
        self._hosts = KnownHosts(politeness, deadline=deadline, obey_robots=obey_robots)
        self._heap = ReadyHeap()
        self._unasked = self._hosts.new_permits()
        self._now = self._next_at = LONG_AGO
        self._begun: dict[int, Page] = {}
        self._ended = self._in_flight = 0

    @property
    def finished(self) -> bool:
        """Whether every target has its outcome."""
        return self._next_up is None and not self._hosts.busy

    def take(self, now: float, *, chance: float) -> Page | None:
        """Return a page to ask for, or one that is refused; null while no host is ready.

        Args:
            now: The present.
            chance: A random number in [0, 1).
        """
        host = self._next_host(now) if self._next_at <= now else None
        if host is None:
            return None
        self._now = now
        page = host.take(now, chance=chance)
        if page.refusal is None:
            self._note_begun(page, now)
            self._place(host)
        return page  # a host that refuses is placed when that is settled: others come in between

    def wake_at(self) -> float:
        """Return when `take` may have something; never, when something must end before that."""
        return self._next_at if self._next_up else max(self._heap.wake_at(), self._next_at)

    def settle(
        self, page: Page, outcome: Outcome | None, *, now: float, chance: float
    ) -> Outcome | None:
        """Note how a request ended; return the outcome of its page, or null if it is asked again.

        Args:
            page: As `take` returned it.
            outcome: Of its attempt, or why it was refused; null when it has to ask on.
            now: The present.
            chance: A random number in [0, 1).
        """
        host = self._hosts.busy[page.asked]
        if page.refusal:
            self._note_ended(page)
            self._place(host)
            return outcome
        self._in_flight -= 1
        host.permits.end(outcome, began_at=page.asked_at, now=now)
        if outcome is None:
            self._wait(page, LONG_AGO)
        elif self._may_repeat(page, outcome, host):
            page.end_attempt(outcome)
            self._wait(page, now + _pause_s(page, chance=chance))
            outcome = None
        else:
            self._note_ended(page)
        self._place(host)
        return outcome

    def learn(self, page: Page, rules: Rules) -> None:
        """Note what came of asking for the robots.txt of a host."""
        host = self._hosts.engage(page.target.host)
        host.learn(rules, longest_s=self._politeness.max_cooldown_s)
        self._place(host)

    def give_up(self, kind: FailureKind, detail: str) -> list[tuple[Target, Failed]]:
        """Return the outcomes of the pages that were begun and have none yet."""
        return [(page.target, page.stopped(kind, detail)) for page in self._begun.values()]

    def progress(self) -> Progress:
        """Return how far it has come; looks at every host that was taken up and has work."""
        least = {host: host.least_s() for host in self._hosts.busy.values()}
        slowest = max(least, key=lambda host: (least[host], host.waiting), default=None)
        return Progress(
            ended=self._ended,
            in_flight=self._in_flight,
            courtesy_s=self._hosts.courtesy_s(),
            slowest_host=slowest.key if slowest and slowest.waiting else "",
            slowest_waiting=slowest.waiting if slowest else 0,
            slowest_s=least[slowest] if slowest else 0.0,
        )

    def _note_begun(self, page: Page, now: float) -> None:
        self._in_flight += 1
        if self._politeness.requests_per_s:
            self._next_at = now + 1 / self._politeness.requests_per_s
        if not page.robots:
            self._begun[page.target.line] = page

    def _note_ended(self, page: Page) -> None:
        if page.away:
            self._note_away(page, away=False)
        if not page.robots:
            self._begun.pop(page.target.line, None)
            self._ended += 1

    def _may_repeat(self, page: Page, outcome: Outcome, asked: Host) -> bool:
        return page.attempts < self._max_attempts and may_change(outcome) and asked.permits.retry()

    def _wait(self, page: Page, not_before: float) -> None:
        """Queue a page at the host of what it asks for next."""
        self._note_away(page, away=page.host != page.target.host)
        host = self._hosts.engage(page.host)
        host.let_wait(page, not_before)
        self._place(host)

    def _note_away(self, page: Page, *, away: bool) -> None:
        """Count the page at its own host, if it is still known: that waits for too many of them."""
        home = self._hosts.busy.get(page.target.host)
        if home and away != page.away:
            home.away += 1 if away else -1
            page.away = away
            self._place(home)

    def _next_host(self, now: float) -> Host | None:
        """Take the host that comes first; null when none is ready."""
        longest_s = self._heap.longest_s(now)
        while coming := self._longer_to_come(longest_s):
            self._take_up(*coming)
            longest_s = self._heap.longest_s(now)
        return None if longest_s is None else self._heap.pop()

    def _longer_to_come(self, longest_s: float | None) -> tuple[str, int] | None:
        """Return the host to take up next where it comes before the ready ones."""
        coming = self._next_up
        if coming is None or longest_s is None:
            return coming
        longer = coming[1] * self._unasked.pace_s() > longest_s
        return coming if longer and len(self._hosts.busy) < _AHEAD else None

    def _take_up(self, key: str, targets: int) -> None:
        self._next_up = next(self._coming, None)
        host = self._hosts.engage(key)
        load = partial(self._targets.of_host, key, limit=_LOADED)
        host.list_targets(targets, lambda line: load(after_line=line))
        self._place(host)

    def _place(self, host: Host) -> None:
        """Put the host where it belongs by now: in the heap, among the busy, or aside."""
        self._heap.place(host)
        if not host.waiting and not host.permits.in_flight:
            self._hosts.set_aside(host, self._now)


def _pause_s(page: Page, *, chance: float) -> float:
    """Return how long the page waits for its next attempt; robots.txt decides about many pages."""
    return host_pause_s(page.attempts) if page.robots else backoff_s(page.attempts, chance=chance)
