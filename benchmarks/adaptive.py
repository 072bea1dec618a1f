"""What `per_host_delay_s` does to an origin that slows under load.

    uv run python benchmarks/adaptive.py

The origin answers one request after the other, as many a page with a database behind it does: what
comes while it is busy waits. Its service time trebles for the middle third of the pages, as when a
backup runs. The pages are fetched with eight requests at once allowed, and each delay in turn.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ipaddress import ip_network

from fetch_pipeline.core.outcome import Outcome
from fetch_pipeline.core.plan import ListedTargets, Target
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import AUTO, Delay, Politeness
from fetch_pipeline.core.progress import Progress
from fetch_pipeline.engine.crew import fetch_all

PAGES = 90
SERVICE_S = 0.05
DELAYS: tuple[Delay, ...] = (0.0, 0.1, 0.5, AUTO)
PER_HOST = 8
CONCURRENCY = 16
POLICY = FetchPolicy(allow_addresses=(ip_network("127.0.0.0/8"),), obey_robots=False)
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 4\r\n\r\npage"


class Books:
    """The origin's: how long each request waited and was served, and how many were there."""

    def __init__(self) -> None:
        self.answered_s: list[float] = []
        self.present = self.most = 0

    def emit(self, target: Target, outcome: Outcome) -> None:
        """Take an outcome; only the origin's side is of interest here."""

    def note(self, progress: Progress) -> None:
        """Take the progress, likewise."""


@asynccontextmanager
async def origin(books: Books) -> AsyncIterator[str]:
    """Serve on loopback, one request after the other."""
    busy = asyncio.Lock()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readuntil(b"\r\n\r\n"):
            came = time.perf_counter()
            books.present += 1
            books.most = max(books.most, books.present)
            async with busy:
                slow = PAGES / 3 <= len(books.answered_s) < 2 * PAGES / 3
                await asyncio.sleep(SERVICE_S * (3 if slow else 1))
                books.answered_s.append(time.perf_counter() - came)
            books.present -= 1
            writer.write(REPLY)

    async def until_hung_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await converse(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(until_hung_up, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def measure(delay_s: Delay) -> str:
    """Fetch all pages with one delay; return a row of the table."""
    books = Books()
    async with origin(books) as host:
        targets = [Target(line=n, href=f"{host}/{n}", host=host) for n in range(1, PAGES + 1)]
        polite = Politeness(per_host_concurrency=PER_HOST, per_host_delay_s=delay_s)
        begun = time.perf_counter()
        await fetch_all(
            ListedTargets(targets), POLICY, polite, books=books, concurrency=CONCURRENCY
        )
        wall_s = time.perf_counter() - begun
    third = PAGES // 3
    parts = [books.answered_s[n : n + third] for n in range(0, PAGES, third)]
    medians = "".join(f"{1000 * statistics.median(part):>9.0f}" for part in parts)
    return f"{delay_s!s:>6} {PAGES / wall_s:>9.1f} {medians} {books.most:>6}"


def main() -> None:
    """Measure and print one table."""
    print(f"{PAGES} pages, one at a time, {1000 * SERVICE_S:.0f} ms each, thrice that in between")
    print(f"{'delay':>6} {'pages/s':>9} {'ms first':>9}{'between':>9}{'last':>9} {'queue':>6}")
    for delay_s in DELAYS:
        print(asyncio.run(measure(delay_s)))


if __name__ == "__main__":
    main()
