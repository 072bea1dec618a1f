"""One server for all tests of the UI, with a history worth looking at."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from fetch_pipeline_tests.dev_server import DevServer, copy_project, serving_ui
from fetch_pipeline_tests.ui.browsing import Visitor, find_browser, visiting


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """Serve the project as a user does after `git clone`; whoever came before has seen the tour."""
    find_browser()
    folder = tmp_path_factory.mktemp("project")
    copy_project(folder)
    with serving_ui(folder, DAGSTER_HOME=str(folder)) as running:
        running.ask("mutation { setNuxSeen }")
        yield running


@pytest.fixture
def visitor(server: DevServer, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """Open a browser on the server; what it shows when a test fails is kept as well."""
    with visiting(server) as somebody:
        failed_before = request.session.testsfailed
        yield somebody
        if request.session.testsfailed > failed_before:
            somebody.keep(f"failed-{request.node.name}")


@pytest.fixture(scope="session")
def history(server: DevServer) -> DevServer:
    """Materialize the demo three times, and study it once."""
    for job in ("demo", "concurrency_study", "demo", "demo"):
        assert server.status_at_end(server.launch(job)) == "SUCCESS"
    return server
