"""Jobs, the schedule and the sensor."""

import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.family import list_family
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline_tests.fetching import Folder

RESOURCES = dg.Definitions(
    resources={
        "fetcher": Fetcher(),
        "patient": Fetcher(total_timeout_s=600),
        "journals": Journals(),
        "warehouse": WarehouseResource(),
    }
)


def test_the_jobs_are_the_contracts() -> None:
    """With the assets each of them is for, and no other of the definitions, in one process."""
    jobs = {
        name: {
            key.to_user_string()
            for key in defs.resolve_job_def(name).asset_layer.executable_asset_keys
        }
        for name in ("fetch_pages", "compare_sequential_async", "demo")
    }

    family = {"url_list", "page_lengths", "page_lengths_sequential", "run_timings"}
    assert jobs == {
        "fetch_pages": family - {"page_lengths_sequential"},
        "compare_sequential_async": family,
        "demo": {f"demo/{name}" for name in family},
    }
    assert all(defs.resolve_job_def(name).executor_def is dg.in_process_executor for name in jobs)


def test_the_schedule_is_daily_and_stopped() -> None:
    """Nothing is fetched before somebody asks for it."""
    schedule = defs.resolve_schedule_def("fetch_pages_schedule")

    assert (schedule.cron_schedule, schedule.job_name) == ("0 6 * * *", "fetch_pages")
    assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED


def test_page_lengths_grow_stale() -> None:
    """The UI tells when a day was missed."""
    for key in (["page_lengths"], ["demo", "page_lengths"]):
        policy = defs.resolve_asset_graph().get(dg.AssetKey(key)).freshness_policy
        assert policy is not None


def test_the_sensor_starts_a_run_when_the_list_changes(folder: Folder) -> None:
    """The first look only remembers; an unchanged or missing list starts nothing."""
    path = folder.path / "l.txt"
    family = dg.Definitions.merge(list_family(str(path), prefix="web"), RESOURCES)
    sensor = family.resolve_sensor_def("web_fetch_pages_on_list_change")

    def look(cursor: str | None) -> tuple[int, str | None]:
        """Return how many runs are asked for, and the next cursor."""
        context = dg.build_sensor_context(cursor=cursor)
        evaluation = sensor.evaluate_tick(context)
        return len(evaluation.run_requests or []), evaluation.cursor

    assert look(None)[0] == 0
    path.write_text("http://a.org/", encoding="utf-8")
    runs, first = look(None)
    assert (runs, look(first)[0]) == (0, 0)
    path.write_text("http://a.org/ and more", encoding="utf-8")
    runs, second = look(first)

    assert runs == 1
    assert second != first
    assert look(second)[0] == 0


def test_another_list_is_one_line(tmp_path: Path) -> None:
    """Two families and their resources are a whole code location."""
    two = dg.Definitions.merge(
        list_family(str(tmp_path / "a.txt")),
        list_family(str(tmp_path / "b.csv"), column="link", prefix="blog", fetcher="patient"),
        RESOURCES,
    )

    dg.Definitions.validate_loadable(two)
    assert {job.name for job in two.resolve_all_job_defs()} >= {
        "fetch_pages",
        "compare_sequential_async",
        "blog_fetch_pages",
        "blog_compare_sequential_async",
    }


@pytest.mark.parametrize("tool", ["dg", "workspace"])
def test_workspace_and_dg_name_the_same_module(tool: str) -> None:
    """`dagster dev` reads one of them, `dagster-webserver -w` the other."""
    root = Path(__file__).parents[2]
    if tool == "dg":
        settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        module = f"{settings['tool']['dg']['project']['root_module']}.definitions"
    else:
        workspace = yaml.safe_load((root / "workspace.yaml").read_text(encoding="utf-8"))
        (module,) = [location["python_module"] for location in workspace["load_from"]]

    assert module == "fetch_pipeline.definitions"
