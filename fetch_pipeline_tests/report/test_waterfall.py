"""The waterfall picture."""

from urllib.parse import unquote
from xml.etree import ElementTree as ET

from fetch_pipeline.report import svg
from fetch_pipeline.report.waterfall import MOST_BARS, Bar, Panel, waterfall_picture


def panel(bars: int, *, every: int = 1, failed: int = 0) -> Panel:
    """Make a staircase; the first `failed` steps failed."""
    return Panel(
        title="sequential",
        every=every,
        colour=svg.SEQUENTIAL,
        bars=[Bar(start_s=n * 0.1, elapsed_s=0.1, fetched=n >= failed) for n in range(bars)],
    )


def drawn(markdown: str) -> ET.Element:
    """Return the picture, which must be well-formed."""
    return ET.fromstring(unquote(markdown.partition("data:image/svg+xml,")[2].removesuffix(")")))


def strokes(picture: ET.Element, colour: str) -> list[str]:
    """Return the bars of a colour."""
    paths = [path for path in picture.iter() if path.get("stroke") == colour]
    return [bar for path in paths for bar in (path.get("d") or "").split("M")[1:]]


def test_every_page_is_a_bar() -> None:
    """Failed ones in their own colour; the last bar ends where the axis does."""
    picture = drawn(waterfall_picture(panel(10, failed=3)))

    assert len(strokes(picture, svg.SEQUENTIAL)) == 7
    assert len(strokes(picture, svg.FAILED)) == 3
    assert strokes(picture, svg.SEQUENTIAL)[-1] == "288.0,208.0h32.0"


def test_two_strategies_stand_side_by_side_on_one_scale() -> None:
    """A wall of 0.1 s beside a staircase of 1 s is a tenth as wide."""
    wall = Panel(
        title="async",
        every=1,
        colour=svg.ASYNC,
        bars=[Bar(start_s=0.0, elapsed_s=0.1, fetched=True)] * 2,
    )

    picture = drawn(waterfall_picture(panel(10), wall))

    assert [bar.partition("h")[2] for bar in strokes(picture, svg.ASYNC)] == ["32.0", "32.0"]
    assert [text.text for text in picture.iter("{http://www.w3.org/2000/svg}text")] == [
        *("sequential", "red: failed", "0 s", "1.00 s"),
        *("async", "red: failed", "0 s", "1.00 s"),
    ]


def test_a_sample_says_that_it_is_one() -> None:
    """Which pages it shows."""
    assert "sequential, every 36th page" in unquote(waterfall_picture(panel(250, every=36)))


def test_the_longest_picture_stays_below_50_kb() -> None:
    """Dagster keeps every one of them in its event log, twice."""
    both = waterfall_picture(panel(MOST_BARS, failed=125), panel(MOST_BARS, failed=125))

    assert len(both) < 50_000


def test_nothing_fetched_is_an_empty_panel() -> None:
    """A list without a single URL."""
    picture = drawn(waterfall_picture(panel(0)))

    assert strokes(picture, svg.SEQUENTIAL) == []
