"""What the UI shows of a fetch: numbers it plots, a table of failures, pictures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, Final, TypeAlias

import dagster as dg

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun
from fetch_pipeline.defs.fetching import StoredFetch
from fetch_pipeline.report import svg
from fetch_pipeline.report.comparison import comparison_picture
from fetch_pipeline.report.waterfall import MOST_BARS, Bar, Panel, waterfall_picture
from fetch_pipeline.store.timings import ComparedRun, latest
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan, Warehouse

_Row: TypeAlias = dict[str, Any]

_BAR_COLUMNS: Final = (
    "started_at",
    "elapsed_s",
    "outcome",
    "attempts",
    "duplicate_of",
    "run_id",
)
_COLOURS: Final = {SEQUENTIAL: svg.SEQUENTIAL, ASYNC: svg.ASYNC}


def fetch_metadata(
    stored: StoredFetch, warehouse: Warehouse, place: Place
) -> Mapping[str, dg.MetadataValue | float]:
    """Return the metadata of one materialization of a fetch asset."""
    run = stored.run
    return {
        "dagster/row_count": run.urls,
        **stored.outcomes,
        "wall_s": round(run.wall_s, 3),
        "pages_per_s": round(run.pages_per_s, 1),
        "concurrency": run.concurrency,
        "courtesy_s": round(run.courtesy_s, 3),
        **{f"pages_{word}": rows for word, rows in stored.changes.items()},
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
    # The tables hold the pages of the latest runs, and those may be of two lists.
    shown = [pair[0] for pair in (one_by_one, at_once) if pair]
    same = [each for each in shown if each.list_sha256 == run.list_sha256]
    panels = [
        panel for each in same for panel in _panels(each, warehouse, place.of_asset(each.asset))
    ]
    return {
        "dagster/row_count": len(runs),
        **({"sequential_wall_s": round(gain.baseline_s, 3)} if gain.measured else {}),
        **({"async_wall_s": round(run.wall_s, 3)} if at_once else {}),
        **({"speedup": round(gain.factor, 2)} if at_once else {}),
        "efficiency": round(run.efficiency, 3),
        "courtesy_s": round(run.courtesy_s, 3),
        "comparison": dg.MetadataValue.md(comparison_picture(run, gain)),
        "waterfall": dg.MetadataValue.md(waterfall_picture(*panels)),
    }


def _failures(stored: StoredFetch) -> Mapping[str, dg.MetadataValue]:
    if not stored.failures:
        return {}
    records = [
        dg.TableRecord({"line": line, "outcome": outcome, "detail": detail, "url": url})
        for line, url, outcome, detail in stored.failures
    ]
    return {"failures": dg.MetadataValue.table(records)}


def _panels(run: FetchRun, warehouse: Warehouse, place: Place) -> list[Panel]:
    """Return the waterfall of the pages stored at `place`; none where there is no such table."""
    every = -(-run.urls // MOST_BARS)
    try:
        bars = _bars(TableScan(warehouse=warehouse, place=place, columns=_BAR_COLUMNS), every)
    except NoTableError:
        return []
    return [Panel(title=run.strategy, every=every, colour=_COLOURS[run.strategy], bars=bars)]


def _bars(scan: TableScan, every: int) -> list[Bar]:
    """Return every n-th row that was asked for as a bar, in the order of their starts."""
    rows = (row for batch in scan for row in batch.to_pylist())
    asked = (row for row in rows if row["attempts"] and row["duplicate_of"] is None)
    sampled = sorted(islice(asked, 0, None, every), key=itemgetter("started_at"))
    parts = [list(part) for _, part in groupby(sampled, key=itemgetter("run_id"))]
    return [bar for part in _side_by_side(parts) for bar in part]


def _side_by_side(parts: Sequence[Sequence[_Row]]) -> Iterator[list[Bar]]:
    """Draw the parts of a continued fetch as if there had been no pause between them."""
    offset_s = 0.0
    for part in parts:
        first = part[0]["started_at"]
        bars = [
            Bar(
                start_s=offset_s + (row["started_at"] - first).total_seconds(),
                elapsed_s=row["elapsed_s"],
                fetched=row["outcome"] in WITH_PAGE,
            )
            for row in part
        ]
        yield bars
        offset_s = max(bar.start_s + bar.elapsed_s for bar in bars)
