"""Asking the system's resolver, so that /etc/hosts, search domains and split DNS work.

Not aiohttp's ThreadedResolver: it shares the loop's executor, which has six threads on two cores
(1,000 names behind a 50 ms resolver then take 35 times the ideal), and whose threads keep a process
that was told to stop alive until the slowest name server has answered.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeAlias

from aiohttp.abc import AbstractResolver, ResolveResult

_LOOKUPS_AT_ONCE: Final = 200

_Info: TypeAlias = tuple[int, int, int, str, tuple[Any, ...]]
_Infos: TypeAlias = Sequence[_Info]


class SystemResolver(AbstractResolver):
    """Resolves each name with `getaddrinfo` in a daemon thread of its own, 200 at once at most."""

    def __init__(self) -> None:
        self._slots = asyncio.Semaphore(_LOOKUPS_AT_ONCE)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Return the addresses of `host` in the order the system prefers.

        Raises:
            OSError: The name does not resolve; `socket.gaierror` tells why.
        """
        async with self._slots:
            infos = await _in_daemon_thread(lambda: _look_up(host, port, family))
        if not infos:  # aiohttp would end the whole fetch with a RuntimeError
            raise socket.gaierror(socket.EAI_NODATA, "the name has no address")
        return [_result(host, info) for info in infos]

    async def close(self) -> None:
        """Do nothing: lookups that nobody waits for any more end with the process."""


def _look_up(host: str, port: int, family: int) -> _Infos:
    try:
        return socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, family=family, flags=socket.AI_ADDRCONFIG
        )
    except UnicodeError as error:  # Python's IDNA codec, before anything is asked
        raise socket.gaierror(socket.EAI_NONAME, f"not a host name: {error}") from error


def _result(host: str, info: _Info) -> ResolveResult:
    family, _, protocol, _, address = info
    return ResolveResult(
        hostname=host,
        host=address[0],
        port=address[1],
        family=family,
        proto=protocol,
        flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
    )


async def _in_daemon_thread(call: Callable[[], _Infos]) -> _Infos:
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[_Infos] = loop.create_future()

    def settle(infos: _Infos | None, error: OSError | None) -> None:
        if answer.done():  # cancelled meanwhile
            return
        if error:
            answer.set_exception(error)
        else:
            answer.set_result(infos or [])

    def work() -> None:
        try:
            infos, error = call(), None
        except OSError as failed:
            infos, error = None, failed
        with suppress(RuntimeError):  # the loop may be closed by now
            loop.call_soon_threadsafe(settle, infos, error)

    threading.Thread(target=work, name="getaddrinfo", daemon=True).start()
    return await answer
