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

import pytest
import yaml

from fetch_pipeline.core.outcome import FETCHED, FailureKind
from fetch_pipeline.definitions import defs
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.warehouse import Place

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", README, re.DOTALL)
COMMANDS = [
    line.removeprefix("$ ")
    for language, block in BLOCKS
    if language == "console"
    for line in block.splitlines()
]
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
        *SELDOM,
    }


def test_the_demo_prints_what_is_shown_and_its_tables_can_be_read(home: Path) -> None:
    """The same lines, though seconds and bars may differ; every way to fail, in both tables."""
    (shown,) = [block for _, block in BLOCKS if block.startswith("demo/page_lengths")]

    printed = run(f"{RUN} demo")
    table = run(next(command for command in COMMANDS if "import duckdb" in command))

    def without_figures(text: str) -> list[list[str]]:
        return [re.sub(r"[\d.]+%?|█+", "#", line).split() for line in text.splitlines() if line]

    assert without_figures(printed) == without_figures(shown)
    assert "fetched" in table
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
    (home / "lists" / "my.csv").write_text("url\nhttp://nowhere.invalid/\n", encoding="utf-8")

    printed = run(f"{RUN} fetch_pages -c run.yaml")

    assert set(yaml.safe_load(config)["resources"]) == {"fetcher", "warehouse"}
    assert "page_lengths: 1 URLs, 0 fetched, 1 failed" in printed


def test_python_blocks_are_python() -> None:
    """They run as they stand."""
    for language, block in BLOCKS:
        if language == "python":
            exec(compile(block, "README.md", "exec"), {})  # noqa: S102 - our own README


def test_every_outcome_is_explained() -> None:
    """The table has all words of the closed list that can occur, and no other."""
    rows = README.partition("| `outcome` |")[2].partition("\n\n")[0].splitlines()[2:]
    explained = {word for row in rows for word in re.findall(r"`(\w+)`", row.split("|")[1])}

    assert explained == {FETCHED, *(kind.value for kind in FailureKind)}


def test_pictures_and_files_that_are_named_exist() -> None:
    """No dead link into the tree."""
    named = re.findall(
        r"\]\((?!https?:)([^)]+)\)|`((?:fetch_pipeline|benchmarks)\S*?/\S+?)`", README
    )

    paths = [link or path.partition(" ")[0] for link, path in named]
    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []


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
