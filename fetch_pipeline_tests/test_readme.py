"""What the README says is what happens."""

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest
import yaml

from fetch_pipeline.definitions import defs
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.dev_server import ROOT, copy_project, serving_ui
from fetch_pipeline_tests.documents import README, blocks, commands
from fetch_pipeline_tests.test_components import loaded

EXPORT = "uv run python -m fetch_pipeline.store.export demo.page_lengths"
RUN = "uv run dagster job execute -m fetch_pipeline.definitions -j"
DUCKDB = next(command for command in commands() if "import duckdb" in command)
SELDOM = {  # not run here, because of what they are, and where they are run instead
    "uv run pytest": "this very suite",
    "uv run dagster asset materialize -m fetch_pipeline.definitions --select resized_pages": (
        "test_tools.py runs it after what it needs"
    ),
    "dg check defs": "test_components.py runs it in a second project",
    "dg launch --job blog_fetch_pages": "test_components.py runs it in a second project",
    "python -m venv .venv": ".ci/run makes one",
    ".venv/bin/pip install -e .": ".ci/run installs into it",
    ".venv/bin/dagster job execute -m fetch_pipeline.definitions -j demo": ".ci/run executes it",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a command a fresh copy of what it reads from the project's folder."""
    copy_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(command: str) -> str:
    """Run a command that is shown to its end; return what it printed."""
    assert command in commands(), f"nobody is told to run {command}"
    tool, *others = shlex.split(command.removeprefix("uv run "))
    words = [str(Path(sys.executable).with_name(tool)), *others]
    process = subprocess.run(words, check=True, capture_output=True, text=True)
    assert not re.search("Traceback|destroyed|Warning: (?!Function)", process.stderr)
    return process.stdout


def without_figures(text: str) -> list[list[str]]:
    """Return the words of the lines; seconds, dates and bars may differ."""
    return [re.sub(r"[\d.-]+%?|█+", "#", line).split() for line in text.splitlines() if line]


def test_every_command_is_run() -> None:
    """By a test here, or for a reason elsewhere."""
    assert commands() == {
        f"{RUN} demo",
        f"{RUN} fetch_pages -c run.yaml",
        f"{RUN} concurrency_study",
        "uv run dagster dev",
        DUCKDB,
        EXPORT,
        f"{EXPORT} pages.parquet",
        *SELDOM,
    }


def test_the_demo_prints_what_is_shown_and_its_tables_can_be_read(home: Path) -> None:
    """The same lines; every way to fail, in both tables."""
    (shown,) = [block.text for block in blocks("text") if "demo/page_lengths:" in block.text]

    printed = run(f"{RUN} demo")
    table = run(DUCKDB)
    run(f"{EXPORT} pages.parquet")

    assert without_figures(printed) == without_figures(shown)
    assert "fetched" in table
    assert run(EXPORT).count("fetched,") == 36
    exported = pq.read_table(home / "pages.parquet")
    assert exported.schema == PAGE_LENGTHS.arrow_schema
    assert exported["outcome"].to_pylist().count("fetched") == 36
    assert [_outcomes(home, table) for table in ("page_lengths_sequential", "page_lengths")] == [
        {
            "fetched": 36,
            "http_error": 2,
            "connect_error": 1,
            "incomplete_body": 2,
            "too_large": 1,
            "redirect_error": 1,
            "timeout": 1,
            "invalid_url": 1,
        }
    ] * 2


@pytest.mark.usefixtures("home")
def test_the_study_prints_what_is_shown() -> None:
    """One line for each concurrency; which one is recommended may differ."""
    (shown,) = [block.text for block in blocks("text") if "concurrency_study:" in block.text]

    printed = run(f"{RUN} concurrency_study")

    assert without_figures(printed)[:8] == without_figures(shown)[:8]
    assert "at once: " in printed.splitlines()[-2]


def test_an_own_list_is_fetched_with_the_run_yaml_shown(home: Path) -> None:
    """Its config paths are the contract's; an address that is refused is a row."""
    (config,) = [block.text for block in blocks("yaml", "run.yaml") if block.document == README]
    (home / "run.yaml").write_text(config, encoding="utf-8")
    (home / "lists").mkdir()
    (home / "lists" / "my.csv").write_text("link\nhttp://10.0.0.1/\n", encoding="utf-8")

    printed = run(f"{RUN} fetch_pages -c run.yaml")

    assert "page_lengths: 1 URLs, 0 fetched, 1 failed" in printed


def test_the_definitions_shown_are_a_whole_code_location() -> None:
    """The block runs as it stands, and has the assets and jobs that the text says."""
    (block,) = blocks("python", "definitions.py")
    names: dict[str, Any] = {}
    exec(compile(block.text, block.document, "exec"), names)  # noqa: S102 - our own README
    shown: dg.Definitions = names["defs"]

    dg.Definitions.validate_loadable(shown)
    keys = {key.to_user_string() for key in shown.resolve_all_asset_keys()}
    assert keys > {key.to_user_string() for key in defs.resolve_all_asset_keys()}
    assert {job.name for job in shown.resolve_all_job_defs()} >= {
        "blog_fetch_pages",
        "blog_compare_sequential_async",
    }


def test_the_example_shown_is_the_one_that_is_shipped() -> None:
    """To the letter."""
    (block,) = blocks("python", "resized_pages.py")
    shipped = (ROOT / "fetch_pipeline" / "defs" / "resized_pages.py").read_text(encoding="utf-8")

    assert block.text in shipped


def test_the_component_shown_makes_the_family_that_is_told() -> None:
    """In ten lines."""
    (block,) = blocks("yaml", "defs.yaml")

    with loaded(yaml.safe_load(block.text)["attributes"]) as made:
        assert len(block.text.splitlines()) <= 10
        keys = {key.to_user_string() for key in made.resolve_all_asset_keys()}
        assert "blog/page_lengths" in keys
        assert set(made.resources or {}) == {"blog_fetcher", "blog_warehouse", "blog_journals"}
        assert made.resolve_schedule_def("blog_fetch_pages_schedule").cron_schedule == "30 5 * * *"


@pytest.mark.slow
def test_the_ui_loads_every_asset_job_schedule_and_sensor(home: Path) -> None:
    """`uv run dagster dev`: asked by GraphQL, as the browser does."""
    assert "uv run dagster dev" in commands()
    query = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
        assetNodes { assetKey { path } configField { isRequired } }
        jobs { name } schedules { name scheduleState { status } } sensors { name }
    } } } }"""
    with serving_ui(home) as server:
        (repository,) = server.ask(query)["repositoriesOrError"]["nodes"]

    assert len(repository["assetNodes"]) == len(list(defs.resolve_all_asset_keys()))
    assert not [n for n in repository["assetNodes"] if (n["configField"] or {}).get("isRequired")]
    assert {job["name"] for job in repository["jobs"]} >= {"fetch_pages", "demo"}
    assert [s["scheduleState"]["status"] for s in repository["schedules"]] == ["STOPPED"]
    assert [s["name"] for s in repository["sensors"]] == ["fetch_pages_on_list_change"]


def _outcomes(home: Path, table: str) -> Counter[str]:
    warehouse = DuckDBWarehouse(home / "data" / "fetch_pipeline.duckdb")
    rows = warehouse.read(Place(schema="demo", table=table), ["outcome"])
    return Counter(rows["outcome"].to_pylist())
