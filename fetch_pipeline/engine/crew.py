"""A fixed crew of workers sharing one list of targets."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeAlias

from fetch_pipeline.core.outcome import Outcome
from fetch_pipeline.core.plan import Target
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.engine.page import fetch_page
from fetch_pipeline.engine.session import open_session

FetchOne: TypeAlias = Callable[[Target], Awaitable[Outcome]]
Emit: TypeAlias = Callable[[Target, Outcome], None]


async def fetch_all(
    targets: Iterable[Target], policy: FetchPolicy, *, emit: Emit, concurrency: int
) -> None:
    """Fetch every target over one session, passing each outcome to `emit` as soon as it is known.

    Sequential fetching is `concurrency=1`: the same code, so that a comparison of the two changes
    one number and nothing else.
    """
    async with open_session(policy, max_idle=concurrency) as session:

        async def fetch_one(target: Target) -> Outcome:
            return await fetch_page(session, target.href, policy)

        await run_crew(targets, fetch_one=fetch_one, emit=emit, concurrency=concurrency)


async def run_crew(
    targets: Iterable[Target], *, fetch_one: FetchOne, emit: Emit, concurrency: int
) -> None:
    """Let `concurrency` workers take targets from one iterator until it is empty.

    Memory stays flat however long the list: a worker takes its next target only after `emit` took
    its last outcome, so at most `concurrency` pages are in flight. `targets` may be lazy.

    Args:
        targets: What to fetch. Outcomes come in the order they finish, not in this one.
        fetch_one: Fetches one target. Network trouble is its return value, not a raise.
        emit: Takes one outcome.
        concurrency: Workers, 1 or more.

    Raises:
        ValueError: `concurrency` is below 1.
        ExceptionGroup: A bug in `fetch_one` or `emit`; the other workers were cancelled.
    """
    if concurrency < 1:
        msg = f"concurrency must be 1 or more, not {concurrency}"
        raise ValueError(msg)
    waiting = iter(targets)

    async def worker() -> None:
        for target in waiting:  # shared: each next() gives a target to one worker only
            emit(target, await fetch_one(target))

    async with asyncio.TaskGroup() as crew:
        for number in range(concurrency):
            crew.create_task(worker(), name=f"fetch-worker-{number}")
