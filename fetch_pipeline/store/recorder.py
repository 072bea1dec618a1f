"""Making outcomes durable while they arrive."""

from __future__ import annotations

import asyncio
import resource
import sys
import time
from collections.abc import Awaitable
from typing import Final

from fetch_pipeline.core.outcome import Outcome
from fetch_pipeline.core.plan import Target
from fetch_pipeline.core.progress import Progress, Watch
from fetch_pipeline.store.journal import Journal, Part

FLUSH_S: Final = 0.5
"""The most that `kill -9` costs is what was fetched since the last flush."""


class Recorder:
    """Takes outcomes for one run and writes them to the journal in batches.

    Args:
        journal: Open; nobody else writes to it meanwhile.
        run_id: Dagster run that fetches.
        concurrency: Workers of the fetch.
        watch: Who else wants to know how far it has come.
    """

    def __init__(
        self, journal: Journal, *, run_id: str, concurrency: int, watch: Watch = lambda _: None
    ) -> None:
        self._journal = journal
        self._run_id = run_id
        self._concurrency = concurrency
        self._watch = watch
        self._started_at = time.time()
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        self._waiting: list[tuple[Target, Outcome]] = []
        self._busy_s = self._courtesy_s = 0.0

    async def run(self, fetch: Awaitable[bool]) -> bool:
        """Return what `fetch` does, flushing every `FLUSH_S`, and once more however it ends."""
        try:
            async with asyncio.TaskGroup() as group:
                flusher = group.create_task(self._keep_flushing(), name="journal-flusher")
                whole = await fetch
                flusher.cancel()
        finally:
            self._flush()
        return whole

    def emit(self, target: Target, outcome: Outcome) -> None:
        """Take one outcome; it is durable after the next flush."""
        self._waiting.append((target, outcome))
        self._busy_s += outcome.timing.busy_s

    def note(self, progress: Progress) -> None:
        """Take what is known of the fetch as a whole."""
        self._courtesy_s = progress.courtesy_s
        self._watch(progress)

    async def _keep_flushing(self) -> None:
        while True:
            await asyncio.sleep(FLUSH_S)
            self._flush()  # on the loop: some 20 ms a thousand pages, and never two at a time

    def _flush(self) -> None:
        outcomes, self._waiting = self._waiting, []
        self._journal.write(outcomes, self._part())

    def _part(self) -> Part:
        return Part(
            started_at=self._started_at,
            run_id=self._run_id,
            concurrency=self._concurrency,
            wall_s=time.perf_counter() - self._wall,
            cpu_s=time.process_time() - self._cpu,
            peak_rss_bytes=_peak_rss_bytes(),
            busy_s=self._busy_s,
            courtesy_s=self._courtesy_s,
        )


def _peak_rss_bytes() -> int:
    """The most the process ever held: Linux counts in KiB, macOS in bytes (getrusage(2))."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
