"""The waterfall picture."""

import pytest

from fetch_pipeline.report import svg
from fetch_pipeline.report.bars import PHASES, Bar
from fetch_pipeline.report.waterfall import MOST_BARS, MOST_COUNTED, Panel, waterfall_picture
from fetch_pipeline_tests.report.drawn import drawn, strokes, words

QUEUE, DNS, CONNECT, FIRST_BYTE, DOWNLOAD = (phase.colour for phase in PHASES[1:])
USUAL = (0.0, 0.0, 0.01, 0.02, 0.05, 0.02)


def bar(
    start_s: float = 0.0, *phases_s: float, url: str = "http://a.org/", failed: str = ""
) -> Bar:
    """Make a page; without phases, one of 0.1 s."""
    return Bar(url=url, start_s=start_s, phases_s=phases_s or USUAL, failed=failed)


def staircase(pages: int, *, every: int = 1, failed: int = 0) -> Panel:
    """Make a panel of one page after the other; the first `failed` failed."""
    bars = [bar(n * 0.1, failed="timeout" if n < failed else "") for n in range(pages)]
    return Panel(title="one at a time", every=every, bars=bars)


def wall(pages: int) -> Panel:
    """Make a panel of pages that all start together."""
    return Panel(title="64 at once", every=1, bars=[bar()] * pages)


def test_every_page_is_a_bar_of_its_phases() -> None:
    """Each phase begins where the one before ends; what took no time is not drawn."""
    picture = waterfall_picture(Panel(title="t", every=1, bars=[bar(0, 0, 0.1, 0.2, 0.3, 0.4, 0)]))

    assert strokes(picture, QUEUE) == ["0.0,8.0h68.0"]
    assert strokes(picture, DNS) == ["68.0,8.0h136.0"]
    assert strokes(picture, CONNECT) == ["204.0,8.0h204.0"]
    assert strokes(picture, FIRST_BYTE) == ["408.0,8.0h272.0"]
    assert strokes(picture, DOWNLOAD) == []


def test_earlier_attempts_come_before_the_last_one() -> None:
    """With what was waited between them."""
    picture = waterfall_picture(Panel(title="t", every=1, bars=[bar(0, 0.5, 0, 0, 0, 0.5, 0)]))

    assert strokes(picture, PHASES[0].colour) == ["0.0,8.0h340.0"]
    assert strokes(picture, FIRST_BYTE) == ["340.0,8.0h340.0"]


def test_a_page_that_failed_is_marked_at_its_end() -> None:
    """And named with its outcome."""
    picture = waterfall_picture(staircase(10, failed=3))

    assert len(strokes(picture, svg.FAILED)) == 3
    assert strokes(picture, svg.FAILED)[0] == "68.0,8.0h4"
    assert words(picture).count("a.org/ timeout") == 3
    assert "failed" in words(picture)


@pytest.mark.parametrize("pages", [3, MOST_BARS + 1])
def test_the_mark_of_the_page_that_ends_last_is_in_the_picture(pages: int) -> None:
    """It is the one that the run waited for."""
    panel = Panel(title="t", every=1, bars=[bar(failed="timeout")] * pages)

    picture = waterfall_picture(panel)

    ends = [float(stroke.partition(",")[0]) for stroke in strokes(picture, svg.FAILED)]
    assert max(ends) <= 680
    assert float(drawn(picture).get("width") or 0) >= 684


def test_both_strategies_share_one_axis() -> None:
    """A wall of 0.1 s below a staircase of 1 s is a tenth as wide."""
    picture = waterfall_picture(staircase(10), wall(10))

    wide = [stroke.partition("h")[2] for stroke in strokes(picture, FIRST_BYTE)]
    ticks = [word for word in words(picture) if word.endswith(" ms")]
    assert len(set(wide)) == 1
    assert len(wide) == 20
    assert ticks == ["0 ms", "200 ms", "400 ms", "600 ms", "800 ms", "1000 ms"]


def test_only_colours_that_occur_are_explained() -> None:
    """No page waited for another attempt, and none failed."""
    assert words(waterfall_picture(staircase(3)))[:4] == [
        "DNS",
        "connect",
        "first byte",
        "download",
    ]


@pytest.mark.parametrize("start_s", [0.0, 9.9])
def test_a_page_is_named_where_there_is_room(start_s: float) -> None:
    """Its name never leaves the picture, however long it is."""
    long = bar(start_s, url=f"https://a.org/{'x' * 300}", failed="redirect_error")
    panel = Panel(title="t", every=1, bars=[bar(), long, bar(9.9)])

    (text,) = [t for t in drawn(waterfall_picture(panel)).iter() if "xxx" in (t.text or "")]

    length_px = 6.2 * len(text.text or "")
    left = float(text.get("x") or 0) - (length_px if text.get("text-anchor") else 0)
    assert left >= 0
    assert left + length_px <= 680
    assert (text.text or "").endswith("… redirect_error")


def test_of_many_pages_bars_have_no_names() -> None:
    """There is no room for them."""
    assert not [word for word in words(waterfall_picture(staircase(26))) if "a.org" in word]


def test_more_pages_than_can_be_told_apart_are_counted() -> None:
    """The scale tells how many were in flight; nothing is left out."""
    picture = waterfall_picture(wall(MOST_BARS + 1))

    assert "64 at once, pages in flight" in words(picture)
    assert str(MOST_BARS + 1) in words(picture)
    assert strokes(picture, FIRST_BYTE) == []


def test_a_sample_says_that_it_is_one_and_counts_for_all() -> None:
    """Every 36th page stands for 36."""
    panel = Panel(title="64 at once", every=36, bars=[bar()] * 10)

    assert "64 at once, pages in flight, by every 36th page" in words(waterfall_picture(panel))
    assert "360" in words(waterfall_picture(panel))


def test_the_longest_picture_stays_below_50_kb() -> None:
    """Dagster keeps every one of them in its event log, twice."""
    bars = waterfall_picture(staircase(MOST_BARS, failed=60), staircase(MOST_BARS, failed=60))
    counts = waterfall_picture(staircase(MOST_COUNTED, failed=9), staircase(MOST_COUNTED, failed=9))

    assert len(bars) < 50_000
    assert len(counts) < 50_000


@pytest.mark.parametrize("panels", [[], [staircase(0)], [Panel(title="t", every=9, bars=[])]])
def test_nothing_fetched_is_an_empty_picture(panels: list[Panel]) -> None:
    """A list without a single URL."""
    assert strokes(waterfall_picture(*panels), FIRST_BYTE) == []


def test_a_hostile_url_stays_a_name() -> None:
    """Lists are written by others."""
    panel = Panel(title="t", every=1, bars=[bar(url="http://a.org/</svg>)![x](y)&amp;'\"")])

    assert "a.org/</svg>)![x](y)&amp;'\"" in words(waterfall_picture(panel))
