"""One row per fetch materialization: what it took, and how many times faster than one at a time.

Rows are appended, never replaced. `speedup` is measured against the latest sequential run of the
same list and policy, or estimated where there is none: no less than the pages' own seconds added
up, and than the limits of the hosts. `ideal_s` is the
least wall time possible for these pages at this concurrency; no schedule beats it. The metadata's
`efficiency` is `ideal_s / wall_s`: 1 is perfect. `recommended_concurrency` rests on all runs of the
same list under the same policy; the job `concurrency_study` adds some.
"""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

import sys

import dagster as dg

from fetch_pipeline.core.timing import ASYNC
from fetch_pipeline.defs.columns import column_words
from fetch_pipeline.defs.metadata import timings_metadata
from fetch_pipeline.defs.resources import place_of, warehouse_of
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.report.comparison import comparison_text
from fetch_pipeline.store.tables import RUN_TIMINGS
from fetch_pipeline.store.timings import latest, update_run_timings


def build_run_timings(spec: FamilySpec) -> dg.AssetsDefinition:
    """Make the family's `run_timings`."""

    @dg.asset(
        key=spec.key("run_timings"),
        deps=[spec.key("page_lengths_sequential"), spec.key("page_lengths")],
        group_name=spec.group,
        kinds={"python"},
        description=__doc__,
        io_manager_key=spec.warehouse,
        required_resource_keys={spec.warehouse},
        metadata=column_words(RUN_TIMINGS),
    )
    def run_timings(context: dg.AssetExecutionContext) -> dg.MaterializeResult[None]:
        store, place = warehouse_of(context.resources, spec.warehouse), place_of(context.asset_key)
        runs = update_run_timings(store, place)
        if not runs:
            msg = f"no fetch is stored yet: materialize {spec.name('page_lengths')} first"
            raise dg.Failure(msg, allow_retries=False)
        run, gain = latest(runs, ASYNC) or runs[-1]
        sys.stdout.write(f"\n{comparison_text(run, gain)}\n\n")
        return dg.MaterializeResult(metadata=timings_metadata(runs, store, place))

    return run_timings
