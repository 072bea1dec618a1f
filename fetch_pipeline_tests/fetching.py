"""Fetching from tests: a list of URLs in, rows out, through as much of the package as is wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pandas as pd

from fetch_pipeline.core.outcome import Outcome, OutcomeRow, to_row
from fetch_pipeline.core.plan import Entry, Target, make_plan
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.engine.crew import fetch_all
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.tables import to_pandas
from fetch_pipeline.store.warehouse import Place

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))

IMPATIENT = FetchPolicy(
    allow_addresses=LOOPBACK, total_timeout_s=5, read_timeout_s=0.3, max_attempts=1
)
"""A policy for an origin on loopback: one attempt, and nobody waits for the silent page."""


def fetch_rows(
    urls: Iterable[str], policy: FetchPolicy = IMPATIENT, *, concurrency: int = 8
) -> list[OutcomeRow]:
    """Fetch `urls` with the engine alone and return their rows, in the order of the list."""
    rows: dict[int, OutcomeRow] = {}

    def emit(target: Target, outcome: Outcome) -> None:
        rows[target.line] = to_row(outcome)

    plan = make_plan(Entry(line, url) for line, url in enumerate(urls, 1))
    targets = [listed.target for listed in plan if listed.target]
    asyncio.run(fetch_all(targets, policy, emit=emit, concurrency=concurrency))
    return [rows[line] for line in sorted(rows)]


def fetch_row(url: str, policy: FetchPolicy = IMPATIENT) -> OutcomeRow:
    """Fetch one URL."""
    (row,) = fetch_rows([url], policy)
    return row


class Folder:
    """The tables and journals of one test."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.warehouse = DuckDBWarehouse(path / "warehouse.duckdb")

    def write_list(self, urls: Iterable[str], name: str = "urls.txt") -> Path:
        """Write a list, one URL per line."""
        path = self.path / name
        path.write_text("\n".join(urls), encoding="utf-8")
        return path

    def table(self, name: str, schema: str | None = None) -> pd.DataFrame:
        """Read a whole table."""
        return to_pandas(self.warehouse.read(Place(schema=schema, table=name)))

    def resources(self, **fetcher: object) -> Mapping[str, Any]:
        """Return the run config that keeps everything in this folder."""
        allowed = {"allow_addresses": [str(network) for network in LOOPBACK]}
        return {
            "fetcher": {"config": {**allowed, **fetcher}},
            "journals": {"config": {"directory": str(self.path / "journals")}},
            "warehouse": {"config": {"url": f"duckdb:///{self.path / 'warehouse.duckdb'}"}},
        }
