"""An origin of raw asyncio sockets: it says what a table tells it to, and knows no HTTP.

Each script is a list of steps: bytes are sent, the rest is what a server can do to a connection.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from fetch_pipeline.demo.origin import in_thread

AT_ONCE = struct.pack("ii", 1, 0)  # close() then sends a reset (socket(7), SO_LINGER)


class Do(Enum):
    """What a server can do beside talking."""

    WAIT = "until everything was surely sent and read"
    HANG = "say nothing more, and keep the connection"
    RESET = "break the connection off"
    AGAIN = "listen to the next request on the same connection"


@dataclass(frozen=True, slots=True)
class Drip:
    """Say some bytes over and over, with a pause before each."""

    data: bytes
    pause_s: float


Step: TypeAlias = bytes | Do | Drip
Script: TypeAlias = Sequence[Step]


@dataclass(frozen=True, slots=True)
class HostileOrigin:
    """A running one.

    Attributes:
        url: Where it is, without a trailing slash.
        heads: What was asked, by path.
    """

    url: str
    heads: dict[str, list[str]] = field(default_factory=dict)


@contextmanager
def hostile(
    scripts: Mapping[str, Script],
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    after: bytes = b"\r\n\r\n",
) -> Iterator[HostileOrigin]:
    """Serve each script at the path that names it; `path#2` is what a second visit gets.

    Args:
        scripts: What is said.
        tls: What to speak TLS with.
        host: Where to listen.
        after: Where a request ends; whatever else begins is answered in mid-sentence.
    """
    listening = socket.create_server((host, 0), backlog=256)
    scheme = "https" if tls else "http"
    origin = HostileOrigin(f"{scheme}://{host}:{listening.getsockname()[1]}")

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _converse(reader, writer, scripts, origin, after)
        writer.transport.abort()

    with in_thread(lambda: asyncio.start_server(connected, sock=listening, ssl=tls)):
        yield origin


async def _converse(
    reader: asyncio.StreamReader,
    writer: asyncio.StreamWriter,
    scripts: Mapping[str, Script],
    origin: HostileOrigin,
    after: bytes,
) -> None:
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is said is sent
    again = True
    while again:
        head = (await reader.readuntil(after)).decode("latin-1")
        path = head.split(" ", 2)[1].partition("?")[0].removeprefix("/") if " " in head else ""
        origin.heads.setdefault(path, []).append(head)
        visit = len(origin.heads[path])
        script = scripts.get(f"{path}#{visit}", scripts.get(path, ()))
        again = await _play(script, reader, writer)


async def _play(script: Script, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Do what the script says; return whether another request is listened to."""
    for step in script:
        match step:
            case bytes():
                writer.write(step)
                await writer.drain()
            case Drip():
                while not writer.is_closing():
                    writer.write(step.data)
                    await writer.drain()
                    await asyncio.sleep(step.pause_s)
            case Do.WAIT:
                await asyncio.sleep(0.05)  # two segments are two only if they are sent apart
            case Do.HANG:
                await reader.read()
            case Do.RESET:
                connection = writer.get_extra_info("socket")
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                writer.transport.abort()
                return False
            case Do.AGAIN:
                return True
    await _hang_up(reader, writer)
    return False


async def _hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Close so that everything that was said arrives: unread bytes would make it a reset."""
    if writer.can_write_eof():
        writer.write_eof()
        await reader.read()
    else:
        writer.close()
        await writer.wait_closed()
