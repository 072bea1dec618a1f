"""Fetch runs and the timings made of them."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun
from fetch_pipeline.store.timings import fetch_run_row, latest, update_run_timings
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.fetching import Folder

TIMINGS = Place(schema="demo", table="run_timings")
ONE_BY_ONE = replace(RUN, run_id="s", strategy=SEQUENTIAL, wall_s=16.0, concurrency=1)


def store(folder: Folder, *runs: FetchRun) -> None:
    """Store fetches, an hour after each other, with a table each."""
    for hours, run in enumerate(runs):
        place = Place(schema="demo", table=run.strategy)
        later = replace(run, started_at=run.started_at + timedelta(hours=hours))
        rows = pa.table({"line": [1]}).to_reader()
        folder.warehouse.replace(place, rows, fetch_run_row(place, later))


def timings(folder: Folder) -> list[tuple[str, float, str]]:
    """Update the table and return run, speed-up and source of its rows."""
    update_run_timings(folder.warehouse, TIMINGS)
    rows = folder.warehouse.read(TIMINGS).to_pylist()
    return [(row["run_id"], row["speedup"], row["speedup_source"]) for row in rows]


def test_a_fetch_alone_has_an_estimated_speedup(folder: Folder) -> None:
    """Against its own busy time."""
    store(folder, RUN)

    assert timings(folder) == [("r1", 7.5, "estimated")]


def test_a_sequential_fetch_alone_has_none(folder: Folder) -> None:
    """It is its own baseline."""
    store(folder, ONE_BY_ONE)

    assert timings(folder) == [("s", 1.0, "measured")]


def test_both_are_compared(folder: Folder) -> None:
    """Wall time against the latest sequential wall time of the same list."""
    store(
        folder,
        replace(ONE_BY_ONE, run_id="s0", wall_s=99.0),
        ONE_BY_ONE,
        RUN,
        replace(ONE_BY_ONE, run_id="s2", list_sha256="other", wall_s=1.0),
    )

    assert timings(folder) == [
        ("s0", 1.0, "measured"),
        ("s", 1.0, "measured"),
        ("r1", 8.0, "measured"),
        ("s2", 1.0, "measured"),
    ]


def test_updating_twice_adds_nothing(folder: Folder) -> None:
    """Idempotent per run and asset."""
    store(folder, ONE_BY_ONE, RUN)

    assert timings(folder) == timings(folder)


def test_a_row_never_changes(folder: Folder) -> None:
    """What was estimated stays so, even when a sequential run follows."""
    store(folder, RUN)
    timings(folder)
    store(folder, ONE_BY_ONE)

    assert ("r1", 7.5, "estimated") in timings(folder)


def test_every_fetch_has_its_row_though_its_pages_are_gone(folder: Folder) -> None:
    """Two fetches, one update: the table of the first was replaced, its timing was kept."""
    store(folder, RUN, replace(RUN, run_id="r2"))

    assert [run_id for run_id, *_ in timings(folder)] == ["r1", "r2"]


def test_without_a_fetch_there_is_nothing(folder: Folder) -> None:
    """No table is not an error here."""
    assert update_run_timings(folder.warehouse, TIMINGS) == []


@pytest.mark.parametrize(("strategy", "run_id"), [(SEQUENTIAL, "s"), (ASYNC, "r3")])
def test_the_latest_of_a_strategy(folder: Folder, strategy: str, run_id: str) -> None:
    """By the start of the fetch."""
    store(folder, RUN, ONE_BY_ONE, replace(RUN, run_id="r3"))

    found = latest(update_run_timings(folder.warehouse, TIMINGS), strategy)

    assert found
    assert found[0].run_id == run_id
