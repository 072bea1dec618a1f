"""The door."""

import dagster as dg

from fetch_pipeline.definitions import defs


def test_everything_loads() -> None:
    """As the UI, the daemon and every command load it."""
    dg.Definitions.validate_loadable(defs)


def test_the_public_names_are_spelt_out() -> None:
    """What users have in run configs, schedules and other projects does not change by accident."""
    assert {key.to_user_string() for key in defs.resolve_all_asset_keys()} == {
        "url_list",
        "page_lengths_sequential",
        "page_lengths",
        "run_timings",
        "resized_pages",
        "concurrency_study",
        "demo/url_list",
        "demo/page_lengths_sequential",
        "demo/page_lengths",
        "demo/run_timings",
    }
    assert {job.name for job in defs.resolve_all_job_defs()} - {"__ASSET_JOB"} == {
        "fetch_pages",
        "compare_sequential_async",
        "demo",
        "concurrency_study",
    }
    assert [schedule.name for schedule in defs.schedules or []] == ["fetch_pages_schedule"]
    assert [sensor.name for sensor in defs.sensors or []] == ["fetch_pages_on_list_change"]
    assert set(defs.resources or {}) == {"fetcher", "demo_fetcher", "journals", "warehouse"}
