"""What the UI shows of a fetch: numbers it plots, a table of failures, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import dagster as dg

from fetch_pipeline.core.outcome import FETCHED
from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun
from fetch_pipeline.defs.fetching import StoredFetch
from fetch_pipeline.report import svg
from fetch_pipeline.report.comparison import comparison_picture
from fetch_pipeline.report.waterfall import MOST_BARS, Bar, Panel, waterfall_picture
from fetch_pipeline.store.timings import ComparedRun, latest
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan, Warehouse

_BAR_COLUMNS: Final = ("started_at", "elapsed_s", "outcome")
_COLOURS: Final = {SEQUENTIAL: svg.SEQUENTIAL, ASYNC: svg.ASYNC}


def fetch_metadata(
    stored: StoredFetch, warehouse: Warehouse, place: Place
) -> Mapping[str, dg.MetadataValue | float]:
    """Return the metadata of one materialization of a fetch asset."""
    run = stored.run
    return {
        "dagster/row_count": run.urls,
        **stored.outcomes,
        "wall_s": run.wall_s,
        "pages_per_s": run.pages_per_s,
        "concurrency": run.concurrency,
        **_failures(stored),
        "waterfall": dg.MetadataValue.md(waterfall_picture(*_panels(run, warehouse, place))),
    }


def timings_metadata(
    runs: Sequence[ComparedRun], warehouse: Warehouse, place: Place
) -> Mapping[str, dg.MetadataValue | float]:
    """Return the metadata of one materialization of `run_timings`.

    Args:
        runs: All of the family, oldest first; at least one.
        warehouse: Holds the pages of the latest.
        place: Of `run_timings`.
    """
    one_by_one, at_once = latest(runs, SEQUENTIAL), latest(runs, ASYNC)
    run, gain = at_once or runs[-1]
    shown = [pair[0] for pair in (one_by_one, at_once) if pair]
    panels = [panel for each in shown for panel in _panels(each, warehouse, _place(each, place))]
    return {
        "dagster/row_count": len(runs),
        **({"sequential_wall_s": one_by_one[0].wall_s} if one_by_one else {}),
        **({"async_wall_s": run.wall_s, "speedup": gain.factor} if at_once else {}),
        "efficiency": run.efficiency,
        "comparison": dg.MetadataValue.md(comparison_picture(run, gain)),
        "waterfall": dg.MetadataValue.md(waterfall_picture(*panels)),
    }


def _place(run: FetchRun, timings: Place) -> Place:
    """Return where the pages of `run` are, unless a later run replaced them."""
    return timings.beside(run.asset.rpartition("/")[2])


def _failures(stored: StoredFetch) -> Mapping[str, dg.MetadataValue]:
    if not stored.failures:
        return {}
    columns = ("line", "url", "outcome", "detail")
    records = [dg.TableRecord(dict(zip(columns, row, strict=True))) for row in stored.failures]
    return {"failures": dg.MetadataValue.table(records)}


def _panels(run: FetchRun, warehouse: Warehouse, place: Place) -> list[Panel]:
    """Return the waterfall of the pages stored at `place`; none where there is no such table."""
    every = max(1, -(-run.urls // MOST_BARS))
    try:
        bars = _bars(TableScan(warehouse=warehouse, place=place, columns=_BAR_COLUMNS), every)
    except NoTableError:
        return []
    colour = _COLOURS[run.strategy]
    return [Panel(title=run.strategy, pages=run.urls, colour=colour, bars=bars)]


def _bars(scan: TableScan, every: int) -> list[Bar]:
    """Return every n-th row that was asked for as a bar, in the order of their starts."""
    rows = (row for batch in scan for row in batch.to_pylist())
    sampled = [row for number, row in enumerate(rows) if number % every == 0 and row["started_at"]]
    first = min((row["started_at"] for row in sampled), default=None)
    bars = [
        Bar(
            start_s=(row["started_at"] - first).total_seconds(),
            elapsed_s=row["elapsed_s"],
            fetched=row["outcome"] == FETCHED,
        )
        for row in sampled
    ]
    return sorted(bars, key=lambda bar: bar.start_s)
