"""An origin of several hosts that keeps books: who asked for what, when, and how many at once.

Each host is an address of its own on loopback. Answers are made by a function of the visit: a test
says in its own words what its hosts do.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from time import monotonic

from fetch_pipeline.demo.origin import in_thread

HEAD_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request.

    Attributes:
        host: Number of the host, from 0.
        path: Path and query.
        headers: By lower-case name.
        times: How often the path was asked for at the host before.
        at: When it arrived, in seconds of a clock that only goes on.
    """

    host: int
    path: str
    headers: dict[str, str]
    times: int
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a visit gets, after `after_s`."""

    body: bytes = b"<!doctype html>page"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    after_s: float = 0.0

    def message(self) -> bytes:
        """Write it as HTTP; a 304 has no body, and says nothing of its length."""
        framing = {} if self.status == 304 else {"Content-Length": str(len(self.body))}
        fields = {"Content-Type": "text/html", **framing, **self.headers}
        lines = [f"HTTP/1.1 {self.status} X", *(f"{name}: {fields[name]}" for name in fields)]
        head = "\r\n".join(lines).encode("latin-1") + HEAD_END
        return head if self.status == 304 else head + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class BookOrigin:
    """A running one.

    Attributes:
        urls: Of its hosts, without a trailing slash.
        visits: In the order in which they arrived.
        most_at_once: Most requests that a host was busy with at one moment.
        sent_bytes: Of all replies, heads included.
    """

    urls: list[str] = field(default_factory=list)
    visits: list[Visit] = field(default_factory=list)
    most_at_once: Counter[int] = field(default_factory=Counter)
    sent_bytes: list[int] = field(default_factory=list)

    def paths(self, host: int = 0) -> list[str]:
        """Return what a host was asked for, in order."""
        return [visit.path for visit in self.visits if visit.host == host]

    def gaps(self, host: int = 0) -> list[float]:
        """Return the seconds between the requests to a host."""
        times = [visit.at for visit in self.visits if visit.host == host]
        return [after - before for before, after in pairwise(times)]


@contextmanager
def booked(reply: Callable[[Visit], Reply], hosts: int = 1) -> Iterator[BookOrigin]:
    """Serve so many hosts, from a thread, while the block runs."""
    addresses = [f"127.0.0.{number}" for number in range(1, hosts + 1)]
    origin = BookOrigin()
    desk = _Desk(origin, reply)
    with in_thread(
        lambda: asyncio.start_server(desk.converse, addresses, 0, backlog=512)
    ) as server:
        names = sorted(listening.getsockname()[:2] for listening in server.sockets)
        origin.urls.extend(f"http://{host}:{port}" for host, port in names)
        yield origin


class _Desk:
    def __init__(self, origin: BookOrigin, reply: Callable[[Visit], Reply]) -> None:
        self._origin, self._reply = origin, reply
        self._times, self._busy = Counter[tuple[int, str]](), Counter[int]()

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                head = (await reader.readuntil(HEAD_END)).decode("latin-1")
                writer.write(await self._answer(head))
                await writer.drain()
        writer.transport.abort()

    async def _answer(self, head: str) -> bytes:
        request, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        host = int(headers["host"].partition(":")[0].rpartition(".")[2]) - 1
        path = request.split(" ")[1]
        visit = Visit(
            host=host, path=path, headers=headers, times=self._times[host, path], at=monotonic()
        )
        self._times[host, path] += 1
        self._origin.visits.append(visit)
        message = await self._busily(host, self._reply(visit))
        self._origin.sent_bytes.append(len(message))
        return message

    async def _busily(self, host: int, reply: Reply) -> bytes:
        self._busy[host] += 1
        most = self._origin.most_at_once
        most[host] = max(most[host], self._busy[host])
        await asyncio.sleep(reply.after_s)
        self._busy[host] -= 1
        return reply.message()
