"""What runs a family: jobs, the daily schedule, the sensor on its list."""

from __future__ import annotations

import dagster as dg
from dagster._core.definitions.unresolved_asset_job_definition import (
    UnresolvedAssetJobDefinition as AssetJob,
)

from fetch_pipeline.defs.lists import ListFile
from fetch_pipeline.defs.spec import ASSETS, EVERY_MORNING, FamilySpec
from fetch_pipeline.store.url_list import list_version

_LOOK_EVERY_S = 60
_COMPARE = "Fetch every listed page one at a time, then concurrently, and compare."


def build_fetch_job(spec: FamilySpec) -> AssetJob:
    """Make the job that fetches the list: url_list, page_lengths, run_timings.

    It leaves out `same_pages`: there is no sequential run of the same day to compare with.
    """
    assets = dg.AssetSelection.assets(
        *(spec.key(name) for name in ASSETS if name != "page_lengths_sequential")
    )
    same_pages = dg.AssetCheckKey(spec.key("page_lengths"), "same_pages")
    return dg.define_asset_job(
        spec.name("fetch_pages"),
        selection=assets - dg.AssetSelection.checks(same_pages),
        description="Fetch every listed page concurrently.",
        executor_def=dg.in_process_executor,
    )


def build_compare_job(spec: FamilySpec, name: str, about: str = _COMPARE) -> AssetJob:
    """Make the job that fetches the list twice, one page at a time and concurrently.

    One process, so one after the other: side by side they would slow each other down.
    """
    return dg.define_asset_job(
        name,
        selection=dg.AssetSelection.assets(*map(spec.key, ASSETS)),
        description=about,
        executor_def=dg.in_process_executor,
    )


def on_schedule(job: AssetJob, spec: FamilySpec) -> dg.ScheduleDefinition:
    """Make the schedule of `job`; stopped until somebody starts it in the UI."""
    return dg.ScheduleDefinition(
        job=job,
        cron_schedule=spec.cron,
        execution_timezone="UTC",
        description=f"Starts {job.name} at {spec.cron!r} (cron, UTC)."
        if spec.cron != EVERY_MORNING
        else f"Starts {job.name} every morning at six, UTC.",
    )


def on_list_change(source: ListFile, job: AssetJob) -> dg.SensorDefinition:
    """Make the sensor that starts `job` when the list is another than at the last look."""

    @dg.sensor(
        name=f"{job.name}_on_list_change",
        job=job,
        minimum_interval_seconds=_LOOK_EVERY_S,
        description=f"Starts {job.name} when {source.about} changes.",
    )
    def on_change(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        version = list_version(source.path)
        if version is None:
            return dg.SkipReason(f"{source.about} does not exist")
        if version == context.cursor:
            return dg.SkipReason(f"{source.about} is as it was")
        seen_before = context.cursor is not None
        runs = [dg.RunRequest(run_key=version)] if seen_before else []
        return dg.SensorResult(run_requests=runs, cursor=version)

    return on_change
