"""The crew: workers, waiting and the deadline, over a fake request."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from fetch_pipeline.core.outcome import Outcome
from fetch_pipeline.core.plan import ListedTargets, Target
from fetch_pipeline.core.politeness import UNLIMITED, Politeness
from fetch_pipeline.engine.crew import Ask, Crew
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.scheduler import Scheduler
from fetch_pipeline_tests.fetching import Rows
from fetch_pipeline_tests.simulated import PAGE, SILENT, pages

AT_ONCE = replace(UNLIMITED, per_host_delay_s=0.0)


async def fetch(  # noqa: PLR0913 - each test turns one or two
    targets: list[Target],
    ask: Ask,
    *,
    politeness: Politeness = AT_ONCE,
    concurrency: int = 3,
    max_attempts: int = 1,
    books: Rows | None = None,
) -> tuple[Rows, bool]:
    """Let a crew fetch; return its books, and whether it came to the end."""
    books = books or Rows()
    scheduler = Scheduler(
        ListedTargets(targets), politeness, max_attempts=max_attempts, obey_robots=False
    )
    crew = Crew(scheduler, ask=ask, books=books, token="")
    return books, await crew.run(concurrency, deadline_s=politeness.deadline_s)


async def ask_at_once(page: Page) -> Outcome:
    """Fetch nothing, but let others go on."""
    page.begin()
    await asyncio.sleep(0)
    return replace(PAGE, timing=page.timing())


@pytest.mark.parametrize("concurrency", [1, 3, 50])
def test_no_more_pages_in_flight_than_workers(concurrency: int) -> None:
    """The crew fills to its size and never beyond, and drops no target."""
    in_flight, peak = 0, 0

    async def ask(page: Page) -> Outcome:
        nonlocal in_flight, peak
        in_flight += 1
        peak = max(peak, in_flight)
        outcome = await ask_at_once(page)
        in_flight -= 1
        return outcome

    books, whole = asyncio.run(fetch(pages(a=200), ask, concurrency=concurrency))

    assert peak == concurrency
    assert (len(books.rows), whole) == (200, True)


def test_a_worker_that_waits_is_woken_by_what_another_one_brings() -> None:
    """A page that is led on, and a retry, are new work for those who found none."""
    seen: list[str] = []

    async def ask(page: Page) -> Outcome | None:
        seen.append(page.href)
        outcome = await ask_at_once(page)
        if len(seen) == 1 and page.attempt:
            page.attempt.follow(page.attempt.hops[0]._replace(href="http://b/", host="http://b"))
            return None
        return outcome if page.attempts > 1 else SILENT

    books, _ = asyncio.run(
        asyncio.wait_for(fetch(pages(a=1), ask, concurrency=9, max_attempts=2), 20)
    )

    assert seen == ["http://a/0", "http://b/", "http://a/0"]
    assert [row["attempts"] for row in books.rows] == [2]


def test_hosts_that_become_ready_one_after_the_other_are_all_asked() -> None:
    """The alarm is set anew for each of them, whoever is busy meanwhile."""
    delayed = replace(UNLIMITED, per_host_delay_s=0.01, per_host_concurrency=1)
    books, whole = asyncio.run(
        asyncio.wait_for(
            fetch(
                pages(**{f"h{n}": 5 for n in range(20)}),
                ask_at_once,
                politeness=delayed,
                concurrency=4,
            ),
            20,
        )
    )

    assert (len(books.rows), whole) == (100, True)


def test_a_bug_stops_the_crew() -> None:
    """An unexpected exception is no outcome: it ends the run, and nobody is left working."""
    cancelled = []

    async def ask(page: Page) -> Outcome:
        if page.target.line == 1:
            await asyncio.sleep(0)
            raise KeyError(page.href)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(page.target.line)
            raise
        return PAGE

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(fetch(pages(a=3), ask))

    assert caught.group_contains(KeyError)
    assert sorted(cancelled) == [2, 3]


def test_the_deadline_ends_what_is_in_flight_and_what_waits() -> None:
    """Those that were begun have a row with their attempts; the rest is for the store to tell."""
    tries: Counter[str] = Counter()

    async def ask(page: Page) -> Outcome:
        page.begin()
        tries[page.href] += 1
        if page.target.line == 1:
            return SILENT  # waits for its retry when the end comes
        await asyncio.Event().wait()
        return PAGE

    ends = replace(UNLIMITED, deadline_s=0.05, per_host_concurrency=2)
    books, whole = asyncio.run(
        asyncio.wait_for(fetch(pages(a=9), ask, politeness=ends, max_attempts=3), 20)
    )

    assert not whole
    assert {row["outcome"] for row in books.rows} == {"not_reached"}
    assert {row["detail"] for row in books.rows} == {
        "the deadline of 0.05 s came first",
        "the deadline of 0.05 s came first (attempt 1: silence)",
    }
    assert sum(row["attempts"] for row in books.rows) == sum(tries.values())
    assert 2 <= len(books.rows) < 9


def test_a_timeout_of_somebody_else_is_not_the_deadline() -> None:
    """It is a bug, and must not pass for the end of the time."""

    async def ask(_: Page) -> Outcome:
        raise TimeoutError

    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(fetch(pages(a=1), ask, politeness=replace(AT_ONCE, deadline_s=60)))

    assert caught.group_contains(TimeoutError)


def test_the_books_get_the_progress_at_the_end() -> None:
    """However short the fetch was."""
    books, _ = asyncio.run(fetch(pages(a=7), ask_at_once))

    assert [progress.ended for progress in books.progress] == [7]


def test_a_crew_of_nobody_is_refused() -> None:
    """The value stands in the message."""
    with pytest.raises(ValueError, match="not 0"):
        asyncio.run(fetch([], ask_at_once, concurrency=0))


def test_an_empty_list_is_done_at_once() -> None:
    """Nobody waits for what will not come."""
    books, whole = asyncio.run(asyncio.wait_for(fetch([], ask_at_once), 20))

    assert (books.rows, whole) == ([], True)
