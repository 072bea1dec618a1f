"""A family: url_list, both fetch assets and run_timings under one key prefix, with their checks."""

from __future__ import annotations

from typing import TypedDict, Unpack

import dagster as dg

from fetch_pipeline.defs.automation import (
    build_compare_job,
    build_fetch_job,
    on_list_change,
    on_schedule,
)
from fetch_pipeline.defs.checks import build_checks
from fetch_pipeline.defs.fetch_asset import build_fetch_assets
from fetch_pipeline.defs.lists import ListFile
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.defs.timings_asset import build_run_timings
from fetch_pipeline.defs.url_list_asset import build_url_list


def build_family(spec: FamilySpec) -> dg.Definitions:
    """Make the assets and checks of a family; what runs them is up to the caller."""
    return dg.Definitions(
        assets=[build_url_list(spec), *build_fetch_assets(spec), build_run_timings(spec)],
        asset_checks=build_checks(spec),
    )


class Settings(TypedDict, total=False):
    """What a family of a list file may be told besides.

    Attributes:
        fetcher: Resource key of the policy its pages are fetched with.
        concurrency: Pages in flight at once, unless a run says otherwise.
        failure_limit: Share of its rows without a page that is tolerated, unless a run says so.
        cron: When its schedule starts it, in UTC.
    """

    fetcher: str
    concurrency: int
    failure_limit: float
    cron: str


def list_family(
    path: str,
    *,
    column: str | None = None,
    prefix: str | None = None,
    **settings: Unpack[Settings],
) -> dg.Definitions:
    """Make a family of a list file, with its jobs, its daily schedule and its sensor.

    Args:
        path: Of the list; see `store.url_list.read_entries`.
        column: Where the URLs are in a file that has columns.
        prefix: Of the asset keys, jobs and ops; its tables' schema. Null for none.
        **settings: See `Settings`.
    """
    source = ListFile(path=path, column=column)
    return build_list_family(source, FamilySpec(source=source, prefix=prefix, **settings))


def build_list_family(source: ListFile, spec: FamilySpec) -> dg.Definitions:
    """Make the family `spec` of the list file `source`, and what runs it."""
    fetch_job = build_fetch_job(spec)
    return dg.Definitions.merge(
        build_family(spec),
        dg.Definitions(
            jobs=[fetch_job, build_compare_job(spec, spec.name("compare_sequential_async"))],
            schedules=[on_schedule(fetch_job, spec)],
            sensors=[on_list_change(source, fetch_job)],
        ),
    )
