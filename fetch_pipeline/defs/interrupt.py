"""Letting SIGTERM, SIGINT and the UI's *Terminate* cancel a coroutine.

Dagster pumps coroutines with `run_until_complete` and raises out of it on a signal: the coroutine
is never cancelled, its tasks are destroyed while pending, and `finally` blocks cannot await.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

from dagster import DagsterExecutionInterruptedError

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@asynccontextmanager
async def interruptible() -> AsyncIterator[None]:
    """Cancel the body on a signal, then raise what Dagster itself raises: the run ends CANCELED.

    Outside the main thread, where Python delivers no signals, the body runs as it is.

    Raises:
        DagsterExecutionInterruptedError: A signal arrived; the body has cleaned up.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    received: list[signal.Signals] = []
    restore = _redirect_signals(received)
    try:
        yield
    except BaseException as error:  # whatever the cancelled body made of it
        if received:
            raise DagsterExecutionInterruptedError from error
        raise
    finally:
        restore()
    if received:  # too late to cancel anything, but never a success
        raise DagsterExecutionInterruptedError


def _redirect_signals(received: list[signal.Signals]) -> Callable[[], None]:
    """Let each signal note itself and cancel the current task; return what undoes that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    saved = {number: signal.getsignal(number) for number in _SIGNALS}

    def interrupt(number: signal.Signals) -> None:
        received.append(number)
        if task:
            task.cancel()

    def restore() -> None:
        for number, handler in saved.items():
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    for number in _SIGNALS:
        loop.add_signal_handler(number, interrupt, number)
    return restore
