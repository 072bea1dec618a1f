"""A web server on loopback that misbehaves on request, written on bare sockets.

No web framework stands between: a framework would not let us cut a body or lie about it, and would
cost more per request than the client that is measured against it.
"""

from __future__ import annotations

import argparse
import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from fetch_pipeline.demo.behaviours import Request, answer

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A running origin.

    Attributes:
        url: Where it is, without a trailing slash.
        requests: How often each target (path and query) was asked for: the origin's own books.
    """

    url: str
    requests: Counter[str] = field(default_factory=Counter)


@contextmanager
def serving(port: int = 0) -> Iterator[Origin]:
    """Serve on `port` (0: a free one) from a thread of its own while the block runs.

    Raises:
        OSError: The port is taken.
    """
    requests: Counter[str] = Counter()
    with in_thread(lambda: _listen(port, requests)) as server:
        yield Origin(url=f"http://{HOST}:{_port(server)}", requests=requests)


@contextmanager
def in_thread(
    listen: Callable[[], Coroutine[None, None, asyncio.Server]],
) -> Iterator[asyncio.Server]:
    """Run the server that `listen` starts, in a thread of its own, while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="origin", daemon=True)
    thread.start()
    try:
        server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
        yield server
        asyncio.run_coroutine_threadsafe(_stop(server), loop).result()
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _listen(port: int, requests: Counter[str]) -> asyncio.Server:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _converse(reader, writer, requests)
        writer.transport.abort()

    return await asyncio.start_server(connected, HOST, port, backlog=1024)


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: Counter[str]
) -> None:
    """Answer one request after the other until a behaviour ends the connection."""
    keep = True
    while keep:
        head = await reader.readuntil(b"\r\n\r\n")
        target = head.split(b" ", 2)[1].decode("latin-1")
        requests[target] += 1
        keep = await answer(Request(target), writer)
        await writer.drain()


async def _stop(server: asyncio.Server) -> None:
    server.close()
    # A connection that was just being accepted has its task only after the others were cancelled.
    while connections := asyncio.all_tasks() - {asyncio.current_task()}:
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await asyncio.sleep(0)


def _port(server: asyncio.Server) -> int:
    return int(server.sockets[0].getsockname()[1])


def main() -> None:
    """Serve until interrupted: `python -m fetch_pipeline.demo.origin --port 8080`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--port", type=int, default=0)

    async def forever(port: int) -> None:
        server = await _listen(port, Counter())
        print(f"http://{HOST}:{_port(server)}", flush=True)  # noqa: T201 - whoever started us reads it
        await server.serve_forever()

    with suppress(KeyboardInterrupt):
        asyncio.run(forever(parser.parse_args().port))


if __name__ == "__main__":
    main()
