"""The rows of url_list."""

from collections.abc import Iterator

import pytest

from fetch_pipeline.core.plan import Entry, make_plan
from fetch_pipeline.store.url_list import UrlListError
from fetch_pipeline.store.url_rows import list_sha256, plan_rows, store_url_list
from fetch_pipeline.store.warehouse import Place, TableScan
from fetch_pipeline_tests.fetching import Folder

PLACE = Place(schema=None, table="url_list")
URLS = ["http://a.org/", "nonsense", "http://a.org/#again"]


def stored(folder: Folder, urls: list[str]) -> TableScan:
    """Store a list and return the table."""
    plan = make_plan(Entry(line, url) for line, url in enumerate(urls, 1))
    store_url_list(folder.warehouse, PLACE, plan)
    return TableScan(warehouse=folder.warehouse, place=PLACE)


def test_what_was_stored_is_counted(folder: Folder) -> None:
    """Rows, problems, duplicates."""
    plan = make_plan(Entry(line, url) for line, url in enumerate(URLS, 1))

    counts = store_url_list(folder.warehouse, PLACE, plan)

    assert (counts.rows, counts.problems, counts.duplicates) == (3, 1, 1)


def test_the_rows_come_back(folder: Folder) -> None:
    """With the same nulls."""
    first, second, third = plan_rows(stored(folder, URLS))

    assert (first["href"], first["problem"], first["duplicate_of"]) == ("http://a.org/", None, None)
    assert second["href"] is None
    assert third["duplicate_of"] == 1


def test_a_list_that_breaks_off_leaves_the_old_table(folder: Folder) -> None:
    """Half a list must not replace a whole one."""

    def broken() -> Iterator[Entry]:
        yield Entry(1, "http://b.org/")
        raise UrlListError("cut")

    stored(folder, URLS)
    with pytest.raises(UrlListError, match="cut"):
        store_url_list(folder.warehouse, PLACE, make_plan(broken()))

    assert len(list(plan_rows(TableScan(warehouse=folder.warehouse, place=PLACE)))) == 3


@pytest.mark.parametrize(
    "urls",
    [URLS[:2], [*URLS, "http://b.org"], ["http://a.org/", "http://a.org/#again", "nonsense"]],
)
def test_another_list_has_another_hash(folder: Folder, urls: list[str]) -> None:
    """Shorter, longer or in another order; the same list has the same."""
    one = list_sha256(stored(folder, URLS))

    assert list_sha256(stored(folder, URLS)) == one
    assert list_sha256(stored(folder, urls)) != one
