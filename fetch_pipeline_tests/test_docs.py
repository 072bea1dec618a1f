"""What the pages of `fetch_pipeline/docs` say is what happens."""

import json
import re
import shlex
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import trustme
import yaml
from pydantic import BaseModel

from fetch_pipeline.components import FetchPages
from fetch_pipeline.core.outcome import FETCHED, NOT_MODIFIED, FailureKind
from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.checks import FailureLimit
from fetch_pipeline.defs.family import Settings
from fetch_pipeline.defs.fetch_config import AsyncConfig
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resized_pages import Resize, ResizedLimit
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.defs.study import StudyConfig
from fetch_pipeline.defs.url_list_asset import UrlListConfig
from fetch_pipeline_tests.dev_server import ROOT, copy_project
from fetch_pipeline_tests.documents import DOCUMENTS, Block, blocks, rows
from fetch_pipeline_tests.hostile_cases import CASES
from fetch_pipeline_tests.tools import run_tool

SETTINGS, OUTCOMES, RECIPES, TROUBLE = (
    f"fetch_pipeline/docs/{page}.md"
    for page in ("settings", "outcomes", "recipes", "troubleshooting")
)
SOURCE = "\n".join(
    path.read_text(encoding="utf-8") for path in (ROOT / "fetch_pipeline").rglob("*.py")
)
MODELS: Mapping[str, type[BaseModel]] = {
    "ops.url_list": UrlListConfig,
    "ops.page_lengths": AsyncConfig,
    "ops.page_lengths_failures_below_limit": FailureLimit,
    "ops.resized_pages": Resize,
    "ops.resized_pages_few_pages_resized": ResizedLimit,
    "ops.concurrency_study": StudyConfig,
    "resources.fetcher": Fetcher,
    "resources.journals": Journals,
    "resources.warehouse": WarehouseResource,
}
KNOBS = {
    f"{path}.config.{name}": field.default
    for path, model in MODELS.items()
    for name, field in model.model_fields.items()
}


def test_every_setting_is_listed_with_its_default() -> None:
    """No knob is to be found only by a typo."""
    listed = {
        row[0].strip("`"): row[1].strip("`")
        for row in rows(SETTINGS)
        if row[0].startswith(("`ops.", "`resources."))
    }

    assert set(listed) == set(KNOBS)
    assert not {
        name: (listed[name], default)
        for name, default in KNOBS.items()
        if default not in (None, [], {}) and listed[name].lower() != _shown(default)
    }


def test_a_default_that_limits_somebody_says_where_it_is_from() -> None:
    """Each number of a fetcher has a reason beside it."""
    silent = {
        row[0].strip("`").rpartition(".")[2]
        for row in rows(SETTINGS)
        if row[0].startswith("`resources.fetcher") and len(row) < 4
    }
    numbers = {
        name
        for name, field in Fetcher.model_fields.items()
        if isinstance(field.default, int | float) and not isinstance(field.default, bool)
    }

    assert not silent & numbers


def test_every_setting_of_a_family_is_listed() -> None:
    """Those of the component, and those of `list_family`."""
    family = DOCUMENTS[SETTINGS].partition("## Of a family")[2]
    listed = set(re.findall(r"^\| `(\w+)` \|", family, re.MULTILINE))

    assert listed == set(FetchPages.model_fields)
    assert listed >= {"path", "column", "prefix", *Settings.__annotations__}


def _shown(default: object) -> str:
    """Write a default as the page does."""
    return f"{default:.10g}" if isinstance(default, float) else str(default).lower()


def test_every_outcome_is_explained() -> None:
    """The table has all words of the closed list that can occur, and no other."""
    table = DOCUMENTS[OUTCOMES].partition("| `outcome` |")[2].partition("\n\n")[0].splitlines()[2:]
    explained = {word for row in table for word in re.findall(r"`(\w+)`", row.split("|")[1])}

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
    confessed = {
        int(number) for number in re.findall(r"^\| (\d+) ", DOCUMENTS[OUTCOMES], re.MULTILINE)
    }
    played = {case.number for case in CASES}.union(*PLAYED_ELSEWHERE.values())

    assert played | confessed == {*range(1, 105)}
    assert [file for file in PLAYED_ELSEWHERE if not (Path(__file__).parent / file).is_file()] == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_is_linked_or_named_exists(document: str) -> None:
    """No dead link into the tree, nor into a page."""
    text = DOCUMENTS[document]
    links = re.findall(r"\]\((?!https?:)([^)#]*)#?([^)]*)\)", text)
    files = re.findall(r"`((?:fetch_pipeline|benchmarks)\w*/\S+?\.py)`", text)

    folder = (ROOT / document).parent
    assert [path for path, _ in links if not (folder / path).exists()] == []
    assert [path for path in files if not (ROOT / path).exists()] == []
    headings = {_anchor(line) for line in text.splitlines() if line.startswith("#")}
    assert [
        anchor for path, anchor in links if anchor and not path and anchor not in headings
    ] == []


def _anchor(heading: str) -> str:
    """Return where GitHub lets a heading be linked to."""
    return re.sub(r"[^\w -]", "", heading.lstrip("# ").lower()).replace(" ", "-")


def test_every_message_that_is_explained_can_occur() -> None:
    """It is somewhere in the source, to the letter."""
    log = DOCUMENTS[TROUBLE].partition("## What the log says")[2].partition("## What the table")[0]
    messages = re.findall(r"^\| `(.+?)` \|", log, re.MULTILINE)
    source = re.sub(r"\"\s*\n\s*f?\"", "", SOURCE)  # a message may be written on two lines

    assert len(messages) > 5
    assert [message for message in messages if message not in source] == []


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project's folder with what the recipes name: a list, an authority, secrets."""
    copy_project(tmp_path)
    (tmp_path / "data" / "urls.txt").write_text("http://0.0.0.1/\nnonsense\n", encoding="utf-8")
    (tmp_path / "certs").mkdir()
    trustme.CA().cert_pem.write_to_path(tmp_path / "certs" / "our-ca.pem")
    secrets = {"API_TOKEN": "Bearer x", "WIKI_COOKIE": "a=b", "PROXY_URL": "http://127.0.0.1:1"}
    for name, value in secrets.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path


RUN_CONFIGS = [block for block in blocks("yaml", "run.yaml") if block.document == RECIPES]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("block", RUN_CONFIGS, ids=[f"recipe{n}" for n in range(len(RUN_CONFIGS))])
def test_each_run_config_runs(block: Block) -> None:
    """On a list of an address that nobody has, and a line that is no URL."""
    quiet = {"loggers": {"console": {"config": {"log_level": "ERROR"}}}}

    result = defs.resolve_job_def("fetch_pages").execute_in_process(
        {**yaml.safe_load(block.text), **quiet}
    )

    assert result.success


def test_each_block_is_of_a_kind_that_is_run() -> None:
    """A block without a name, or of another language, would be run by nobody."""
    named = {(block.language, block.name) for block in [*blocks("yaml"), *blocks("python")]}

    assert named == {
        ("yaml", "run.yaml"),
        ("yaml", "defs.yaml"),
        ("yaml", ".github/workflows/pages.yaml"),
        ("python", ""),
        ("python", "definitions.py"),
        ("python", "resized_pages.py"),
    }


def recipe(title: str) -> dg.Definitions:
    """Run the definitions that a recipe shows; return them."""
    text = DOCUMENTS[RECIPES].partition(f"## {title}\n")[2]
    (code,) = re.findall(r"```python\n(.*?)```", text.partition("\n## ")[0], re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, RECIPES, "exec"), names)  # noqa: S102 - our own page
    shown: dg.Definitions = names["defs"]
    dg.Definitions.validate_loadable(shown)
    return shown


def test_the_recipe_for_schedules() -> None:
    """Every hour, and each morning."""
    shown = recipe("On a schedule")

    crons = {schedule.name: schedule.cron_schedule for schedule in shown.schedules or []}  # type: ignore[union-attr]
    assert crons == {
        "news_fetch_pages_schedule": "0 * * * *",
        "blog_fetch_pages_schedule": "0 6 * * *",
    }


@pytest.mark.usefixtures("home")
def test_the_recipe_for_alerts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that fail make the run fail, and the sensor says so where it was told to."""
    shown = recipe("An alert when something is wrong")

    with dg.DagsterInstance.ephemeral() as instance:
        result = shown.resolve_job_def("fetch_pages").execute_in_process(
            instance=instance, raise_on_error=False
        )
        (failure,) = [event for event in result.all_events if event.is_run_failure]
        with listening() as (url, heard):
            monkeypatch.setenv("ALERT_URL", url)
            sensor = shown.resolve_sensor_def("alert")
            sensor(
                dg.build_run_status_sensor_context(
                    sensor_name="alert",
                    dagster_instance=instance,
                    dagster_run=result.dagster_run,
                    dagster_event=failure,
                ).for_run_failure()
            )

    assert not result.success
    assert json.loads(heard[0])["text"].startswith("fetch_pages failed: ")


@contextmanager
def listening() -> Iterator[tuple[str, list[bytes]]]:
    """Take what is posted to an address on loopback."""
    heard: list[bytes] = []

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with HTTPServer(("127.0.0.1", 0), Ear) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/", heard
        server.shutdown()


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_workflow_of_github_actions(home: Path) -> None:
    """Its commands, in their order, in a clone; but for the one that `.ci/run` begins with."""
    (block,) = blocks("yaml", ".github/workflows/pages.yaml")
    (home / "run.yaml").write_text("{}", encoding="utf-8")

    workflow = yaml.safe_load(block.text)
    steps = [step["run"] for step in workflow["jobs"]["fetch"]["steps"] if "run" in step]

    assert steps.pop(0) == "uv sync --locked"
    for step in steps:
        code, said = run_tool(home, *shlex.split(step.replace("uv run ", "")))
        assert code == 0, said
    assert (home / "pages.parquet").stat().st_size > 0
