"""Asking the system's resolver."""

import asyncio
import socket
import threading

import pytest

from fetch_pipeline.engine.resolver import SystemResolver


def resolve(host: str) -> list[str]:
    """Return the addresses of a host."""

    async def run() -> list[str]:
        return [found["host"] for found in await SystemResolver().resolve(host, 80)]

    return asyncio.run(run())


def test_names_of_the_hosts_file_resolve() -> None:
    """The system's own way of resolving is asked, not only DNS."""
    assert "127.0.0.1" in resolve("localhost")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".example", "a..b"])
def test_what_does_not_resolve_is_one_kind_of_error(host: str) -> None:
    """Also where Python's codec refuses to ask."""
    with pytest.raises(socket.gaierror):
        resolve(host)


def test_a_name_server_that_hangs_does_not_hold_up_the_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A cancelled lookup leaves only a daemon thread behind, whose answer nobody takes."""
    answer = threading.Event()

    def hang(*_: object, **__: object) -> list[object]:
        answer.wait(30)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hang)

    async def give_up() -> None:
        async with asyncio.timeout(0.05):
            await SystemResolver().resolve("slow.example", 80)

    with pytest.raises(TimeoutError):
        asyncio.run(give_up())
    (left,) = [thread for thread in threading.enumerate() if thread.name == "getaddrinfo"]
    answer.set()
    left.join()

    assert left.daemon


def test_many_names_are_looked_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty lookups meet at a barrier: the loop's own executor would have had six threads."""
    barrier = threading.Barrier(50, timeout=10)

    def meet(*_: object, **__: object) -> list[object]:
        barrier.wait()
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 80))]

    monkeypatch.setattr(socket, "getaddrinfo", meet)

    async def all_at_once() -> None:
        system = SystemResolver()
        async with asyncio.TaskGroup() as group:
            for number in range(50):
                group.create_task(system.resolve(f"{number}.example", 80))

    asyncio.run(all_at_once())

    assert not barrier.broken
