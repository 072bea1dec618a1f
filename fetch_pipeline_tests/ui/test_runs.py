"""What a person does with runs: starts, stops, goes on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.dev_server import DevServer
from fetch_pipeline_tests.fetching import Folder
from fetch_pipeline_tests.test_cli import until_asked
from fetch_pipeline_tests.ui.browsing import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

PAGES = 60
CONCURRENCY = 2


@pytest.fixture
def launchpad(visitor: Visitor) -> Visitor:
    """Open the Launchpad of `fetch_pages`."""
    visitor.open(visitor.job("fetch_pages", "/playground"))
    visitor.see("No errors")
    return visitor


def test_a_newcomer_clicks_once(server: DevServer, visitor: Visitor) -> None:
    """*Materialize all* of the demo needs no word of configuration."""
    visitor.open(visitor.job("demo"))
    visitor.press("Materialize all")
    visitor.see("Launched run", exact=False)
    latest = "{ runsOrError(limit: 1) { ... on Runs { results { runId } } } }"
    run_id = server.ask(latest)["runsOrError"]["results"][0]["runId"]

    assert server.status_at_end(run_id) == "SUCCESS"
    visitor.open(f"/runs/{run_id}")
    visitor.see("Success")
    visitor.see("stdout")
    visitor.keep("materialized")


def test_the_launchpad_says_what_each_field_is_and_may_be(launchpad: Visitor) -> None:
    """Beside the editor, for the block that is being written."""
    launchpad.write_config("ops:\n  page_lengths:\n    config:\n      ")

    launchpad.see("Pages in flight at once, at most. From 1 to 10000.", exact=False)
    launchpad.keep("launchpad")


def test_a_field_that_does_not_exist_is_named_while_it_is_written(launchpad: Visitor) -> None:
    """And the run cannot be launched."""
    launchpad.write_config("ops:\n  page_lengths:\n    config:\n      concurency: 5\n")

    launchpad.see('Received unexpected config entry "concurency"', exact=False)
    assert launchpad.page.get_by_role("button", name="Launch Run").first.is_disabled()
    launchpad.keep("unknown-field")


def test_a_value_out_of_bounds_is_refused_by_name(launchpad: Visitor) -> None:
    """When the run is launched; there is no run then."""
    launchpad.write_config("ops:\n  page_lengths:\n    config:\n      concurrency: 0\n")
    launchpad.press("Launch Run")

    launchpad.see("concurrency: Input should be greater than or equal to 1, not 0", exact=False)
    launchpad.keep("out-of-bounds")


def test_a_fetch_is_terminated_and_goes_on_from_failure(
    server: DevServer, launchpad: Visitor, origin: Origin, folder: Folder
) -> None:
    """CANCELED, never a success; then only what is missing is asked for, and all rows are there."""
    urls = [f"{origin.url}/page/{n}?latency_s=0.2" for n in range(PAGES)]
    launchpad.write_config(run_config(folder, folder.write_list(urls)))
    launchpad.see("No errors")
    launchpad.press("Launch Run")
    launchpad.page.wait_for_url("**/runs/**")
    run_id = launchpad.page.url.rpartition("/")[2]
    until_asked(origin, PAGES // 3)

    launchpad.press("Terminate")
    launchpad.press("Terminate 1 run")

    assert server.status_at_end(run_id) == "CANCELED"
    launchpad.see("Canceled")
    launchpad.see("stopped; what was fetched is kept, and the next run goes on there")
    launchpad.keep("canceled")
    asked = origin.requests.total()
    assert asked < PAGES

    launchpad.open(f"/runs/{run_id}")
    launchpad.page.locator("button:right-of(:text('Re-execute all'))").first.click()
    launchpad.see("From failure").click()
    launchpad.page.wait_for_url(lambda url: "/runs/" in url and run_id not in url)
    again = launchpad.page.url.rpartition("/")[2]

    assert server.status_at_end(again) == "SUCCESS"
    launchpad.see("Success")
    launchpad.keep("resumed")
    rows = folder.table("page_lengths")
    assert rows["url"].tolist() == urls
    assert set(rows["outcome"]) == {"fetched"}
    assert set(rows["run_id"]) == {run_id, again}
    assert origin.requests.total() - PAGES <= CONCURRENCY


def run_config(folder: Folder, path: Path) -> str:
    """Return the run config of a slow fetch; JSON is YAML."""
    return json.dumps(
        {
            "ops": {
                "url_list": {"config": {"path": str(path)}},
                "page_lengths": {"config": {"concurrency": CONCURRENCY}},
            },
            "resources": folder.resources(),
        }
    )
