"""Wall time of 2,000 pages of 20 kB behind 100 ms of latency, 100 at once, against the ideal.

    uv run python benchmarks/wall_time.py

The origin runs in a process of its own. In each round every client fetches the same pages; the
order changes from round to round. Compare ratios of one table only.
"""

from __future__ import annotations

import asyncio
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp

from fetch_pipeline.store.open_warehouse import open_warehouse
from fetch_pipeline.store.warehouse import Place

PAGES = 2000
PAGE_BYTES = 20_000
LATENCY_S = 0.1
CONCURRENCY = 100
ROUNDS = 5
IMPOLITE = {  # there is but one host, and the others limit nothing either
    "allow_addresses": ["127.0.0.0/8"],
    "per_host_concurrency": None,
    "per_host_delay_s": 0,
    "obey_robots": False,
}
IDEAL_S = PAGES * LATENCY_S / CONCURRENCY

Client = Callable[[list[str]], tuple[float, float]]
"""Fetches all URLs; returns wall and processor seconds."""


@contextmanager
def origin() -> Iterator[str]:
    """Run the demo origin as a process; its base URL is the first line it prints."""
    command = [sys.executable, "-m", "fetch_pipeline.demo.origin"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield next(iter(process.stdout or ())).strip()
        process.terminate()


def pipeline(urls: list[str]) -> tuple[float, float]:
    """The job `fetch_pages` of this package: `wall_s` and `cpu_s` as its table records them."""
    from fetch_pipeline.definitions import defs  # noqa: PLC0415 - importing Dagster takes seconds

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "urls.txt").write_text("\n".join(urls), encoding="utf-8")
        defs.resolve_job_def("fetch_pages").execute_in_process(_run_config(folder))
        place = Place(schema=None, table="run_timings")
        warehouse = open_warehouse(f"duckdb:///{folder}/warehouse.duckdb")
        (row,) = warehouse.read(place, ["wall_s", "cpu_s"]).to_pylist()
    return row["wall_s"], row["cpu_s"]


def gather(urls: list[str]) -> tuple[float, float]:
    """What users write today: one session, its default limit raised, gather over the whole list."""

    async def fetch(session: aiohttp.ClientSession, url: str) -> int:
        async with session.get(url) as response:
            return len(await response.text())

    async def fetch_all() -> None:
        connector = aiohttp.TCPConnector(limit=CONCURRENCY)
        async with aiohttp.ClientSession(connector=connector) as session:
            await asyncio.gather(*(fetch(session, url) for url in urls))

    return _timed(fetch_all)


def bare_crew(urls: list[str]) -> tuple[float, float]:
    """The floor on aiohttp: a crew of workers that reads and decodes, and records nothing."""

    async def work(session: aiohttp.ClientSession, waiting: Iterator[str]) -> None:
        for url in waiting:
            async with session.get(url) as response:
                (await response.read()).decode()

    async def fetch_all() -> None:
        waiting = iter(urls)
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(connector=connector) as session, asyncio.TaskGroup() as tg:
            for _ in range(CONCURRENCY):
                tg.create_task(work(session, waiting))

    return _timed(fetch_all)


def main() -> None:
    """Measure and print one table."""
    clients: dict[str, Client] = {
        "fetch_pipeline": pipeline,
        "aiohttp crew": bare_crew,
        "aiohttp gather": gather,
    }
    walls: dict[str, list[float]] = {name: [] for name in clients}
    cpus: dict[str, list[float]] = {name: [] for name in clients}
    with origin() as base:
        urls = [f"{base}/page/{n}?bytes={PAGE_BYTES}&latency_s={LATENCY_S}" for n in range(PAGES)]
        bare_crew(urls[:CONCURRENCY])
        for number in range(ROUNDS):
            names = list(clients)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                wall_s, cpu_s = clients[name](urls)
                walls[name].append(wall_s)
                cpus[name].append(cpu_s)
    _print(walls, cpus)


def _run_config(folder: str) -> dict[str, object]:
    return {
        "ops": {
            "url_list": {"config": {"path": f"{folder}/urls.txt"}},
            "page_lengths": {"config": {"concurrency": CONCURRENCY}},
        },
        "resources": {
            "fetcher": {"config": IMPOLITE},
            "journals": {"config": {"directory": f"{folder}/journals"}},
            "warehouse": {"config": {"url": f"duckdb:///{folder}/warehouse.duckdb"}},
        },
        "loggers": {"console": {"config": {"log_level": "ERROR"}}},
    }


def _timed(fetch_all: Callable[[], Coroutine[object, object, None]]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    asyncio.run(fetch_all())
    return time.perf_counter() - wall, time.process_time() - cpu


def _print(walls: dict[str, list[float]], cpus: dict[str, list[float]]) -> None:
    versions = f"Python {platform.python_version()}, aiohttp {aiohttp.__version__}"
    print(f"{PAGES} pages x {PAGE_BYTES} B, {LATENCY_S} s, {CONCURRENCY} at once; {versions}")
    print(f"{os.cpu_count()} cores; median (least-most) of {ROUNDS} rounds; ideal {IDEAL_S} s\n")
    print(f"{'client':<16} {'wall s':>18} {'wall/ideal':>11} {'CPU ms/page':>12}")
    for name, seconds in walls.items():
        median = statistics.median(seconds)
        spread = f"{median:.2f} ({min(seconds):.2f}-{max(seconds):.2f})"
        cpu_ms = 1000 * statistics.median(cpus[name]) / PAGES
        print(f"{name:<16} {spread:>18} {median / IDEAL_S:>11.3f} {cpu_ms:>12.2f}")


if __name__ == "__main__":
    main()
