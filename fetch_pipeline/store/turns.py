"""Taking turns between processes of one machine: who holds the file goes on, others wait."""

from __future__ import annotations

import asyncio
import fcntl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

_LOOK_EVERY_S: Final = 0.2


@asynccontextmanager
async def turn(file: Path, *, waiting: Callable[[], None]) -> AsyncIterator[None]:
    """Run the block while nobody else does who was given the same file.

    The system ends the turn of a process that is killed (flock(2)). A wait can be cancelled.

    Args:
        file: Made if need be, and never removed: to remove it would let a third one in.
        waiting: Called once, if somebody else has the turn.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        told = False
        while not _taken(lock.fileno()):
            if not told:
                waiting()
                told = True
            await asyncio.sleep(_LOOK_EVERY_S)
        yield


def _taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
