"""What the scheduler costs a page, by the number of URLs and hosts.

    uv run python benchmarks/scheduler.py

No network and no waiting: pages take a tenth of a second of a clock that is moved by hand, 64 at
once. The figures hold the driver below, a heap of its own, some 2 us a page. Beside them
stands the wall time that such a fetch would have, and the least that is possible.
"""

from __future__ import annotations

import platform
import statistics
import time
from heapq import heappop, heappush

from fetch_pipeline.core.outcome import Body, Fetched, Head, Timing
from fetch_pipeline.core.plan import ListedTargets, Target
from fetch_pipeline.core.politeness import Politeness
from fetch_pipeline.engine.page import Page
from fetch_pipeline.engine.scheduler import Scheduler

SIZES = ((10_000, 500), (100_000, 5_000), (400_000, 20_000), (100_000, 1), (100_000, 100_000))
ROUNDS = 3
WORKERS = 64
PAGE_S = 0.1
PAGE = Fetched(
    head=Head(status=200, final_url=""), body=Body(wire_bytes=0, body_bytes=0), timing=Timing()
)


def targets(urls: int, hosts: int) -> ListedTargets:
    """List so many URLs, one of each host after the other."""
    return ListedTargets(
        Target(line=n, href=f"http://h{n % hosts}/{n}", host=f"http://h{n % hosts}")
        for n in range(1, urls + 1)
    )


def fetch(scheduler: Scheduler) -> float:
    """Let the workers take and settle every page; return the wall time by their clock."""
    now, number = 0.0, 0
    in_hand: list[tuple[float, int, Page]] = []
    while not scheduler.finished:
        page = scheduler.take(now, chance=0.5) if len(in_hand) < WORKERS else None
        if page:
            number += 1
            heappush(in_hand, (now + PAGE_S, number, page))
            continue
        wake_at = scheduler.wake_at() if len(in_hand) < WORKERS else float("inf")
        if in_hand and in_hand[0][0] <= wake_at:
            now, _, page = heappop(in_hand)
            scheduler.settle(page, PAGE, now=now, chance=0.5)
        else:
            now = max(now, wake_at)
    return now


def measure(urls: int, hosts: int) -> str:
    """Return a row of the table."""
    polite = Politeness(per_host_delay_s=0.0 if hosts == 1 else 0.5)
    per_host_s = (urls / hosts - 1) * 0.5 + PAGE_S if hosts > 1 else urls * PAGE_S / 2
    ideal_s = max(urls * PAGE_S / WORKERS, per_host_s)
    seconds, wall_s = [], 0.0
    for _ in range(ROUNDS):
        listed = targets(urls, hosts)
        begun = time.process_time()
        wall_s = fetch(Scheduler(listed, polite, max_attempts=3, obey_robots=False))
        seconds.append(time.process_time() - begun)
    us_per_page = [1e6 * spent / urls for spent in sorted(seconds)]
    spread = f"{statistics.median(us_per_page):.1f} ({us_per_page[0]:.1f}-{us_per_page[-1]:.1f})"
    return f"{urls:>8} {hosts:>8} {spread:>20} {wall_s:>9.1f} {ideal_s:>9.1f}"


def main() -> None:
    """Measure and print one table."""
    print(f"Python {platform.python_version()}, {WORKERS} workers, median of {ROUNDS}")
    print(f"{'URLs':>8} {'hosts':>8} {'us a page':>20} {'wall s':>9} {'ideal s':>9}")
    for urls, hosts in SIZES:
        print(measure(urls, hosts))


if __name__ == "__main__":
    main()
