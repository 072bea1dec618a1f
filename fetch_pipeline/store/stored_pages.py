"""The pages of the table that the next one replaces: kept, asked about, or compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.core.url import UnusableUrlError, may_be_cut, parse_url
from fetch_pipeline.store.page_select import OF_BODY, VALIDATORS
from fetch_pipeline.store.warehouse import NoTableError, TableScan

StoredPage: TypeAlias = Mapping[str, Any]
"""A row of a page-lengths table, and the `href` that it is the page of."""

_MICROSECOND: Final = 1e6
_LENT: Final = frozenset({"url", "outcome", "duplicate_of", "final_url", *OF_BODY, *VALIDATORS})


def stored_pages(table: TableScan, *, whole: bool) -> Iterator[StoredPage] | None:
    """Yield the rows of `table` that have a page, lazily; null when it was never written.

    Rows are known by their URL, not by their line: lists are sorted, cut and added to. The page of
    a URL that is not stored whole is left out, as it may be another's.

    Args:
        table: The page-lengths table; one of an older version lacks columns.
        whole: Whether rows have all columns, rather than those that can be lent to another row:
            that takes twice as long.
    """
    batches = iter(table)
    try:
        first = next(batches, None)
    except NoTableError:
        return None
    return _pages(chain([first] if first else [], batches), whole=whole)


def _pages(batches: Iterable[pa.RecordBatch], *, whole: bool) -> Iterator[StoredPage]:
    for batch in batches:
        wanted = [name for name in batch.schema.names if whole or name in _LENT]
        for row in batch.select(wanted).to_pylist():
            if row["outcome"] in WITH_PAGE and row["duplicate_of"] is None:
                href = _href(row["url"])
                if href:
                    started_at = _microseconds(row.get("started_at"))
                    yield {**row, "href": href, "started_at": started_at}


def _href(url: str) -> str | None:
    try:
        return None if may_be_cut(url) else parse_url(url).href
    except UnusableUrlError:
        return None


def _microseconds(moment: Any) -> int | None:  # noqa: ANN401 - as the warehouse has it
    return None if moment is None else int(moment.timestamp() * _MICROSECOND)
