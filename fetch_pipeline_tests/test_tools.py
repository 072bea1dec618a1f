"""Dagster's command-line tools, all of which people have in their fingers."""

from pathlib import Path

import pytest

from fetch_pipeline_tests.dev_server import ROOT, copy_project
from fetch_pipeline_tests.fetching import Folder
from fetch_pipeline_tests.tools import run_tool

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make a clone that may be written to."""
    copy_project(tmp_path)
    (tmp_path / "fetch_pipeline").symlink_to(ROOT / "fetch_pipeline")
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "dg check defs",
        "dg check yaml",
        "dg check toml",
        "dagster definitions validate",
        "dagster definitions validate -w workspace.yaml",
    ],
)
def test_the_definitions_are_found_and_valid(project: Path, command: str) -> None:
    """By pyproject.toml and by workspace.yaml."""
    code, said = run_tool(project, *command.split())

    assert code == 0, said


def test_everything_is_listed(project: Path) -> None:
    """Assets, checks, jobs, schedule, sensor and resources."""
    code, said = run_tool(project, "dg", "list", "defs")

    assert code == 0, said
    for name in (
        "demo/page_lengths",
        "resized_pages",
        "concurrency_study",
        "compare_sequential_async",
        "fetch_pages_schedule",
        "fetch_pages_on_list_change",
        "journals",
    ):
        assert name in said


def test_dg_launches_what_job_execute_executes(project: Path) -> None:
    """The demo, compared."""
    code, said = run_tool(project, "dg", "launch", "--job", "demo")

    assert code == 0, said
    assert "demo/page_lengths: 45 URLs, 36 fetched, 9 failed" in said
    assert (
        len(Folder(project / "data", "fetch_pipeline.duckdb").table("page_lengths", "demo")) == 45
    )


def test_single_assets_are_materialized_one_after_the_other(project: Path) -> None:
    """Each command is a process of its own: what one stored the next one reads."""
    (project / "data" / "urls.txt").write_text("http://127.0.0.1:1/\n", encoding="utf-8")
    select = "dagster asset materialize -m fetch_pipeline.definitions --select"

    said = {
        asset: run_tool(project, *select.split(), asset)
        for asset in ("url_list", "page_lengths", "run_timings", "resized_pages")
    }

    assert {asset: code for asset, (code, _) in said.items()} == dict.fromkeys(said, 0), said
    assert "page_lengths: 1 URLs, 0 fetched, 1 failed" in said["run_timings"][1]
    pages = Folder(project / "data", "fetch_pipeline.duckdb").table("page_lengths")
    assert pages["outcome"].tolist() == ["refused_address"]


def test_an_asset_without_what_it_needs_says_what_to_do(project: Path) -> None:
    """Rather than that a file is missing somewhere."""
    select = "dagster asset materialize -m fetch_pipeline.definitions --select page_lengths"

    code, said = run_tool(project, *select.split())

    assert code == 1
    assert "does not exist yet: materialize an asset that is stored in it" in said
