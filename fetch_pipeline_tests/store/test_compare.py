"""Questions the asset checks ask."""

import pyarrow as pa
import pytest

from fetch_pipeline.store.compare import compare_pages, count_failed, find_lost_row
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.fetching import Folder

LIST, PAGES, OTHER = (Place(schema=None, table=name) for name in ("list", "pages", "other"))


def store(
    folder: Folder, place: Place, *lines: int, sha256: str = "x", word: str = "fetched"
) -> None:
    """Store a table with these lines."""
    count = len(lines)
    folder.warehouse.replace(
        place,
        pa.table(
            {
                "line": pa.array(lines, pa.int64()),
                "url": pa.array([f"http://a.org/{line}" for line in lines], pa.string()),
                "outcome": pa.array([word] * count, pa.string()),
                "sha256": pa.array([sha256] * count, pa.string()),
            }
        ).to_reader(),
    )


@pytest.mark.parametrize(
    ("listed", "found", "message"),
    [
        ((1, 2, 3), (1, 2, 3), None),
        ((), (), None),
        ((1, 2, 3), (1, 2), "row 3 of pages is missing"),
        ((1, 2, 3), (1, 3, 2), "row 2 of pages"),
        ((1, 2), (1, 2, 3), "not nothing"),
        ((1, 2), (1, 1), "row 2 of pages"),
        ((), (1,), "row 1 of pages"),
    ],
)
def test_a_row_lost_moved_or_too_many_is_found(
    folder: Folder, listed: tuple[int], found: tuple[int], message: str | None
) -> None:
    """The first place where the table departs from the list is named."""
    store(folder, LIST, *listed)
    store(folder, PAGES, *found)

    agree, lost = find_lost_row(folder.warehouse, LIST, PAGES)

    assert agree <= len(listed)
    assert (lost is None) == (message is None)
    assert (message or "") in (lost or "")


def test_failed_rows_are_counted(folder: Folder) -> None:
    """Anything but fetched."""
    store(folder, PAGES, 1, 2, word="timeout")

    assert count_failed(folder.warehouse, PAGES) == (2, 2)


def test_what_both_tables_have_is_compared(folder: Folder) -> None:
    """By line and URL: the outcome, and where that is the same, the bytes."""
    store(folder, PAGES, 1, 2, 4)
    store(folder, OTHER, 1, 3, 4, 5)
    assert compare_pages(folder.warehouse, PAGES, OTHER) == (2, 0, 0)

    store(folder, OTHER, 1, 3, 4, 5, sha256="y")
    assert compare_pages(folder.warehouse, PAGES, OTHER) == (2, 0, 2)

    store(folder, OTHER, 1, 3, 4, 5, word="http_error", sha256="y")
    assert compare_pages(folder.warehouse, PAGES, OTHER) == (2, 2, 0)


def test_without_the_other_table_there_is_nothing_to_compare(folder: Folder) -> None:
    """Only one strategy was ever materialized."""
    store(folder, PAGES, 1)

    assert compare_pages(folder.warehouse, PAGES, OTHER) == (0, 0, 0)
