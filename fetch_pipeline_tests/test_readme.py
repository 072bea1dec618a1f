"""What the README says is what happens."""

import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dagster as dg
import pyarrow.parquet as pq
import pytest
from pydantic import BaseModel

from fetch_pipeline.core.outcome import FETCHED, NOT_MODIFIED, FailureKind
from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.checks import FailureLimit
from fetch_pipeline.defs.fetch_config import AsyncConfig
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resized_pages import Resize, ResizedLimit
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.defs.url_list_asset import UrlListConfig
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.hostile_cases import CASES

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ")
    for language, block in BLOCKS
    if language == "console"
    for line in block.splitlines()
]
EXPORT = "uv run python -m fetch_pipeline.store.export demo.page_lengths"
RUN = "uv run dagster job execute -m fetch_pipeline.definitions -j"
SELDOM = {  # not run here, because of what they are, and where they are run instead
    "uv run pytest": "this very suite",
    "python -m venv .venv": ".ci/run makes one",
    ".venv/bin/pip install -e .": ".ci/run installs into it",
    ".venv/bin/dagster job execute -m fetch_pipeline.definitions -j demo": ".ci/run executes it",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a command a fresh copy of what it reads from the project's folder."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "data", tmp_path / "data", ignore=lambda *_: ["journals"])
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(command: str) -> list[str]:
    """Return a command's words, with the tools of this environment in place of `uv run`."""
    tool, *others = shlex.split(command.removeprefix("uv run "))
    return [str(Path(sys.executable).with_name(tool)), *others]


def run(command: str) -> str:
    """Run a command of the README to its end; return what it printed."""
    assert command in COMMANDS, f"the README does not name {command}"
    process = subprocess.run(words(command), check=True, capture_output=True, text=True)
    assert not re.search("Traceback|destroyed|Warning: (?!Function)", process.stderr)
    return process.stdout


def test_every_command_is_run() -> None:
    """By a test here, or for a reason elsewhere."""
    assert set(COMMANDS) == {
        f"{RUN} demo",
        f"{RUN} fetch_pages -c run.yaml",
        "uv run dagster dev",
        next(command for command in COMMANDS if "import duckdb" in command),
        EXPORT,
        f"{EXPORT} pages.parquet",
        *SELDOM,
    }


def test_the_demo_prints_what_is_shown_and_its_tables_can_be_read(home: Path) -> None:
    """The same lines, though seconds and bars may differ; every way to fail, in both tables."""
    (shown,) = [block for _, block in BLOCKS if block.startswith("demo/page_lengths")]

    printed = run(f"{RUN} demo")
    table = run(next(command for command in COMMANDS if "import duckdb" in command))
    run(f"{EXPORT} pages.parquet")

    def without_figures(text: str) -> list[list[str]]:
        return [re.sub(r"[\d.]+%?|█+", "#", line).split() for line in text.splitlines() if line]

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


def test_an_own_list_is_fetched_with_the_run_yaml_shown(home: Path) -> None:
    """Its config paths are the contract's; a name that does not resolve is a row."""
    (config,) = [block for language, block in BLOCKS if language == "yaml"]
    (home / "run.yaml").write_text(config, encoding="utf-8")
    (home / "lists").mkdir()
    (home / "lists" / "my.csv").write_text("link\nhttp://10.0.0.1/\n", encoding="utf-8")

    printed = run(f"{RUN} fetch_pages -c run.yaml")

    assert "page_lengths: 1 URLs, 0 fetched, 1 failed" in printed


def test_the_definitions_shown_are_a_whole_code_location() -> None:
    """The block runs as it stands, and has the assets and jobs that the text says."""
    (block,) = [block for language, block in BLOCKS if language == "python"]
    names: dict[str, Any] = {}
    exec(compile(block, "README.md", "exec"), names)  # noqa: S102 - our own README
    shown: dg.Definitions = names["defs"]

    dg.Definitions.validate_loadable(shown)
    keys = {key.to_user_string() for key in shown.resolve_all_asset_keys()}
    assert {"resized_pages", "page_lengths", "blog/page_lengths", "demo/page_lengths"} <= keys
    assert {job.name for job in shown.resolve_all_job_defs()} >= {
        "blog_fetch_pages",
        "blog_compare_sequential_async",
    }


def test_every_setting_is_listed_with_its_default() -> None:
    """No knob is to be found only by a typo."""
    row = r"^\| `((?:ops|resources)\.\S+)` \| `?([^|`]*)`?,? ?.*\|"
    listed = dict(re.findall(row, README, re.MULTILINE))
    models: dict[str, type[BaseModel]] = {
        "ops.url_list": UrlListConfig,
        "ops.page_lengths": AsyncConfig,
        "ops.page_lengths_failures_below_limit": FailureLimit,
        "ops.resized_pages": Resize,
        "ops.resized_pages_few_pages_resized": ResizedLimit,
        "resources.fetcher": Fetcher,
        "resources.journals": Journals,
        "resources.warehouse": WarehouseResource,
    }
    knobs = {
        f"{path}.config.{name}": field.default
        for path, model in models.items()
        for name, field in model.model_fields.items()
    }

    assert set(listed) == set(knobs)
    assert not {
        name: (listed[name], default)
        for name, default in knobs.items()
        if default not in (None, [], {}) and listed[name].strip().lower() != _shown(default)
    }


def _shown(default: object) -> str:
    """Write a default as the README does."""
    return f"{default:.10g}" if isinstance(default, float) else str(default).lower()


def test_every_outcome_is_explained() -> None:
    """The table has all words of the closed list that can occur, and no other."""
    rows = README.partition("| `outcome` |")[2].partition("\n\n")[0].splitlines()[2:]
    explained = {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert explained == {FETCHED, NOT_MODIFIED, *(kind.value for kind in FailureKind)}


PLAYED_ELSEWHERE = {
    "store/test_hostile_lists.py": {*range(1, 33)} - {6},
    "store/test_csv_export.py": {6},
    "engine/test_hostile_names.py": {*range(33, 45), 47, 50} - {42},
    "engine/test_hostile_tls.py": {54, 55, 57},
    "engine/test_proxy.py": {48},
    "engine/test_hostile_reuse.py": {49, 52, 81},
    "engine/test_polite_fetch.py": {102},
    "engine/test_scheduler.py": {103},
    "engine/test_revalidate.py": {104},
}


def test_every_case_is_played_or_confessed() -> None:
    """None of the 104 is forgotten: it has a test, or a line that says why not, or both."""
    confessed = {int(number) for number in re.findall(r"^\| (\d+) ", README, re.MULTILINE)}
    played = {case.number for case in CASES}.union(*PLAYED_ELSEWHERE.values())

    assert played | confessed == {*range(1, 105)}
    assert [file for file in PLAYED_ELSEWHERE if not (Path(__file__).parent / file).is_file()] == []


def test_pictures_and_files_that_are_named_exist() -> None:
    """No dead link into the tree."""
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", README)
    files = re.findall(r"`((?:fetch_pipeline|benchmarks)\w*/\S+?\.py)`", README)

    assert links
    assert files
    assert [path for path in links + files if not (ROOT / path).exists()] == []


@contextmanager
def dev_server(port: int) -> Iterator[str]:
    """Run `dagster dev` in a process group of its own; stop all of it by a signal to the group."""
    command = [*words("uv run dagster dev"), "--port", str(port)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.communicate(timeout=30)


@pytest.mark.slow
@pytest.mark.usefixtures("home")
def test_the_ui_loads_every_asset_job_schedule_and_sensor() -> None:
    """`uv run dagster dev`: asked by GraphQL, as the browser does."""
    assert "uv run dagster dev" in COMMANDS
    query = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
        assetNodes { assetKey { path } configField { isRequired } }
        jobs { name } schedules { name scheduleState { status } } sensors { name }
    } } } }"""
    with dev_server(_free_port()) as url:
        (repository,) = _ask(url, query)["repositoriesOrError"]["nodes"]

    assert len(repository["assetNodes"]) == len(list(defs.resolve_all_asset_keys()))
    assert not [n for n in repository["assetNodes"] if (n["configField"] or {}).get("isRequired")]
    assert {job["name"] for job in repository["jobs"]} >= {"fetch_pages", "demo"}
    assert [s["scheduleState"]["status"] for s in repository["schedules"]] == ["STOPPED"]
    assert [s["name"] for s in repository["sensors"]] == ["fetch_pages_on_list_change"]


def _outcomes(home: Path, table: str) -> Counter[str]:
    warehouse = DuckDBWarehouse(home / "data" / "fetch_pipeline.duckdb")
    rows = warehouse.read(Place(schema="demo", table=table), ["outcome"])
    return Counter(rows["outcome"].to_pylist())


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _ask(url: str, query: str) -> Any:
    """Ask the webserver as soon as it is there."""
    give_up = time.monotonic() + 50
    body, headers = json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{url}/graphql", body, headers)  # noqa: S310 - http
    while True:
        try:
            with urllib.request.urlopen(request) as response:  # noqa: S310 - http
                return json.load(response)["data"]
        except OSError:
            assert time.monotonic() < give_up
            time.sleep(0.2)
