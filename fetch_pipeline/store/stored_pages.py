"""The pages of the table that the next one replaces: kept, asked about, or compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import chain
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.store.tables import LAST_PAGES
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan

StoredPage: TypeAlias = Mapping[str, Any]
"""A row of a page-lengths table, or what was last known of one; `today` tells them apart."""

_LENT: Final = frozenset({"duplicate_of", *LAST_PAGES.arrow_schema.names})


def last_pages_place(pages: Place) -> Place:
    """Return where the last pages of a page-lengths table are."""
    return pages.beside(f"{pages.table}_{LAST_PAGES.name}")


def stored_pages(table: TableScan, *, whole: bool) -> Iterator[StoredPage] | None:
    """Yield the rows of `table` that have a page, lazily, and then what is known of older ones.

    Rows are known by their href, not by their line: lists are sorted, cut and added to. Their `url`
    would not do, as it is stored without credentials, and cut where people stop reading.

    Args:
        table: The page-lengths table; one of an older version lacks columns, perhaps also `href`.
        whole: Whether rows have all columns, rather than those that can be lent to another row:
            that takes twice as long.

    Returns:
        Null when there is nothing to compare with.
    """
    today = _begun(table)
    if today is None:
        return None
    last = TableScan(warehouse=table.warehouse, place=last_pages_place(table.place))
    return chain(
        _pages(today, whole=whole, today=True), _pages(_begun(last) or (), whole=True, today=False)
    )


def _begun(table: TableScan) -> Iterable[pa.RecordBatch] | None:
    """Begin to read a table; null where there is none, or one without hrefs."""
    batches = iter(table)
    try:
        first = next(batches)
    except NoTableError:
        return None
    return chain([first], batches) if "href" in first.schema.names else None


def _pages(batches: Iterable[pa.RecordBatch], *, whole: bool, today: bool) -> Iterator[StoredPage]:
    for batch in batches:
        wanted = [name for name in batch.schema.names if whole or name in _LENT]
        for row in batch.select(wanted).to_pylist():
            if row["outcome"] in WITH_PAGE and row.get("duplicate_of") is None:
                started_at = microseconds(row.get("started_at"))
                yield {**row, "started_at": started_at, "today": today}


def microseconds(moment: datetime | None) -> int | None:
    """Return a moment as a journal holds it: since 1970, UTC."""
    return int(moment.timestamp() * 1e6) if moment else None
