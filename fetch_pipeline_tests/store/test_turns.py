"""Taking turns between processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from fetch_pipeline.store.turns import turn

HOLD = """
import asyncio, sys
from pathlib import Path
from fetch_pipeline.store.turns import turn

async def hold():
    async with turn(Path(sys.argv[1]), waiting=lambda: None):
        print("held", flush=True)
        await asyncio.sleep(60)

asyncio.run(hold())
"""


def test_the_second_waits_until_the_first_has_ended(tmp_path: Path) -> None:
    """And says so; nothing of one happens during the other."""
    events: list[str] = []

    async def both() -> None:
        waits = asyncio.Event()

        async def first() -> None:
            async with turn(tmp_path / "a" / "lock", waiting=waits.set):
                events.append("first begins")
                await waits.wait()
                events.append("first ends")

        async def second() -> None:
            async with turn(tmp_path / "a" / "lock", waiting=waits.set):
                events.append("second begins")

        async with asyncio.TaskGroup() as group:
            group.create_task(first())
            group.create_task(second())

    asyncio.run(both())

    assert events == ["first begins", "first ends", "second begins"]


def test_alone_nobody_waits(tmp_path: Path) -> None:
    """One after the other."""
    waits: list[None] = []

    async def twice() -> None:
        for _ in range(2):
            async with turn(tmp_path / "lock", waiting=lambda: waits.append(None)):
                pass

    asyncio.run(twice())

    assert waits == []


def test_a_wait_can_be_cancelled(tmp_path: Path) -> None:
    """Terminate does not wait for somebody else's fetch."""

    async def give_up() -> None:
        async with turn(tmp_path / "lock", waiting=lambda: None):
            async with asyncio.timeout(0.05):
                async with turn(tmp_path / "lock", waiting=lambda: None):
                    pass

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())


def test_the_turn_of_a_killed_process_ends(tmp_path: Path) -> None:
    """Nobody has to remove anything."""
    lock = tmp_path / "lock"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(lock)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"

        async def take() -> None:
            killed = lambda: os.kill(holder.pid, signal.SIGKILL)  # noqa: E731
            async with turn(lock, waiting=killed):
                pass

        asyncio.run(take())

    assert holder.returncode == -signal.SIGKILL
