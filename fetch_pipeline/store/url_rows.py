"""The rows of the table `url_list`, on the way in and on the way out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

import pyarrow as pa

from fetch_pipeline.core.plan import ListedUrl, PlanRow, to_row
from fetch_pipeline.store.tables import URL_LIST
from fetch_pipeline.store.warehouse import BATCH_ROWS, Place, Warehouse


@dataclass(slots=True, kw_only=True)
class UrlCounts:
    """How many rows a list has, how many of them are no URL, how many repeat another."""

    rows: int = 0
    problems: int = 0
    duplicates: int = 0


def store_url_list(warehouse: Warehouse, place: Place, plan: Iterable[ListedUrl]) -> UrlCounts:
    """Make the plan the table at `place`, streaming; when the list breaks off, nothing changes."""
    counts, schema = UrlCounts(), URL_LIST.arrow_schema
    warehouse.replace(place, pa.RecordBatchReader.from_batches(schema, _batches(plan, counts)))
    return counts


def _batches(plan: Iterable[ListedUrl], counts: UrlCounts) -> Iterator[pa.RecordBatch]:
    rows = map(to_row, plan)
    while batch := list(islice(rows, BATCH_ROWS)):
        counts.rows += len(batch)
        counts.problems += sum(row["problem"] is not None for row in batch)
        counts.duplicates += sum(row["duplicate_of"] is not None for row in batch)
        yield pa.RecordBatch.from_pylist(batch, schema=URL_LIST.arrow_schema)


def plan_rows(batches: Iterable[pa.RecordBatch]) -> Iterator[PlanRow]:
    """Yield the rows of a stored `url_list`, in order."""
    for batch in batches:
        yield from batch.to_pylist()


def list_sha256(batches: Iterable[pa.RecordBatch]) -> str:
    """Return what identifies the list: a hash of its lines and what each of them asks for."""
    digest = hashlib.sha256()
    for row in plan_rows(batches):
        digest.update(f"{row['line']}\t{row['href'] or row['problem']}\t{row['url']}\n".encode())
    return digest.hexdigest()
