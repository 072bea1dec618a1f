"""`dagster dev` on a copy of the project's folder, and questions to it by GraphQL."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_ENDED = {"SUCCESS", "FAILURE", "CANCELED"}

_LAUNCH = """mutation ($params: ExecutionParams!) { launchRun(executionParams: $params) {
    ... on LaunchRunSuccess { run { runId } }
    ... on PythonError { message }
    ... on RunConfigValidationInvalid { errors { message } }
} }"""
_STATUS = "query ($run: ID!) { runOrError(runId: $run) { ... on Run { status } } }"
_LOCATION = """{ repositoriesOrError { ... on RepositoryConnection {
    nodes { name location { name } }
} } }"""


def copy_project(folder: Path) -> None:
    """Give a command a fresh copy of what it reads from the project's folder."""
    for name in ("dagster.yaml", "workspace.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, folder)
    (folder / "data").mkdir()
    shutil.copy(ROOT / "data" / "urls.txt", folder / "data")


class DevServer:
    """A running server; `url` is where its UI is."""

    def __init__(self, url: str) -> None:
        self.url = url

    def ask(self, query: str, **variables: object) -> Any:
        """Return the data of a GraphQL answer."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        headers = {"Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.url}/graphql", body, headers)  # noqa: S310 - http
        with urllib.request.urlopen(request) as response:  # noqa: S310 - http
            return json.load(response)["data"]

    def location(self) -> tuple[str, str]:
        """Return the names of the repository and of the code location it is in."""
        (repository,) = self.ask(_LOCATION)["repositoriesOrError"]["nodes"]
        return repository["name"], repository["location"]["name"]

    def launch(self, job: str, config: Mapping[str, Any] | None = None) -> str:
        """Start a run and return its id."""
        repository, location = self.location()
        selector = {
            "repositoryName": repository,
            "repositoryLocationName": location,
            "jobName": job,
        }
        params = {"selector": selector, "runConfigData": config or {}}
        answer = self.ask(_LAUNCH, params=params)["launchRun"]
        assert "run" in answer, answer
        run_id: str = answer["run"]["runId"]
        return run_id

    def status_at_end(self, run_id: str, *, within_s: float = 60) -> str:
        """Wait for a run to end; return how it did."""
        give_up = time.monotonic() + within_s
        while (status := self.ask(_STATUS, run=run_id)["runOrError"]["status"]) not in _ENDED:
            assert time.monotonic() < give_up, status
            time.sleep(0.2)
        return str(status)


@contextmanager
def serving_ui(folder: Path, **environment: str) -> Iterator[DevServer]:
    """Run `dagster dev` in `folder`, in a process group of its own that is stopped in the end."""
    port = _free_port()
    command = [str(Path(sys.executable).with_name("dagster")), "dev", "--port", str(port)]
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            server = DevServer(f"http://127.0.0.1:{port}")
            _until_it_answers(server)
            yield server
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(timeout=30)


def _until_it_answers(server: DevServer) -> None:
    give_up = time.monotonic() + 60
    while True:
        try:
            server.location()
        except OSError:
            assert time.monotonic() < give_up
            time.sleep(0.2)
        else:
            return


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
