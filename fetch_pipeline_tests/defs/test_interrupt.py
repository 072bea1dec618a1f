"""Cancelling a coroutine on a signal."""

import asyncio
import os
import signal
import threading

import pytest
from dagster import DagsterExecutionInterruptedError

from fetch_pipeline.defs.interrupt import interruptible


async def interrupted(number: signal.Signals, cleaned: list[str]) -> None:
    """Send ourselves a signal while a task group is at work."""

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append("awaited")

    async with interruptible(), asyncio.TaskGroup() as group:
        group.create_task(work())
        await asyncio.sleep(0)
        os.kill(os.getpid(), number)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_body_and_lets_it_clean_up(number: signal.Signals) -> None:
    """`finally` blocks may await; afterwards the handlers are what they were."""
    before = signal.getsignal(number)
    cleaned: list[str] = []

    with pytest.raises(DagsterExecutionInterruptedError):
        asyncio.run(interrupted(number, cleaned))

    assert cleaned == ["awaited"]
    assert signal.getsignal(number) == before


def test_a_signal_is_never_a_success() -> None:
    """Not even when the body caught its cancellation and went on."""

    async def stubborn() -> None:
        async with interruptible():
            os.kill(os.getpid(), signal.SIGTERM)
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return

    with pytest.raises(DagsterExecutionInterruptedError):
        asyncio.run(stubborn())


def test_other_errors_pass_through() -> None:
    """A bug is a bug, and a cancellation from elsewhere is not an interrupt."""

    async def buggy(error: BaseException) -> None:
        async with interruptible():
            raise error

    with pytest.raises(KeyError):
        asyncio.run(buggy(KeyError("x")))
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(buggy(asyncio.CancelledError()))


def test_outside_the_main_thread_there_are_no_signals() -> None:
    """The body runs as it is: Python delivers signals to the main thread only."""
    ran = []

    async def body() -> None:
        async with interruptible():
            ran.append(threading.current_thread().name)

    thread = threading.Thread(target=lambda: asyncio.run(body()), name="elsewhere")
    thread.start()
    thread.join()

    assert ran == ["elsewhere"]
