"""The pages of the table that the next one replaces: kept, asked about, or compared with."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final, TypeAlias

import pyarrow as pa

from fetch_pipeline.core.outcome import WITH_PAGE
from fetch_pipeline.core.url import UnusableUrlError, may_be_cut, parse_url
from fetch_pipeline.store.warehouse import NoTableError, TableScan

StoredPage: TypeAlias = Mapping[str, Any]
"""A row of a page-lengths table, and the `href` that it is the page of."""

_MICROSECOND: Final = 1e6


def stored_pages(table: TableScan) -> Iterator[StoredPage] | None:
    """Yield the rows of `table` that have a page, lazily; null when it was never written.

    Rows are known by their URL, not by their line: lists are sorted, cut and added to. The page of
    a URL that is not stored whole is left out, as it may be another's.
    """
    batches = iter(table)
    try:
        first = next(batches, None)
    except NoTableError:
        return None
    return _pages(chain([first] if first else [], batches))


def _pages(batches: Iterable[pa.RecordBatch]) -> Iterator[StoredPage]:
    for batch in batches:
        for row in batch.to_pylist():
            if row["outcome"] in WITH_PAGE and row["duplicate_of"] is None:
                href = _href(row["url"])
                if href:
                    yield {**row, "href": href, "started_at": _microseconds(row["started_at"])}


def _href(url: str) -> str | None:
    try:
        return None if may_be_cut(url) else parse_url(url).href
    except UnusableUrlError:
        return None


def _microseconds(moment: Any) -> int | None:  # noqa: ANN401 - as the warehouse has it
    return None if moment is None else int(moment.timestamp() * _MICROSECOND)
