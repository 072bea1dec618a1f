"""The pages of the table that the next one replaces: kept, asked about, or compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.store.page_select import OF_BODY, VALIDATORS
from fetch_pipeline.store.warehouse import NoTableError, TableScan

StoredPage: TypeAlias = Mapping[str, Any]
"""A row of a page-lengths table."""

_MICROSECOND: Final = 1e6
_LENT: Final = frozenset({"href", "outcome", "duplicate_of", "final_url", *OF_BODY, *VALIDATORS})


def stored_pages(table: TableScan, *, whole: bool) -> Iterator[StoredPage] | None:
    """Yield the rows of `table` that have a page, lazily; null when there is nothing to compare.

    Rows are known by their href, not by their line: lists are sorted, cut and added to. Their `url`
    would not do, as it is stored without credentials, and cut where people stop reading.

    Args:
        table: The page-lengths table; one of an older version lacks columns, perhaps also `href`.
        whole: Whether rows have all columns, rather than those that can be lent to another row:
            that takes twice as long.
    """
    batches = iter(table)
    try:
        first = next(batches, None)
    except NoTableError:
        return None
    if first and "href" not in first.schema.names:
        return None
    return _pages(chain([first] if first else [], batches), whole=whole)


def _pages(batches: Iterable[pa.RecordBatch], *, whole: bool) -> Iterator[StoredPage]:
    for batch in batches:
        wanted = [name for name in batch.schema.names if whole or name in _LENT]
        for row in batch.select(wanted).to_pylist():
            if row["outcome"] in WITH_PAGE and row["duplicate_of"] is None:
                yield {**row, "started_at": _microseconds(row.get("started_at"))}


def _microseconds(moment: Any) -> int | None:  # noqa: ANN401 - as the warehouse has it
    return None if moment is None else int(moment.timestamp() * _MICROSECOND)
