"""Fetch runs on their way into and out of the warehouse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fetch_pipeline.core.timing import SEQUENTIAL, FetchRun, Speedup, speedup
from fetch_pipeline.store.tables import CONCURRENCY_STUDY, FETCH_RUNS, RUN_TIMINGS
from fetch_pipeline.store.warehouse import Append, NoTableError, Place, Warehouse

ComparedRun: TypeAlias = tuple[FetchRun, Speedup]

_FIELDS: Final = tuple(field.name for field in fields(FetchRun))


def fetch_run_row(place: Place, run: FetchRun) -> Append:
    """Return what stores `run` beside the table at `place`."""
    rows = pa.Table.from_pylist([asdict(run)], schema=FETCH_RUNS.arrow_schema)
    return Append(place=place.beside(FETCH_RUNS.name), table=FETCH_RUNS, rows=rows)


def update_run_timings(warehouse: Warehouse, place: Place) -> list[ComparedRun]:
    """Add the fetch runs that `run_timings` at `place` lacks; return all of them, oldest first.

    Each is compared with the latest sequential run of the same list that was known when the row
    was added; a row, once there, never changes.
    """
    runs = _fetch_runs(warehouse, place.beside(FETCH_RUNS.name))
    compared = [(run, speedup(run, _baseline(run, runs))) for run in runs]
    rows = [
        {**asdict(run), "speedup": gain.factor, "speedup_source": gain.source}
        for run, gain in compared
    ]
    table = pa.Table.from_pylist(rows, schema=RUN_TIMINGS.arrow_schema)
    warehouse.append(Append(place=place, table=RUN_TIMINGS, rows=table))
    return compared


STUDY_PLACE: Final = Place(schema=None, table=CONCURRENCY_STUDY.name)
"""Where the runs of all studies are, whichever list they are of."""


def add_studied_run(warehouse: Warehouse, run: FetchRun) -> None:
    """Add one fetch of a study to those that are stored."""
    rows = pa.Table.from_pylist([asdict(run)], schema=CONCURRENCY_STUDY.arrow_schema)
    warehouse.append(Append(place=STUDY_PLACE, table=CONCURRENCY_STUDY, rows=rows))


def studied_runs(warehouse: Warehouse) -> list[FetchRun]:
    """Return the fetches of all studies, oldest first."""
    return _fetch_runs(warehouse, STUDY_PLACE)


def latest(runs: Sequence[ComparedRun], strategy: str) -> ComparedRun | None:
    """Return the newest run of a strategy; `runs` are oldest first."""
    return next((pair for pair in reversed(runs) if pair[0].strategy == strategy), None)


def _baseline(run: FetchRun, runs: Iterable[FetchRun]) -> FetchRun | None:
    if run.strategy == SEQUENTIAL:
        return run
    same = [r for r in runs if r.strategy == SEQUENTIAL and r.work == run.work]
    return next(reversed(same), None)


def _fetch_runs(warehouse: Warehouse, place: Place) -> list[FetchRun]:
    try:
        rows = warehouse.read(place).to_pylist()
    except NoTableError:
        return []
    return sorted(map(_fetch_run, rows), key=lambda run: run.started_at)


def _fetch_run(row: Mapping[str, Any]) -> FetchRun:
    """Read a row; one of an older version asked for every URL and waited for nobody."""
    older = {"requested": row["urls"], "not_modified": 0, "courtesy_s": 0.0, "pace_sha256": ""}
    known = {name: row[name] for name in _FIELDS if row.get(name) is not None}
    return FetchRun(**{**older, **known})
