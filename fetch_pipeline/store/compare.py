"""Questions the asset checks ask of stored tables; answered in batches, whatever the size."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, TypeAlias

from fetch_pipeline.core.outcome import FETCHED, WITH_PAGE
from fetch_pipeline.store.warehouse import NoTableError, Place, Warehouse

_Row: TypeAlias = dict[str, Any]


def find_lost_row(warehouse: Warehouse, listed: Place, pages: Place) -> tuple[int, str | None]:
    """Return how many rows agree, and where `pages` first departs from `listed`, if it does."""
    columns = ("line", "url")
    nothing: _Row = {}
    pairs = zip_longest(
        _rows(warehouse, listed, *columns), _rows(warehouse, pages, *columns), fillvalue=nothing
    )
    agree = 0
    for wanted, found in pairs:
        if wanted != found:
            where = f"row {agree + 1} of {pages}"
            return agree, f"{where} is {found or 'missing'}, not {wanted or 'nothing'}"
        agree += 1
    return agree, None


def count_failed(warehouse: Warehouse, pages: Place) -> tuple[int, int]:
    """Return how many rows have no page, and how many there are."""
    failed = rows = 0
    for row in _rows(warehouse, pages, "outcome"):
        failed += row["outcome"] not in WITH_PAGE
        rows += 1
    return failed, rows


def compare_pages(warehouse: Warehouse, one: Place, other: Place) -> tuple[int, int, int]:
    """Return how many URLs are in both tables, how many have another outcome, how many other bytes.

    Nothing is comparable where one of the tables was never made.
    """
    columns = ("url", "outcome", "sha256")
    both = outcomes = contents = 0
    try:
        for left, right in _same_lines(warehouse, one, other, *columns):
            if left["url"] == right["url"]:
                both += 1
                same = _word(left) == _word(right)
                outcomes += not same
                contents += same and left["sha256"] != right["sha256"]
    except NoTableError:
        return 0, 0, 0
    return both, outcomes, contents


def _word(row: _Row) -> str:
    """Return the outcome; that a page was stored before is no difference."""
    word: str = row["outcome"]
    return FETCHED if word in WITH_PAGE else word


def _same_lines(
    warehouse: Warehouse, one: Place, other: Place, *columns: str
) -> Iterator[tuple[_Row, _Row]]:
    """Yield the rows of two tables that have the same line; both are in the order of lines."""
    left = _rows(warehouse, one, "line", *columns)
    right = _rows(warehouse, other, "line", *columns)
    row, twin = next(left, None), next(right, None)
    while row and twin:
        if row["line"] == twin["line"]:
            yield row, twin
            row, twin = next(left, None), next(right, None)
        elif row["line"] < twin["line"]:
            row = next(left, None)
        else:
            twin = next(right, None)


def _rows(warehouse: Warehouse, place: Place, *columns: str) -> Iterator[_Row]:
    for batch in warehouse.scan(place, columns):
        yield from batch.to_pylist()
