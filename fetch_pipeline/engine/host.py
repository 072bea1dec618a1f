"""One host: what waits for it, whether it may be asked for it, and when."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from itertools import count
from typing import Final, TypeAlias

from fetch_pipeline.core.outcome import FailureKind
from fetch_pipeline.core.permits import LONG_AGO, NEVER, Permits
from fetch_pipeline.core.plan import Target
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.robots import Refusal, Rules, robots_href

Load: TypeAlias = Callable[[int], Sequence[Target]]
"""Returns the next listed targets of a host, after a line."""

_numbers: Final = count()

# A page that was begun takes some kB until it ends: a host that leads to a slower one must wait.
_MOST_AWAY: Final = 100


class Waiting:
    """A heap of pages by when they may be asked; those of one moment in the order they came."""

    def __init__(self) -> None:
        self._pages: list[tuple[float, int, Page]] = []

    def add(self, page: Page, not_before: float) -> None:
        """Let a page wait."""
        heappush(self._pages, (not_before, next(_numbers), page))

    def next_at(self) -> float:
        """Return when the first may be asked; never, when there is none."""
        return self._pages[0][0] if self._pages else NEVER

    def due(self, now: float) -> bool:
        """Tell whether the first may be asked."""
        return bool(self._pages) and self._pages[0][0] <= now

    def pop(self) -> Page:
        """Take the first."""
        return heappop(self._pages)[2]


class Host:
    """The queue of one host key.

    Without rules, a host is asked for nothing but robots.txt, its own or what another host's leads
    to: those that wait for rules of each other would wait for ever.

    Attributes:
        key: Scheme, host and port.
        permits: When it may be asked.
        rules: What robots.txt says; null while that is not known.
        waiting: How many pages wait, those not yet loaded included.
        away: How many of its pages wait at hosts that they were led to.
        heaped_at: Its place in the ready heap, which that keeps; null for none.
        heaped_s: By how long it was thought to take there; infinite before its time has come.
    """

    def __init__(self, key: str, permits: Permits, rules: Rules | None) -> None:
        self.key, self.permits, self.rules = key, permits, rules
        # Those that were asked for before: led here, or to be asked again.
        self._pages, self._robots = Waiting(), Waiting()
        self.waiting = self.away = 0
        self.heaped_at: float | None = None
        self.heaped_s = float("inf")
        self._listed: deque[Target] = deque()
        self._unloaded = self._line = 0
        self._load: Load = lambda _: ()
        self._asked_for_rules = rules is not None

    def list_targets(self, targets: int, load: Load) -> None:
        """Note that so many targets are listed, and how to get them."""
        self._unloaded, self._load = targets, load
        self.waiting += targets
        self._ask_for_rules()

    def let_wait(self, page: Page, not_before: float) -> None:
        """Queue what was asked for before, here or at another host."""
        self.waiting += 1
        if page.robots:
            self._robots.add(page, not_before)
        else:
            self._pages.add(page, not_before)
            self._ask_for_rules()

    def learn(self, rules: Rules, *, longest_s: float) -> None:
        """Note what robots.txt says; `longest_s` is the longest gap it may ask for."""
        if rules.crawl_delay_s > longest_s:
            asked = (
                f"robots.txt asks for {rules.crawl_delay_s:.0f} s between two requests, "
                f"max_cooldown_s is {longest_s:g}"
            )
            rules = Rules(refusal=(FailureKind.REFUSED_ROBOTS, asked))
        self.rules = rules
        self.permits.slow_down(rules.crawl_delay_s)

    def ready_at(self) -> float | None:
        """Return when it has something to ask for and may be asked; null if not by itself."""
        if not self.waiting:
            return None
        if self.permits.down:
            return LONG_AGO
        permit_at, page_at = self.permits.next_at(), self._page_at()
        if permit_at is None or page_at == NEVER:
            return None
        return max(permit_at, page_at)

    def forget_rules(self) -> None:
        """Ask for robots.txt again before the next page: parsed it takes a dozen times the file."""
        self.rules, self._asked_for_rules = None, False

    def least_s(self) -> float:
        """Return the seconds that what waits will take, for all that is known of the host.

        Zero where nothing is asked for, and for a host in trouble: that is asked when no other is
        ready, for its answers may be timeouts that hold up a worker each.
        """
        refused = self.permits.down or (self.rules and self.rules.refusal)
        return 0.0 if refused or self.permits.in_trouble else self.waiting * self.permits.pace_s()

    def take(self, now: float, *, chance: float) -> Page:
        """Return what is asked for next, with the permit taken, or with the reason why it is not.

        To be called from `ready_at` on.
        """
        page = self._pop(now)
        page.asked = self.key
        refusal = self._refuse(page)
        if refusal:
            page.refusal = page.stopped(*refusal)
        else:
            page.asked_at = now
            self.permits.begin(now, chance=chance)
        return page

    def _ask_for_rules(self) -> None:
        """Queue robots.txt, once, before the first page: it is not worth a request without one."""
        if not self._asked_for_rules:
            self._asked_for_rules = True
            target = Target(line=0, href=robots_href(self.key), host=self.key)
            self.let_wait(Page(target=target, robots=True), LONG_AGO)

    def _page_at(self) -> float:
        if self.rules is None:
            return self._robots.next_at()
        if (self._listed or self._unloaded) and self.away < _MOST_AWAY:
            return LONG_AGO
        return min(self._robots.next_at(), self._pages.next_at())

    def _pop(self, now: float) -> Page:
        """Take robots.txt before pages, and what was begun before what was not."""
        self.waiting -= 1
        now = NEVER if self.permits.down else now
        if self._robots.due(now):
            return self._robots.pop()
        if self._pages.due(now):
            return self._pages.pop()
        if not self._listed:
            self._refill()
        return Page(target=self._listed.popleft())

    def _refill(self) -> None:
        targets = self._load(self._line)
        if not targets:
            msg = f"{self._unloaded} targets of {self.key} after line {self._line} are gone"
            raise LookupError(msg)
        self._listed.extend(targets)
        self._unloaded -= len(targets)
        self._line = targets[-1].line

    def _refuse(self, page: Page) -> Refusal | None:
        if self.permits.down:
            return FailureKind.HOST_DOWN, f"{self.key} gets no further request: {self.permits.down}"
        return None if page.robots or self.rules is None else self.rules.refuse(page.href)
