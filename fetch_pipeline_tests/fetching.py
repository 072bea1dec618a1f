"""Fetching from tests: a list of URLs in, rows out, through as much of the package as is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pandas as pd

from fetch_pipeline.core.outcome import Outcome
from fetch_pipeline.core.outcome_row import OutcomeRow, to_row
from fetch_pipeline.core.plan import Entry, ListedTargets, Target, make_plan
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import UNLIMITED, Politeness
from fetch_pipeline.core.progress import Progress
from fetch_pipeline.engine.crew import fetch_all
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.frames import to_pandas
from fetch_pipeline.store.warehouse import Place

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

IMPATIENT = FetchPolicy(
    allow_addresses=LOOPBACK,
    total_timeout_s=5,
    read_timeout_s=0.3,
    max_attempts=1,
    obey_robots=False,
)
"""A policy for an origin on loopback: one attempt, and nobody waits for the silent page."""


class Rows:
    """Books that keep the outcomes as rows."""

    def __init__(self) -> None:
        self._rows: dict[int, OutcomeRow] = {}
        self.progress: list[Progress] = []

    @property
    def rows(self) -> list[OutcomeRow]:
        """In the order of the list."""
        return [self._rows[line] for line in sorted(self._rows)]

    def emit(self, target: Target, outcome: Outcome) -> None:
        """Take one outcome; a second one of the same target is an error."""
        assert target.line not in self._rows
        self._rows[target.line] = to_row(outcome)

    def note(self, progress: Progress) -> None:
        """Take the progress."""
        self.progress.append(progress)


def fetch_rows(
    urls: Iterable[str],
    policy: FetchPolicy = IMPATIENT,
    politeness: Politeness = UNLIMITED,
    *,
    concurrency: int = 8,
) -> list[OutcomeRow]:
    """Fetch `urls` with the engine alone and return their rows, in the order of the list."""
    books = Rows()
    plan = make_plan(Entry(line, url) for line, url in enumerate(urls, 1))
    targets = ListedTargets(
        listed.target for listed in plan if listed.target and listed.duplicate_of is None
    )
    asyncio.run(fetch_all(targets, policy, politeness, books=books, concurrency=concurrency))
    return books.rows


def fetch_row(url: str, policy: FetchPolicy = IMPATIENT) -> OutcomeRow:
    """Fetch one URL."""
    (row,) = fetch_rows([url], policy)
    return row


class Folder:
    """The tables and journals of one test."""

    def __init__(self, path: Path, warehouse: str = "warehouse.duckdb") -> None:
        self.path = path
        self.warehouse = DuckDBWarehouse(path / warehouse)

    def write_list(self, urls: Iterable[str], name: str = "urls.txt") -> Path:
        """Write a list, one URL per line."""
        path = self.path / name
        path.write_text("\n".join(urls), encoding="utf-8")
        return path

    def table(self, name: str, schema: str | None = None) -> pd.DataFrame:
        """Read a whole table."""
        return to_pandas(self.warehouse.read(Place(schema=schema, table=name)))

    def resources(self, **fetcher: object) -> Mapping[str, Any]:
        """Return the run config that keeps everything in this folder, and is polite to nobody."""
        defaults = {
            "allow_addresses": [str(network) for network in LOOPBACK],
            "per_host_concurrency": None,
            "per_host_delay_s": 0,
            "max_host_failures": None,
            "obey_robots": False,
        }
        return {
            "fetcher": {"config": {**defaults, **fetcher}},
            "journals": {"config": {"directory": str(self.path / "journals")}},
            "warehouse": {"config": {"url": f"duckdb:///{self.path / 'warehouse.duckdb'}"}},
        }
