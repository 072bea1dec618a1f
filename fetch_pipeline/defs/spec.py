"""What makes one family different from another."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import dagster as dg
from dagster._utils.schedules import is_valid_cron_schedule

from fetch_pipeline.defs.lists import ListSource

EVERY_MORNING: Final = "0 6 * * *"
CONCURRENCY: Final = 64
FAILURE_LIMIT: Final = 0.1

ASSETS: Final = ("url_list", "page_lengths_sequential", "page_lengths", "run_timings")

PREFIX: Final = r"^[a-z0-9_]+$"
"""What Dagster takes for names of jobs and ops, and databases tell apart as names of schemas."""

_TAKEN: Final = frozenset({"main", "temp", "system", "public", "information_schema", "pg_catalog"})


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySpec:
    """A family before it is built.

    Attributes:
        source: Where its URLs come from.
        prefix: Of its asset keys, job and op names; its tables' schema. Null for the default one.
        fetcher: Resource key of its policy.
        warehouse: Resource key of where its tables are.
        journals: Resource key of where its unfinished fetches are.
        concurrency: Pages of `page_lengths` in flight at once, unless configured.
        failure_limit: Share of its rows without a page that is tolerated, unless configured.
        cron: When its schedule starts it, in UTC.

    Raises:
        ValueError: The prefix is no name, or one that databases have a schema of; or `cron` is no
            schedule.
    """

    source: ListSource
    prefix: str | None = None
    fetcher: str = "fetcher"
    warehouse: str = "warehouse"
    journals: str = "journals"
    concurrency: int = CONCURRENCY
    failure_limit: float = FAILURE_LIMIT
    cron: str = EVERY_MORNING

    def __post_init__(self) -> None:
        """Refuse a prefix while it can still be told whose it is."""
        if self.prefix is not None and not re.fullmatch(PREFIX, self.prefix):
            msg = f"prefix {self.prefix!r} of a family: only a to z, digits and _ make a name"
            raise ValueError(msg)
        if not is_valid_cron_schedule(self.cron):
            msg = f"cron {self.cron!r} of a family: five fields expected, such as {EVERY_MORNING!r}"
            raise ValueError(msg)
        if self.prefix in _TAKEN:
            msg = f"prefix {self.prefix!r} of a family: databases have a schema of that name"
            raise ValueError(msg)

    @property
    def group(self) -> str:
        """Name the group its assets are shown in."""
        return self.prefix or "pages"

    def key(self, asset: str) -> dg.AssetKey:
        """Return the key of one of its assets."""
        return dg.AssetKey([self.prefix, asset] if self.prefix else [asset])

    def name(self, word: str) -> str:
        """Return a name for an op, job or resource that no other family has."""
        return f"{self.prefix}_{word}" if self.prefix else word
