"""The pages of the table that the next one replaces."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest

from fetch_pipeline.store.stored_pages import stored_pages
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.warehouse import Place, TableScan
from fetch_pipeline_tests.fetching import Folder

PAGES = Place(schema=None, table="page_lengths")
AT = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)


def stored(folder: Folder, **row: Any) -> list[str]:
    """Store a row, and return the URLs whose pages are known from it."""
    schema = PAGE_LENGTHS.arrow_schema
    table = pa.Table.from_pylist([{"outcome": "fetched", **row}], schema=schema)
    folder.warehouse.replace(PAGES, table.to_reader())
    pages = stored_pages(TableScan(warehouse=folder.warehouse, place=PAGES), whole=True)
    assert pages is not None
    return [page["href"] for page in pages]


def test_a_table_that_was_never_written_is_no_empty_one(folder: Folder) -> None:
    """There is nothing to compare with, rather than nothing that is the same."""
    assert stored_pages(TableScan(warehouse=folder.warehouse, place=PAGES), whole=True) is None


def test_an_empty_table_has_no_pages(folder: Folder) -> None:
    """But it is one."""
    folder.warehouse.replace(PAGES, PAGE_LENGTHS.arrow_schema.empty_table().to_reader())

    pages = stored_pages(TableScan(warehouse=folder.warehouse, place=PAGES), whole=True)

    assert pages is not None
    assert list(pages) == []


def test_a_row_with_a_page_is_known_by_its_href(folder: Folder) -> None:
    """However its URL was spelled or cut."""
    assert stored(folder, url="HTTP://A.org#x", href="http://a.org/") == ["http://a.org/"]


@pytest.mark.parametrize("row", [{"outcome": "http_error"}, {"duplicate_of": 1}], ids=str)
def test_other_rows_have_no_page_of_their_own(folder: Folder, row: dict[str, Any]) -> None:
    """There is nothing to keep or to ask about."""
    assert stored(folder, href="http://a.org/", **row) == []


def test_a_table_without_hrefs_is_not_compared_with(folder: Folder) -> None:
    """It is of an older version; by their URLs alone, pages would be mixed up."""
    rows = pa.table({"url": ["http://a.org/"], "outcome": ["fetched"]})
    folder.warehouse.replace(PAGES, rows.to_reader())

    scan = TableScan(warehouse=folder.warehouse, place=PAGES)

    assert stored_pages(scan, whole=True) is None


def test_what_cannot_be_lent_is_read_only_for_rows_that_are_kept(folder: Folder) -> None:
    """It takes its time for a list of millions."""
    row = {"href": "http://a.org/", "outcome": "fetched", "sha256": "00", "attempts": 1}
    table = pa.Table.from_pylist([row], schema=PAGE_LENGTHS.arrow_schema)
    folder.warehouse.replace(PAGES, table.to_reader())

    (page,) = stored_pages(TableScan(warehouse=folder.warehouse, place=PAGES), whole=False) or ()  # type: ignore[misc]  # there is one

    assert page["sha256"] == "00"
    assert "attempts" not in page


def test_times_are_kept_to_the_microsecond(folder: Folder) -> None:
    """As the journal holds them."""
    schema = PAGE_LENGTHS.arrow_schema
    row = {"href": "http://a.org/", "outcome": "not_modified", "started_at": AT}
    folder.warehouse.replace(PAGES, pa.Table.from_pylist([row], schema=schema).to_reader())

    pages = stored_pages(TableScan(warehouse=folder.warehouse, place=PAGES), whole=True)

    assert [page["started_at"] for page in pages or ()] == [int(AT.timestamp() * 1e6)]
