"""The crew: exact scheduling over a fake fetch."""

import asyncio
from collections.abc import Iterator

import pytest

from fetch_pipeline.core.outcome import Body, Fetched, Head, Outcome, Timing
from fetch_pipeline.core.plan import Target
from fetch_pipeline.engine.crew import run_crew

PAGE = Fetched(
    head=Head(status=200, final_url=""), body=Body(wire_bytes=0, body_bytes=0), timing=Timing()
)


def targets(count: int) -> list[Target]:
    """Make so many targets."""
    return [Target(line=line, href=f"http://a/{line}", host="http://a") for line in range(count)]


@pytest.mark.parametrize("concurrency", [1, 3, 50])
def test_no_more_pages_in_flight_than_workers(concurrency: int) -> None:
    """The crew fills to its size and never beyond, and drops no target."""
    in_flight, peak, seen = 0, 0, []

    async def fetch_one(_: Target) -> Outcome:
        nonlocal in_flight, peak
        in_flight += 1
        peak = max(peak, in_flight)
        await asyncio.sleep(0)
        in_flight -= 1
        return PAGE

    def emit(target: Target, _: Outcome) -> None:
        seen.append(target.line)

    asyncio.run(run_crew(targets(200), fetch_one=fetch_one, emit=emit, concurrency=concurrency))

    assert peak == concurrency
    assert sorted(seen) == list(range(200))


def test_targets_are_taken_only_when_a_worker_is_free() -> None:
    """A list of a hundred million lines is never read ahead."""
    taken = 0
    enough = asyncio.Event()

    def endless() -> Iterator[Target]:
        nonlocal taken
        while True:
            taken += 1
            yield Target(line=taken, href="http://a/", host="http://a")

    async def fetch_one(target: Target) -> Outcome:
        await asyncio.sleep(0)
        if target.line == 100:
            enough.set()
        return PAGE

    async def run() -> None:
        await run_crew(endless(), fetch_one=fetch_one, emit=lambda *_: None, concurrency=5)

    async def give_up() -> None:
        task = asyncio.create_task(run())
        await enough.wait()
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(give_up())
    assert taken < 100 + 4 * 5  # the workers' hands, and what they took while the word spread


def test_one_worker_goes_in_order() -> None:
    """Sequential is the same crew with one worker."""
    events = []

    async def fetch_one(target: Target) -> Outcome:
        events.append(f"fetch {target.line}")
        await asyncio.sleep(0)
        return PAGE

    def emit(target: Target, _: Outcome) -> None:
        events.append(f"emit {target.line}")

    asyncio.run(run_crew(targets(2), fetch_one=fetch_one, emit=emit, concurrency=1))

    assert events == ["fetch 0", "emit 0", "fetch 1", "emit 1"]


def test_a_bug_stops_the_crew() -> None:
    """An unexpected exception is no outcome: it ends the run, and nobody is left working."""
    cancelled = []

    async def fetch_one(target: Target) -> Outcome:
        if target.line == 0:
            await asyncio.sleep(0)
            raise KeyError(target.href)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(target.line)
            raise
        return PAGE

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(run_crew(targets(3), fetch_one=fetch_one, emit=lambda *_: None, concurrency=3))

    assert caught.group_contains(KeyError)
    assert sorted(cancelled) == [1, 2]


def test_a_crew_of_nobody_is_refused() -> None:
    """The value stands in the message."""

    async def fetch_one(_: Target) -> Outcome:
        return PAGE

    with pytest.raises(ValueError, match="not 0"):
        asyncio.run(run_crew([], fetch_one=fetch_one, emit=lambda *_: None, concurrency=0))
