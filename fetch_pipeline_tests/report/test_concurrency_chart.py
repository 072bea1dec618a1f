"""Wall time against concurrency."""

from dataclasses import replace

import pytest

from fetch_pipeline.core.concurrency import Advice, advise, doublings
from fetch_pipeline.report import svg
from fetch_pipeline.report.concurrency_chart import concurrency_picture, concurrency_text
from fetch_pipeline_tests.core.test_concurrency import KNEE
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.report.drawn import strokes, words


def advice(*levels: int, wall_s: float = 4.0) -> Advice:
    """Return the advice on runs that are twice as fast with twice as many workers."""
    found = advise(
        replace(
            RUN, concurrency=level, wall_s=wall_s / level, busy_s=wall_s, ideal_s=wall_s / level
        )
        for level in levels
    )
    assert found is not None
    return found


def test_each_level_is_a_dot_and_the_recommended_one_is_green() -> None:
    """Twice as many workers are as far apart everywhere; seconds begin at 0."""
    found = advise(KNEE)
    assert found is not None

    picture = concurrency_picture(found)

    assert words(picture) == ["12481632", "4.00 s", "at once"]
    assert strokes(picture, svg.IDEAL) == ["219,114h0"]


def test_one_level_is_drawn_without_a_recommendation() -> None:
    """There is nothing to choose from."""
    assert strokes(concurrency_picture(advice(64)), svg.IDEAL) == []


@pytest.mark.parametrize(
    "levels",
    [[1], [1, 2], doublings(64), doublings(10_000), list(range(9970, 10_001))],
)
@pytest.mark.parametrize("wall_s", [0.0, 4.0, 98765.4])
@pytest.mark.parametrize("failing", [0, 1, 4])
def test_the_picture_is_small_enough_to_be_shown_inline(
    levels: list[int], wall_s: float, failing: int
) -> None:
    """Dagster hides Markdown of 1000 characters or more behind a link."""
    found = advice(*levels, wall_s=wall_s)
    flat = [
        replace(level, wall_s=wall_s, fails_more=n < failing)
        for n, level in enumerate(found.levels)
    ]
    for chosen in flat:
        drawn = replace(found, levels=flat, chosen=chosen)

        assert len(concurrency_picture(drawn)) < 1000


def test_a_level_at_which_more_pages_fail_is_red() -> None:
    """It is fast, and no part of the line."""
    failing = replace(KNEE[-1], wall_s=0.1, failed=50)
    found = advise([*KNEE[:-1], failing])
    assert found is not None

    picture = concurrency_picture(found)

    assert len(strokes(picture, svg.FAILED)) == 1
    assert strokes(picture, svg.FAILED)[0].startswith("325,")
    (said,) = [
        line for line in concurrency_text(found).splitlines() if "█  more pages fail" in line
    ]
    assert said.split()[:3] == ["32", "at", "once"]


def test_of_many_levels_the_ends_and_the_recommended_one_are_always_drawn() -> None:
    """A history of fifty different settings fits in one picture."""
    runs = [replace(RUN, concurrency=n, wall_s=4 / min(n, 20), busy_s=4.0) for n in range(1, 51)]
    found = advise(runs)
    assert found is not None
    assert found.chosen is not None

    labels = words(concurrency_picture(found))[0]

    assert labels.startswith("1")
    assert str(found.chosen.concurrency) in labels
    assert labels.endswith("50")
    assert len(strokes(concurrency_picture(found), svg.IDEAL)) == 1


def test_the_text_has_a_bar_for_each_level_and_the_advice() -> None:
    """For whoever runs the study in a terminal."""
    lines = concurrency_text(advice(1, 2, 4)).splitlines()

    assert [line.split() for line in lines[:3]] == [
        ["1", "at", "once", "4.00", "s", "█" * 40],
        ["2", "at", "once", "2.00", "s", "█" * 20],
        ["4", "at", "once", "1.00", "s", "█" * 10],
    ]
    assert lines[3].strip().startswith("4 at once: the most that was tried")
