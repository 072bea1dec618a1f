"""A fixed crew of workers, each with at most one page in hand."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from random import random
from typing import Final, Protocol, TypeAlias

from fetch_pipeline.core.outcome import FailureKind, Outcome
from fetch_pipeline.core.permits import NEVER
from fetch_pipeline.core.plan import Target, Targets
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import Politeness, deadline_detail
from fetch_pipeline.core.progress import Progress
from fetch_pipeline.engine.page import Page, ask
from fetch_pipeline.engine.robots import product_token, read_rules, robots_policy
from fetch_pipeline.engine.scheduler import Scheduler
from fetch_pipeline.engine.session import open_session

Ask: TypeAlias = Callable[[Page], Awaitable[Outcome | None]]

_NOTE_S: Final = 1.0


class Books(Protocol):
    """Who takes down what becomes of the targets."""

    def emit(self, target: Target, outcome: Outcome) -> None:
        """Take one outcome, as soon as it is known."""

    def note(self, progress: Progress) -> None:
        """Take the progress, every second and at the end."""


async def fetch_all(
    targets: Targets,
    policy: FetchPolicy,
    politeness: Politeness,
    *,
    books: Books,
    concurrency: int,
) -> bool:
    """Fetch every target over one session, each outcome into the books as soon as it is known.

    Sequential fetching is `concurrency=1`: the same code, so that a comparison of the two changes
    one number and nothing else. Memory stays flat however long the list: it grows with the hosts
    that are under way.

    Args:
        targets: What to fetch. Outcomes come in the order they finish.
        policy: How a page is fetched.
        politeness: What limits the requests to a host, and to all.
        books: Take the outcomes.
        concurrency: Workers, 1 or more.

    Returns:
        Whether every target got an outcome; else the deadline came first, and only those that were
        begun have one.

    Raises:
        ValueError: `concurrency` is below 1.
        ExceptionGroup: A bug of ours; the other workers were cancelled.
    """
    of_robots = robots_policy(policy)
    scheduler = Scheduler(
        targets,
        politeness,
        max_attempts=policy.max_attempts,
        obey_robots=policy.obey_robots,
        deadline=asyncio.get_running_loop().time() + (politeness.deadline_s or NEVER),
    )
    async with open_session(policy, max_idle=concurrency) as session:

        async def ask_one(page: Page) -> Outcome | None:
            return await ask(session, page, of_robots if page.robots else policy)

        crew = Crew(scheduler, ask=ask_one, books=books, token=product_token(policy.user_agent))
        return await crew.run(concurrency, deadline_s=politeness.deadline_s)


class Crew:
    """Workers that ask for what the scheduler has ready, and wait together while there is nothing.

    Args:
        scheduler: Tells what is next.
        ask: Sends one request. Network trouble is its return value, not a raise.
        books: Take the outcomes.
        token: By which robots.txt may speak of us.
    """

    def __init__(self, scheduler: Scheduler, *, ask: Ask, books: Books, token: str) -> None:
        self._scheduler, self._ask, self._books, self._token = scheduler, ask, books, token
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._alarm: asyncio.TimerHandle | None = None

    async def run(self, concurrency: int, *, deadline_s: float | None) -> bool:
        """Let so many workers work until all is done or the deadline comes; tell which it was."""
        if concurrency < 1:
            msg = f"concurrency must be 1 or more, not {concurrency}"
            raise ValueError(msg)
        try:
            async with asyncio.timeout(deadline_s) as deadline, asyncio.TaskGroup() as crew:
                workers = [
                    crew.create_task(self._work(), name=f"fetch-worker-{number}")
                    for number in range(concurrency)
                ]
                noting = crew.create_task(self._keep_noting(), name="fetch-noting")
                await asyncio.wait(workers)
                noting.cancel()
        except TimeoutError:  # of the deadline alone: a worker's would be in a group
            self._give_up(deadline_detail(deadline_s))
        finally:
            self._stop_alarm()  # nobody is there to be woken
            self._books.note(self._scheduler.progress())
        return not deadline.expired()

    async def _work(self) -> None:
        while not self._scheduler.finished:
            page = self._scheduler.take(self._loop.time(), chance=_chance())
            if page:
                self._pass_on()
                await self._handle(page)
            elif not self._scheduler.finished:
                await self._wait()
        self._wake_one()

    async def _handle(self, page: Page) -> None:
        if page.refusal:
            await asyncio.sleep(0)  # a million of these must not keep the others from the loop
        outcome = page.refusal or await self._ask(page)
        ended = self._scheduler.settle(page, outcome, now=self._loop.time(), chance=_chance())
        if ended and page.robots:
            rules = await read_rules(
                ended, page.text, token=self._token, redirected=page.redirected
            )
            self._scheduler.learn(page, rules)
        elif ended:
            self._books.emit(page.target, ended)

    async def _wait(self) -> None:
        """Wait until somebody finds more than he can do, or until a host is ready."""
        called = self._loop.create_future()
        self._waiting.append(called)
        self._set_alarm(self._scheduler.wake_at())
        await called

    def _pass_on(self) -> None:
        """Have somebody take what is ready now, or what will be while this worker is busy."""
        if not self._waiting:
            return
        wake_at = self._scheduler.wake_at()
        if wake_at <= self._loop.time():
            self._wake_one()
        else:
            self._set_alarm(wake_at)

    def _wake_one(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)

    def _set_alarm(self, at: float) -> None:
        """Have one worker woken at `at`, unless one is woken before that."""
        if self._alarm is None or at < self._alarm.when():
            self._stop_alarm()
            self._alarm = self._loop.call_at(at, self._ring) if at < NEVER else None

    def _stop_alarm(self) -> None:
        if self._alarm:
            self._alarm.cancel()
            self._alarm = None

    def _ring(self) -> None:
        self._alarm = None
        self._wake_one()

    async def _keep_noting(self) -> None:
        while True:
            await asyncio.sleep(_NOTE_S)
            self._books.note(self._scheduler.progress())

    def _give_up(self, detail: str) -> None:
        for target, outcome in self._scheduler.give_up(FailureKind.NOT_REACHED, detail):
            self._books.emit(target, outcome)


def _chance() -> float:
    return random()  # noqa: S311 - spreads load, keeps no secret
