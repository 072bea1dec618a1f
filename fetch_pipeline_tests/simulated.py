"""A fetch without a network or a second of waiting: the scheduler, a clock, and made-up pages."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush
from itertools import pairwise

from fetch_pipeline.core.outcome import (
    Body,
    Failed,
    FailureKind,
    Fetched,
    Head,
    Outcome,
    Timing,
)
from fetch_pipeline.core.plan import ListedTargets, Target
from fetch_pipeline.core.politeness import UNLIMITED, Politeness
from fetch_pipeline.core.redirect import Hop
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.robots import NO_RULES, Rules
from fetch_pipeline.engine.scheduler import Scheduler

PAGE = Fetched(
    head=Head(status=200, final_url=""),
    body=Body(wire_bytes=0, body_bytes=0),
    timing=Timing(attempts=1),
)
SILENT = Failed(kind=FailureKind.TIMEOUT, detail="silence", timing=Timing(), transient=True)


def status(code: int, retry_after_s: float | None = None) -> Failed:
    """Make an error page."""
    head = Head(status=code, final_url="", retry_after_s=retry_after_s)
    return Failed(kind=FailureKind.HTTP_ERROR, detail=f"status {code}", timing=Timing(), head=head)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request meets.

    Attributes:
        takes_s: How long it is under way.
        outcome: How its attempt ends.
        leads_to: The URL and host key of a redirect; then there is no outcome yet.
        rules: What the host's robots.txt says, where that was asked for.
    """

    takes_s: float = 0.1
    outcome: Outcome = PAGE
    leads_to: tuple[str, str] | None = None
    rules: Rules = NO_RULES


@dataclass(slots=True)
class Books:
    """What the hosts saw.

    Attributes:
        starts: When each request to a host began, by host key.
        asked: What was asked for, in order.
        most_at_once: Most requests in flight at a host at one moment.
        outcomes: By line.
        ended_at: When the last request ended.
        scheduler: That decided.
    """

    scheduler: Scheduler
    starts: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    asked: list[str] = field(default_factory=list)
    most_at_once: Counter[str] = field(default_factory=Counter)
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    ended_at: float = 0.0

    def gaps(self, host: str) -> list[float]:
        """Return the seconds between the starts of a host."""
        starts = self.starts[host]
        return [round(after - before, 6) for before, after in pairwise(starts)]

    def words(self) -> Counter[str]:
        """Count the outcomes."""
        return Counter(
            outcome.kind.value if isinstance(outcome, Failed) else "fetched"
            for outcome in self.outcomes.values()
        )


def pages(**per_host: int) -> list[Target]:
    """Make so many targets per host, in turns."""
    rounds = range(max(per_host.values(), default=0))
    names = [(host, n) for n in rounds for host, count in per_host.items() if n < count]
    return [
        Target(line=line, href=f"http://{host}/{n}", host=f"http://{host}")
        for line, (host, n) in enumerate(names, 1)
    ]


def simulate(  # noqa: PLR0913 - each test turns one or two
    targets: Iterable[Target],
    politeness: Politeness = UNLIMITED,
    answer: Callable[[str, int], Answer] = lambda _, __: Answer(),
    *,
    workers: int = 8,
    max_attempts: int = 1,
    obey_robots: bool = False,
    chance: float = 0.5,
    deadline: float = float("inf"),
    watch: Callable[[Scheduler], None] = lambda _: None,
) -> Books:
    """Fetch with so many workers; `answer` gets the URL and how often it was asked for before."""
    scheduler = Scheduler(
        ListedTargets(targets),
        politeness,
        max_attempts=max_attempts,
        obey_robots=obey_robots,
        deadline=deadline,
    )
    books, visits = Books(scheduler), Counter[str]()
    under_way: list[tuple[float, int, Page, Answer]] = []
    at_once, now, number = Counter[str](), 0.0, 0
    while now < deadline:
        watch(scheduler)
        free = len(under_way) < workers
        page = scheduler.take(now, chance=chance) if free else None
        if page and page.refusal:
            _settle(books, page, Answer(outcome=page.refusal), now, chance)
        elif page:
            page.begin()
            met = answer(page.href, visits[page.href])
            visits[page.href] += 1
            books.asked.append(page.href)
            books.starts[page.asked].append(now)
            at_once[page.asked] += 1
            books.most_at_once[page.asked] = max(
                books.most_at_once[page.asked], at_once[page.asked]
            )
            number += 1
            heappush(under_way, (now + met.takes_s, number, page, met))
        elif scheduler.finished:
            break
        else:
            wake_at = scheduler.wake_at() if free else float("inf")
            if under_way and under_way[0][0] <= wake_at:
                now, _, page, met = heappop(under_way)
                at_once[page.asked] -= 1
                _settle(books, page, met, now, chance)
                books.ended_at = now
            else:
                assert wake_at < float("inf"), "nobody would ever wake up"
                now = max(now, wake_at)
    return books


def _settle(books: Books, page: Page, met: Answer, now: float, chance: float) -> None:
    outcome: Outcome | None = met.outcome
    if met.leads_to and page.attempt:
        page.attempt.follow(Hop(*met.leads_to))
        outcome = None
    ended = books.scheduler.settle(page, outcome, now=now, chance=chance)
    if ended is None:
        return
    if page.robots:
        rules = met.rules
        if page.refusal and isinstance(page.refusal, Failed):
            rules = Rules(refusal=(page.refusal.kind, page.refusal.detail))
        books.scheduler.learn(page, rules)
    else:
        assert page.target.line not in books.outcomes, "a target ends once"
        books.outcomes[page.target.line] = replace(ended, timing=page.timing())
