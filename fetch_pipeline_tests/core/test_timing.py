"""What a fetch took, and what it could have taken."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.timing import (
    ASYNC,
    SEQUENTIAL,
    FetchRun,
    PageTimes,
    ideal_s,
    speedup,
    summarize,
)

RUN = FetchRun(
    run_id="r1",
    asset="page_lengths",
    strategy=ASYNC,
    started_at=datetime(2026, 11, 23, tzinfo=UTC),
    concurrency=10,
    urls=100,
    fetched=99,
    failed=1,
    requested=98,
    not_modified=0,
    wall_s=2.0,
    busy_s=15.0,
    courtesy_s=0.0,
    slowest_s=1.0,
    ideal_s=1.5,
    p50_s=0.1,
    p95_s=0.5,
    p99_s=0.9,
    pages_per_s=50.0,
    body_bytes=1000,
    cpu_s=0.1,
    peak_rss_bytes=1,
    list_sha256="l1",
    pace_sha256="p1",
)


def test_percentiles_are_values_that_occurred() -> None:
    """Nearest rank, in any order of the input."""
    times = summarize([0.3, 0.1, 0.2, 0.4])

    assert times == PageTimes(slowest_s=0.4, p50_s=0.2, p95_s=0.4, p99_s=0.4)


def test_no_page_takes_no_time() -> None:
    """A list without a single URL has times too."""
    assert summarize([]) == PageTimes()


def test_ideal_is_bound_by_the_workers_the_longest_page_or_courtesy() -> None:
    """Ten pages of 1 s need 2 s with five workers, never less than 1 s, or than their gaps."""

    def ideal(workers: int, courtesy_s: float = 0.0) -> float:
        return ideal_s(busy_s=10.0, concurrency=workers, longest_s=1.0, courtesy_s=courtesy_s)

    assert [ideal(workers) for workers in (1, 5, 10, 1000)] == [10.0, 2.0, 1.0, 1.0]
    assert [ideal(workers, courtesy_s=4.5) for workers in (1, 5, 10)] == [10.0, 4.5, 4.5]


@given(st.lists(st.floats(0, 1000), min_size=1), st.integers(1, 50))
def test_no_schedule_beats_the_ideal(elapsed_s: list[float], workers: int) -> None:
    """A greedy schedule of the same pages never ends earlier."""
    free_at = [0.0] * workers
    for seconds in elapsed_s:
        free_at[free_at.index(min(free_at))] += seconds

    ideal = ideal_s(
        busy_s=sum(elapsed_s), concurrency=workers, longest_s=max(elapsed_s), courtesy_s=0.0
    )

    assert ideal <= max(free_at) * (1 + 1e-9)


def test_speedup_is_measured_against_a_run_of_the_same_list() -> None:
    """Wall time against wall time."""
    sequential = replace(RUN, strategy=SEQUENTIAL, wall_s=16.0)

    gain = speedup(RUN, sequential)

    assert (gain.factor, gain.baseline_s, gain.source) == (8.0, 16.0, "measured")


@pytest.mark.parametrize(
    "sequential",
    [
        None,
        replace(RUN, list_sha256="another", wall_s=99.0),
        replace(RUN, requested=97, wall_s=99.0),
        replace(RUN, not_modified=1, wall_s=99.0),
    ],
)
def test_speedup_is_estimated_where_there_is_no_such_run(sequential: FetchRun | None) -> None:
    """Against the sum of the pages' own times, and marked as such."""
    gain = speedup(RUN, sequential)

    assert (gain.factor, gain.baseline_s, gain.source) == (7.5, 15.0, "estimated")


def test_efficiency_is_one_at_best() -> None:
    """The ideal is a bound; a fetch that took no time wasted none."""
    assert (RUN.efficiency, replace(RUN, wall_s=0.0).efficiency) == (0.75, 1.0)
    assert speedup(replace(RUN, wall_s=0.0), None).factor == 1.0


def test_a_run_that_asked_for_nothing_gained_nothing() -> None:
    """Every row was kept."""
    assert speedup(replace(RUN, requested=0, busy_s=0.0), None).factor == 1.0


def test_an_estimate_counts_what_one_at_a_time_owes_the_hosts() -> None:
    """Four pages of 3 ms, one a second: nobody gets them sooner, one at a time least of all."""
    polite = replace(RUN, busy_s=0.012, courtesy_s=3.0, wall_s=3.0)

    gain = speedup(polite, None)

    assert (gain.factor, gain.baseline_s, gain.source) == (1.0, 3.0, "estimated")


def test_runs_within_other_limits_are_not_compared() -> None:
    """What was won by being impolite is not won by concurrency."""
    one_by_one = replace(RUN, strategy=SEQUENTIAL, wall_s=16.0, pace_sha256="another delay")

    assert speedup(RUN, one_by_one).source == "estimated"
    assert speedup(RUN, replace(one_by_one, pace_sha256=RUN.pace_sha256)).source == "measured"
