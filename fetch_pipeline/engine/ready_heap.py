"""The heap of hosts by when each may next be asked.

It is two heaps: hosts whose time has not come, by their time, as in Mercator
(https://doi.org/10.1023/A:1019213109274); and those that may be asked now, by how long what waits
for them will take.
"""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import count
from typing import Final

from fetch_pipeline.core.permits import LONG_AGO, NEVER
from fetch_pipeline.engine.host import Host

_LONGER: Final = 2.0  # a host that turns out to be so many times as slow gets another place


class ReadyHeap:
    """Hosts that have something to ask for and may be asked, now or later; each stands here once.

    An entry is stale, and dropped when it comes first, once its host has another `heaped_at`.
    """

    def __init__(self) -> None:
        self._later: list[tuple[float, int, Host]] = []
        self._ready: list[tuple[float, int, Host, float]] = []
        self._numbers = count()  # of equal hosts the one that came first; and hosts do not compare

    def place(self, host: Host) -> None:
        """Put `host` where it belongs by now, or nowhere."""
        ready_at = host.ready_at()
        if ready_at == host.heaped_at and host.least_s() <= _LONGER * host.heaped_s:
            return
        host.heaped_at, host.heaped_s = ready_at, float("inf")
        if ready_at is not None:
            heappush(self._later, (ready_at, next(self._numbers), host))

    def longest_s(self, now: float) -> float | None:
        """Return how long what waits for the first of the ready hosts will take; null for none."""
        while self._later and self._later[0][0] <= now:
            self._promote(*heappop(self._later))
        self._drop_stale_ready()
        return -self._ready[0][0] if self._ready else None

    def pop(self) -> Host:
        """Take the host that `longest_s` told of."""
        _, _, host, _ = heappop(self._ready)
        host.heaped_at = None
        return host

    def wake_at(self) -> float:
        """Return when a host is ready; a moment long ago when one is, never when there is none."""
        self._drop_stale_ready()
        if self._ready:
            return LONG_AGO
        while self._later and self._later[0][0] != self._later[0][2].heaped_at:
            heappop(self._later)
        return self._later[0][0] if self._later else NEVER

    def _promote(self, ready_at: float, number: int, host: Host) -> None:
        if ready_at == host.heaped_at:
            host.heaped_s = host.least_s()
            heappush(self._ready, (-host.heaped_s, number, host, ready_at))

    def _drop_stale_ready(self) -> None:
        while self._ready and self._ready[0][3] != self._ready[0][2].heaped_at:
            heappop(self._ready)
