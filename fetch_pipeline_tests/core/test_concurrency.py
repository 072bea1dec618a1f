"""How concurrent a fetch should be."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from fetch_pipeline.core.concurrency import Advice, Bound, advise, doublings
from fetch_pipeline.core.timing import FetchRun
from fetch_pipeline_tests.core.test_timing import RUN


def measured(*walls: tuple[int, float], **more: Any) -> list[FetchRun]:
    """Return a run for each concurrency and wall time, one a day; the slowest page takes 0.5 s."""
    return [
        replace(
            RUN,
            concurrency=workers,
            wall_s=wall_s,
            started_at=RUN.started_at + timedelta(days=day),
            **{"busy_s": 4.0, "ideal_s": max(4.0 / workers, 0.5)} | more,
        )
        for day, (workers, wall_s) in enumerate(walls)
    ]


def advised(runs: list[FetchRun]) -> Advice:
    """Return what is advised on these runs."""
    advice = advise(runs)
    assert advice is not None
    return advice


KNEE = measured((1, 4.0), (2, 2.1), (4, 1.2), (8, 0.55), (16, 0.52), (32, 0.51))


def test_the_fewest_workers_that_are_as_fast_as_any_are_chosen() -> None:
    """Eight need 8 % more than thirty-two, which nobody would notice but the hosts."""
    advice = advised(KNEE)

    assert advice.chosen is not None
    assert (advice.chosen.concurrency, advice.fastest.concurrency) == (8, 32)


def test_the_order_of_the_runs_does_not_matter() -> None:
    """They come from two tables."""
    assert advised(KNEE[::-1]) == advised(KNEE)


def test_it_says_what_it_rests_on() -> None:
    """How many runs, of how many pages, at which concurrencies, until when."""
    told = advised(KNEE).told()

    assert told == (
        "8 at once: more are hardly faster, the slowest page sets the pace. "
        "Rests on 6 runs of 98 pages at 1, 2, 4, 8, 16, 32, until 2026-11-28."
    )


def test_where_the_most_that_was_tried_is_fastest_more_are_worth_a_try() -> None:
    """The curve still falls: the best is not known yet."""
    advice = advised(measured((1, 4.0), (2, 2.0), (4, 1.0)))

    assert "4 at once: the most that was tried, and the fastest: try 8." in advice.told()


def test_servers_that_slow_down_are_no_reason_for_more_workers() -> None:
    """At 8 they were busy to the last: it was the pages that took longer."""
    slower = measured((4, 1.0), busy_s=4.0) + measured((8, 1.0), busy_s=8.0, ideal_s=1.0)

    advice = advised(slower)

    assert "4 at once: more are hardly faster, pages take longer the more" in advice.told()


@pytest.mark.parametrize("level", [1, 64])
def test_one_concurrency_alone_is_nothing_to_choose_from(level: int) -> None:
    """But it is said that there is a run."""
    advice = advised(measured((level, 4.0)))

    assert advice.chosen is None
    assert advice.told().startswith("nothing to choose from yet. Rests on 1 run of 98 pages at")


@pytest.mark.parametrize("runs", [[], [replace(run, fetched=0) for run in KNEE]])
def test_without_a_page_there_is_no_advice(runs: list[FetchRun]) -> None:
    """Rather than a default that rests on nothing, or on failures."""
    assert advise(runs) is None


def test_a_level_is_the_median_of_its_latest_runs() -> None:
    """One bad day does not count, nor does last year."""
    walls = [(8, 9.0)] * 9 + [(8, 1.0), (8, 1.1), (8, 30.0), (8, 1.2), (8, 1.3)]

    (level,) = advised(measured(*walls)).levels

    assert (level.wall_s, level.runs) == (1.2, 5)


def test_failing_fast_is_not_fast() -> None:
    """At 32 the hosts had enough: a third of the pages failed, in no time."""
    runs = [*measured((1, 4.0), (8, 0.9)), replace(KNEE[-1], wall_s=0.2, failed=33)]

    advice = advised(runs)

    assert advice.chosen is not None
    assert advice.chosen.concurrency == 8
    assert advice.fastest.concurrency == 8
    assert [level.fails_more for level in advice.levels] == [False, False, True]
    assert "8 at once: above that more pages fail. Rests on" in advice.told()


def test_what_was_never_tried_is_not_called_slower() -> None:
    """There is only 1 to compare with; the slowest page says why 64 is enough."""
    told = advised(measured((1, 4.0), (64, 0.51))).told()

    assert told.startswith(
        "64 at once: the most that was tried, and more would hardly be faster: the slowest page"
    )


def test_a_page_that_fails_now_and_then_excludes_no_level() -> None:
    """One in a hundred is chance."""
    runs = [*measured((1, 4.0)), replace(KNEE[-1], failed=RUN.failed + 1)]

    chosen = advised(runs).chosen

    assert chosen is not None
    assert chosen.concurrency == 32


@pytest.mark.parametrize(
    ("courtesy_s", "ideal_s", "bound"),
    [(0.0, 0.5, Bound.WORKERS), (0.0, 0.9, Bound.LONGEST_PAGE), (0.9, 0.9, Bound.COURTESY)],
)
def test_it_is_known_which_bound_counts(courtesy_s: float, ideal_s: float, bound: Bound) -> None:
    """Workers, the slowest page, or what is owed to the hosts."""
    runs = measured((1, 4.0), (8, 1.0), courtesy_s=courtesy_s, ideal_s=ideal_s)

    assert advised(runs).levels[-1].bound is bound


@pytest.mark.parametrize(
    ("up_to", "levels"),
    [
        (1, [1]),
        (2, [1, 2]),
        (8, [1, 2, 4, 8]),
        (9, [1, 2, 4, 8, 9]),
        (64, [1, 2, 4, 8, 16, 32, 64]),
    ],
)
def test_a_study_doubles_up_to_its_bound(up_to: int, levels: list[int]) -> None:
    """And ends with the bound itself."""
    assert doublings(up_to) == levels
