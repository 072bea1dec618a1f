"""How many workers the process can have open files for."""

from __future__ import annotations

import resource
from typing import Final

_SPARE: Final = 100  # the database, the journal, Dagster's logs, whatever else is open
_PER_WORKER: Final = 3  # the one in use, one just being closed, one kept for a host's next page


def affordable(concurrency: int) -> int:
    """Return how many workers the limit of open files allows, at least 1, at most `concurrency`.

    The soft limit is raised to the hard one first. Past it every connection would fail, and the
    pages of healthy servers would be rows with "too many open files".
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    if hard == resource.RLIM_INFINITY:
        return concurrency
    return max(1, min(concurrency, (hard - _SPARE) // _PER_WORKER))
