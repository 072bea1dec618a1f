"""From a stored page-lengths table to the panel of its waterfall."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.core.timing import SEQUENTIAL, FetchRun
from fetch_pipeline.report.bars import Bar
from fetch_pipeline.report.waterfall import MOST_COUNTED, Panel
from fetch_pipeline.report.words import seconds
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan, Warehouse

_Row: TypeAlias = Mapping[str, Any]

_PHASES: Final = ("queue_s", "dns_s", "connect_s", "first_byte_s", "download_s")
_COLUMNS: Final = (
    *("url", "outcome", "started_at", "elapsed_s", "attempts", "duplicate_of", "run_id"),
    *_PHASES,
)


def panels(run: FetchRun, warehouse: Warehouse, place: Place) -> list[Panel]:
    """Return the panel of the pages stored at `place`; none where there is no such table."""
    every = max(1, -(-run.requested // MOST_COUNTED))
    scan = TableScan(warehouse=warehouse, place=place, columns=_COLUMNS)
    try:
        bars = _bars(_asked(scan, run.started_at, every))
    except NoTableError:
        return []
    how = "one at a time" if run.strategy == SEQUENTIAL else f"{run.concurrency} at once"
    title = f"{how}: {run.requested} pages in {seconds(run.wall_s)}"
    return [Panel(title=title, every=every, bars=bars)]


def _asked(scan: Iterable[pa.RecordBatch], since: datetime, every: int) -> Iterator[_Row]:
    """Yield every n-th row that the fetch asked for.

    That is neither a duplicate, nor a line that is no URL, nor a row that was kept of another day.
    """
    seen = 0
    for batch in scan:
        started = batch["started_at"]
        ours = pc.greater_equal(started, pa.scalar(since, started.type))
        once = pc.is_null(batch["duplicate_of"])
        asked = batch.filter(pc.and_(pc.and_(once, ours), pc.greater(batch["attempts"], 0)))
        to_skip = -seen % every  # until the next n-th row, counted over all batches
        places = pa.array(range(to_skip, asked.num_rows, every), pa.int64())
        yield from asked.take(places).to_pylist()
        seen += asked.num_rows


def _bars(rows: Iterable[_Row]) -> list[Bar]:
    """Return the rows as bars, in the order of their starts."""
    ordered = sorted(rows, key=itemgetter("started_at"))
    parts = [list(part) for _, part in groupby(ordered, key=itemgetter("run_id"))]
    return [bar for part in _side_by_side(parts) for bar in part]


def _side_by_side(parts: Sequence[Sequence[_Row]]) -> Iterator[list[Bar]]:
    """Draw the parts of a continued fetch as if there had been no pause between them."""
    offset_s = 0.0
    for part in parts:
        first = part[0]["started_at"]
        bars = [_bar(row, offset_s + (row["started_at"] - first).total_seconds()) for row in part]
        yield bars
        offset_s = max(bar.end_s for bar in bars)


def _bar(row: _Row, start_s: float) -> Bar:
    """Return one page; what its last attempt does not account for was taken by earlier ones."""
    queue_s, *others = (row[phase] or 0.0 for phase in _PHASES)
    unaccounted_s = max(0.0, row["elapsed_s"] - queue_s - sum(others))
    if row["attempts"] > 1:
        phases_s = (unaccounted_s, queue_s, *others)
    else:
        phases_s = (0.0, queue_s + unaccounted_s, *others)
    return Bar(
        url=row["url"],
        start_s=start_s,
        phases_s=phases_s,
        failed="" if row["outcome"] in WITH_PAGE else row["outcome"],
    )
