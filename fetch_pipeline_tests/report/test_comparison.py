"""The comparison as a picture and as text."""

from dataclasses import replace

import pytest

from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun, speedup
from fetch_pipeline.report.comparison import comparison_picture, comparison_text
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.report.drawn import words

ONE_BY_ONE = replace(RUN, strategy=SEQUENTIAL, wall_s=16.0)
EXTREMES = replace(
    RUN,
    wall_s=98765.4,
    ideal_s=98765.4,
    courtesy_s=98765.4,
    busy_s=9876543.2,
    concurrency=10_000,
)


def test_the_picture_shows_both_and_the_ideal() -> None:
    """Three bars with their seconds."""
    picture = comparison_picture(RUN, speedup(RUN, ONE_BY_ONE))

    assert words(picture) == [
        *("one at a time", "16.0 s"),
        *("10 at once", "2.00 s"),
        *("ideal", "1.50 s"),
        "8.0 x faster (measured), 75% of ideal",
    ]


@pytest.mark.parametrize(("courtesy_s", "shown"), [(0.0, False), (0.01, False), (1.2, True)])
def test_what_courtesy_costs_is_told_apart_from_what_we_lose(
    courtesy_s: float,
    shown: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """It is part of the ideal, and has a bar of its own where there is any."""
    run = replace(RUN, courtesy_s=courtesy_s)
    gain = speedup(run, ONE_BY_ONE)

    assert ("courtesy" in words(comparison_picture(run, gain))) == shown
    assert ("courtesy" in comparison_text(run, gain)) == shown


@pytest.mark.parametrize("sequential", [None, ONE_BY_ONE])
@pytest.mark.parametrize("run", [RUN, EXTREMES, replace(RUN, wall_s=0.0, ideal_s=0.0, busy_s=0.0)])
def test_the_picture_is_small_enough_to_be_shown_inline(
    run: FetchRun, sequential: FetchRun | None
) -> None:
    """Dagster hides Markdown of 1000 characters or more behind a link."""
    assert len(comparison_picture(run, speedup(run, sequential))) < 1000


def test_where_politeness_sets_the_pace_it_is_said() -> None:
    """Nobody looks for a mistake of theirs, or for more workers."""
    polite = replace(RUN, busy_s=0.1, courtesy_s=1.95)

    text = comparison_text(polite, speedup(polite, None))

    assert "1.0 x slower (estimated), at the limit of a host" in text


def test_an_estimate_is_marked_as_one() -> None:
    """In the picture and in the text."""
    gain = speedup(RUN, None)

    assert "one by one, est." in words(comparison_picture(RUN, gain))
    assert "7.5 x faster (estimated)" in comparison_text(RUN, gain)


def test_a_slow_down_is_called_so() -> None:
    """Concurrency can lose, too."""
    slower = replace(RUN, wall_s=32.0)

    assert "2.0 x slower (measured)" in comparison_text(slower, speedup(slower, ONE_BY_ONE))


def test_a_speedup_of_failures_is_none() -> None:
    """To fail faster is no gain."""
    nothing = replace(RUN, fetched=0, failed=100)

    text = comparison_text(nothing, speedup(nothing, ONE_BY_ONE))

    assert "not one page was fetched" in text
    assert "█" not in text


def test_a_sequential_run_alone_has_one_bar() -> None:
    """There is nothing yet to compare it with."""
    text = comparison_text(ONE_BY_ONE, speedup(ONE_BY_ONE, ONE_BY_ONE))

    assert "no concurrent run to compare with yet" in text
    assert text.count("█") == 40


def test_the_text_says_what_was_fetched() -> None:
    """Pages, seconds of each, speed-up, ideal."""
    lines = comparison_text(RUN, speedup(RUN, ONE_BY_ONE)).splitlines()

    assert RUN.strategy == ASYNC
    assert lines[0] == "page_lengths: 100 URLs, 99 fetched, 1 failed"
    assert [line.split("█")[0].strip() for line in lines[1:4]] == [
        "one at a time       16.0 s",
        "10 at once          2.00 s",
        "ideal               1.50 s",
    ]
    assert lines[4].strip() == "8.0 x faster (measured), 75% of ideal"
