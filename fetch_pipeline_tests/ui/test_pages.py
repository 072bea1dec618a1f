"""What a person sees of a family."""

import pytest

from fetch_pipeline_tests.dev_server import DevServer
from fetch_pipeline_tests.ui.browsing import Visitor, visiting

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.mark.usefixtures("history")
def test_the_lineage_of_a_family(visitor: Visitor) -> None:
    """From the list to the timings, all of it materialized."""
    visitor.open("/assets/demo/url_list?view=lineage&lineageScope=downstream&lineageDepth=5")

    for asset in ("url_list", "page_lengths_sequential", "page_lengths", "run_timings"):
        visitor.see(asset)
    visitor.see("3 / 3 Passed")
    visitor.keep("lineage")


@pytest.mark.usefixtures("history")
def test_the_comparison_is_seen_at_once(visitor: Visitor) -> None:
    """On the page of run_timings, in the first window, as are numbers and recommendation."""
    visitor.open("/assets/demo/run_timings", height=1300)

    for key in ("sequential_wall_s", "async_wall_s", "speedup", "efficiency"):
        visitor.see(key)
    assert visitor.see_picture("comparison") == (340, 88)
    visitor.see_picture("wall time")
    visitor.see("Rests on", exact=False)
    visitor.keep("comparison")


@pytest.mark.usefixtures("history")
def test_the_waterfall_is_one_click_away(visitor: Visitor) -> None:
    """In a dialog that has room for all of it."""
    visitor.open("/assets/demo/run_timings?view=events")

    visitor.page.get_by_text("[Show Markdown]").last.click()

    width, height = visitor.see_picture("waterfall")
    assert width > 600
    assert height > 300
    visitor.keep("waterfall")


@pytest.mark.usefixtures("history")
def test_numbers_are_plotted_over_the_materializations(visitor: Visitor) -> None:
    """Three of them, one plot for each number."""
    visitor.open("/assets/demo/run_timings", height=1800)

    visitor.press("Plots")

    for number in ("async_wall_s", "efficiency", "sequential_wall_s", "speedup"):
        visitor.see(number)
    visitor.page.locator("canvas").nth(5).wait_for()
    visitor.keep("plots")


@pytest.mark.usefixtures("history")
def test_a_fetch_shows_its_outcomes_and_failures(visitor: Visitor) -> None:
    """Each outcome that occurred as a number, each failed page with its reason."""
    visitor.open("/assets/demo/page_lengths?view=events", height=1500)

    for outcome in ("fetched", "http_error", "timeout", "invalid_url"):
        visitor.see(outcome)
    visitor.see("status 404")
    visitor.see("not a URL")
    visitor.keep("failures")


@pytest.mark.usefixtures("history")
def test_columns_are_explained(visitor: Visitor) -> None:
    """With type and meaning, on the page of the table."""
    visitor.open("/assets/demo/page_lengths", height=1500)

    visitor.see("Characters of the decoded text; null unless the body is whole and text")
    visitor.keep("columns")


@pytest.mark.usefixtures("history")
def test_checks_tell_what_they_found(visitor: Visitor) -> None:
    """All three of them passed, and say on what."""
    visitor.open("/assets/demo/page_lengths?view=checks")

    for check in ("every_url_has_one_row", "failures_below_limit", "same_pages"):
        visitor.see(check)
    visitor.see("all 45 rows stand as listed")
    visitor.keep("checks")


@pytest.mark.usefixtures("history")
def test_the_study_shows_what_it_recommends(visitor: Visitor) -> None:
    """Chart, number and reason on one page."""
    visitor.open("/assets/concurrency_study?view=events")

    visitor.see("recommended_concurrency")
    visitor.see_picture("wall time")
    visitor.keep("study")


def test_schedule_and_sensor_wait_to_be_started(server: DevServer, visitor: Visitor) -> None:
    """Nothing is fetched before somebody wants it; they say what they would do."""
    visitor.open("/automation")
    visitor.see("fetch_pages_schedule")
    visitor.see("fetch_pages_on_list_change")
    visitor.keep("automation")

    visitor.open(f"/locations/{server.location()[1]}/schedules/fetch_pages_schedule")
    visitor.see("At 06:00 AM UTC", exact=False)
    visitor.keep("schedule")

    states = server.ask("""{ repositoriesOrError { ... on RepositoryConnection { nodes {
        schedules { scheduleState { status } } sensors { sensorState { status } }
    } } } }""")["repositoriesOrError"]["nodes"][0]
    assert states == {
        "schedules": [{"scheduleState": {"status": "STOPPED"}}],
        "sensors": [{"sensorState": {"status": "STOPPED"}}],
    }


@pytest.mark.usefixtures("history")
def test_pictures_are_readable_in_the_dark_theme(server: DevServer) -> None:
    """They do not know which theme they are in; somebody has to look at the screenshots."""
    with visiting(server, theme="Dark") as visitor:
        visitor.open("/assets/demo/run_timings", height=1300)
        visitor.see_picture("comparison")
        background = "getComputedStyle(document.body).backgroundColor"
        channels = visitor.page.evaluate(background).removeprefix("rgb(").removesuffix(")")
        assert sum(map(int, channels.split(","))) < 150
        visitor.keep("comparison-dark")

        visitor.open("/assets/demo/run_timings?view=events")
        visitor.page.get_by_text("[Show Markdown]").last.click()
        visitor.see_picture("waterfall")
        visitor.keep("waterfall-dark")
