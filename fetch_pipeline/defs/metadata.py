"""What the UI shows of a fetch: numbers it plots, a table of failures, pictures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import dagster as dg

from fetch_pipeline.core.concurrency import advise
from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun
from fetch_pipeline.defs.manifest import StoredFetch
from fetch_pipeline.defs.panels import panels
from fetch_pipeline.report.comparison import comparison_picture
from fetch_pipeline.report.concurrency_chart import concurrency_picture
from fetch_pipeline.report.waterfall import waterfall_picture
from fetch_pipeline.store.timings import ComparedRun, latest, studied_runs
from fetch_pipeline.store.warehouse import Place, Warehouse


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
        "waterfall": dg.MetadataValue.md(waterfall_picture(*panels(run, warehouse, place))),
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
    history, studied = [each for each, _ in runs], studied_runs(warehouse)
    one_by_one, at_once = latest(runs, SEQUENTIAL), latest(runs, ASYNC)
    run, gain = at_once or runs[-1]
    # The tables hold the pages of the latest runs, and those may be of two lists.
    shown = [pair[0] for pair in (one_by_one, at_once) if pair]
    same = [each for each in shown if each.list_sha256 == run.list_sha256]
    drawn = [
        panel for each in same for panel in panels(each, warehouse, place.of_asset(each.asset))
    ]
    return {
        "dagster/row_count": len(runs),
        **({"sequential_wall_s": round(gain.baseline_s, 3)} if gain.measured else {}),
        **({"async_wall_s": round(run.wall_s, 3)} if at_once else {}),
        **({"speedup": round(gain.factor, 2)} if at_once else {}),
        "efficiency": round(run.efficiency, 3),
        "courtesy_s": round(run.courtesy_s, 3),
        "comparison": dg.MetadataValue.md(comparison_picture(run, gain)),
        **concurrency_metadata(each for each in (*history, *studied) if each.work == run.work),
        "waterfall": dg.MetadataValue.md(waterfall_picture(*drawn)),
    }


def concurrency_metadata(
    runs: Iterable[FetchRun],
) -> Mapping[str, dg.MetadataValue | float]:
    """Return what the runs of one list, at whatever concurrency, say of how concurrent to be."""
    advice = advise(runs)
    if advice is None or advice.chosen is None:
        return {}
    return {
        "recommended_concurrency": advice.chosen.concurrency,
        "concurrency_advice": dg.MetadataValue.md(advice.told()),
        "concurrency_chart": dg.MetadataValue.md(concurrency_picture(advice)),
    }


def _failures(stored: StoredFetch) -> Mapping[str, dg.MetadataValue]:
    if not stored.failures:
        return {}
    records = [
        dg.TableRecord({"line": line, "outcome": outcome, "detail": detail, "url": url})
        for line, url, outcome, detail in stored.failures
    ]
    return {"failures": dg.MetadataValue.table(records)}
