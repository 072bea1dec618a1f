"""The commands of the contract, as processes: exit codes, signals, crashes."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.fetching import Folder

ROOT = Path(__file__).parents[1]
PAGES = 400
LATENCY_S = 0.05
CONCURRENCY = 10
A_SECOND_OF_PAGES = CONCURRENCY / LATENCY_S


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the command a working folder with the settings of the project and nothing else."""
    shutil.copy(ROOT / "dagster.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(job: str, config: object = None) -> subprocess.Popen[str]:
    """Start `dagster job execute` in a process group of its own."""
    Path("run.yaml").write_text(yaml.safe_dump(config or {}), encoding="utf-8")
    dagster = str(Path(sys.executable).with_name("dagster"))
    command = [dagster, "job", "execute", "-m", "fetch_pipeline.definitions", "-j", job]
    return subprocess.Popen(
        [*command, "-c", "run.yaml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finish(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    """Wait for a command; return its exit code, output and log."""
    output, log = process.communicate(timeout=50)
    return process.returncode, output, log


def slow_list(origin: Origin, folder: Folder) -> object:
    """Write a list that takes 2 s to fetch; return the config that fetches it."""
    urls = [f"{origin.url}/page/{n}?latency_s={LATENCY_S}" for n in range(PAGES)]
    return {
        "ops": {
            "url_list": {"config": {"path": str(folder.write_list(urls))}},
            "page_lengths": {"config": {"concurrency": CONCURRENCY}},
        },
        "resources": folder.resources(),
    }


def until_asked(origin: Origin, requests: int) -> None:
    """Wait until the origin has been asked so often."""
    give_up = time.monotonic() + 40
    while origin.requests.total() < requests:
        assert time.monotonic() < give_up
        time.sleep(0.005)


@pytest.fixture
def half_fetched(
    home: Path, origin: Origin, folder: Folder
) -> Iterator[tuple[subprocess.Popen[str], object]]:
    """Start a fetch and hand it over in the middle."""
    del home
    config = slow_list(origin, folder)
    process = start("fetch_pages", config)
    until_asked(origin, PAGES // 2)
    yield process, config
    process.kill()
    process.communicate()


def test_after_kill_9_the_same_command_fetches_what_is_missing(
    half_fetched: tuple[subprocess.Popen[str], object], origin: Origin, folder: Folder
) -> None:
    """At most the last second's pages are fetched again, and every page has its row."""
    process, config = half_fetched
    os.kill(process.pid, signal.SIGKILL)
    finish(process)
    asked = origin.requests.total()

    code, _, log = finish(start("fetch_pages", config))

    again = sum(requests - 1 for requests in origin.requests.values())
    rows = folder.table("page_lengths")
    assert code == 0, log
    assert asked < PAGES
    assert again <= A_SECOND_OF_PAGES
    assert rows["line"].tolist() == list(range(1, PAGES + 1))
    assert set(rows["outcome"]) == {"fetched"}
    assert rows["run_id"].nunique() == 2


def test_sigterm_stops_a_fetch_within_3_s_and_keeps_what_was_fetched(
    half_fetched: tuple[subprocess.Popen[str], object], origin: Origin, folder: Folder
) -> None:
    """It is never a success, and only what was in flight is fetched again."""
    process, config = half_fetched
    told = datetime.now(UTC)
    process.send_signal(signal.SIGTERM)
    code, _, log = finish(process)
    (stopped,) = re.findall(r"^(\S+ \S+ \+0000) .* stopped; what was", log, re.MULTILINE)
    took_s = (datetime.strptime(stopped, "%Y-%m-%d %H:%M:%S %z") - told).total_seconds()

    again_code, _, again_log = finish(start("fetch_pages", config))

    again = sum(requests - 1 for requests in origin.requests.values())
    assert code == 1
    assert took_s < 3
    assert "was destroyed but it is pending" not in log
    assert "what was fetched is kept, and the next run goes on there" in log
    assert again_code == 0, again_log
    assert again <= CONCURRENCY
    assert len(folder.table("page_lengths")) == PAGES
