"""From a stored table to the panel of its waterfall."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest

from fetch_pipeline.core.timing import SEQUENTIAL
from fetch_pipeline.defs.panels import panels
from fetch_pipeline.report.waterfall import MOST_COUNTED, Panel
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.fetching import Folder

PAGES = Place(schema="demo", table="page_lengths")
USUAL = {
    "url": "http://a.org/",
    "outcome": "fetched",
    "attempts": 1,
    "elapsed_s": 1.0,
    "first_byte_s": 1.0,
    "run_id": "r1",
}


def store_pages(folder: Folder, place: Place, *rows: Mapping[str, object]) -> None:
    """Store pages of 1 s each, started when the rows say; the rest of the row is usual."""
    started = [
        {**USUAL, **row, "started_at": RUN.started_at + timedelta(seconds=float(str(row["at"])))}
        for row in rows
    ]
    table = pa.Table.from_pylist(started, schema=PAGE_LENGTHS.arrow_schema)
    folder.warehouse.replace(place, table.to_reader())


def panel(folder: Folder, *rows: Mapping[str, object], requested: int = 3) -> Panel:
    """Store pages and return their panel."""
    store_pages(folder, PAGES, *rows)
    (drawn,) = panels(replace(RUN, requested=requested), folder.warehouse, PAGES)
    return drawn


def test_the_pause_before_a_continued_fetch_is_not_drawn(folder: Folder) -> None:
    """The second run went on an hour later; its bar begins where the first one's ended."""
    drawn = panel(folder, {"at": 0}, {"at": 3600, "run_id": "r2"})

    assert [bar.start_s for bar in drawn.bars] == [0.0, 1.0]


def test_only_pages_that_were_asked_for_are_drawn(folder: Folder) -> None:
    """Neither a duplicate nor a line that is no URL has a time of its own."""
    drawn = panel(folder, {"at": 0}, {"at": 0, "duplicate_of": 1}, {"at": 0, "attempts": 0})

    assert len(drawn.bars) == 1


def test_rows_that_were_kept_of_another_day_are_not_drawn(folder: Folder) -> None:
    """`refetch: failed` asked for one page only; the other one is yesterday's."""
    drawn = panel(folder, {"at": -86_400, "run_id": "r0"}, {"at": 2})

    assert [bar.start_s for bar in drawn.bars] == [0.0]


def test_bars_are_in_the_order_of_their_starts(folder: Folder) -> None:
    """Not of the list: that of hosts and workers is another."""
    drawn = panel(folder, {"at": 2}, {"at": 0}, {"at": 1})

    assert [bar.start_s for bar in drawn.bars] == [0.0, 1.0, 2.0]


def test_a_failed_page_tells_how(folder: Folder) -> None:
    """One that is known to be unchanged has not failed."""
    drawn = panel(folder, {"at": 0, "outcome": "timeout"}, {"at": 1, "outcome": "not_modified"})

    assert [bar.failed for bar in drawn.bars] == ["timeout", ""]


@pytest.mark.parametrize(
    ("attempts", "phases_s"),
    [(1, (0.0, 4.0, 0.0, 0.0, 1.0, 0.0)), (3, (4.0, 0.0, 0.0, 0.0, 1.0, 0.0))],
)
def test_what_the_last_attempt_does_not_account_for_was_taken_before(
    folder: Folder, attempts: int, phases_s: tuple[float, ...]
) -> None:
    """By earlier attempts where there were any, else by waiting."""
    drawn = panel(folder, {"at": 0, "elapsed_s": 5.0, "attempts": attempts})

    assert drawn.bars[0].phases_s == phases_s


def test_a_long_list_is_sampled(folder: Folder) -> None:
    """So that memory does not grow with it; the first page is always there."""
    rows = [{"at": n} for n in range(7)]

    drawn = panel(folder, *rows, requested=3 * MOST_COUNTED)

    assert drawn.every == 3
    assert [bar.start_s for bar in drawn.bars] == [0.0, 3.0, 6.0]


def test_the_title_says_how_the_pages_were_fetched_and_how_long_it_took(folder: Folder) -> None:
    """In the words of the comparison."""
    one_by_one = replace(RUN, strategy=SEQUENTIAL, concurrency=1, wall_s=16.0)

    (alone,) = panels(one_by_one, folder.warehouse, _stored(folder))

    assert panel(folder, {"at": 0}).title == "10 at once: 3 pages in 2.00 s"
    assert alone.title == "one at a time: 98 pages in 16.0 s"


def test_without_a_table_there_is_no_panel(folder: Folder) -> None:
    """The other strategy was never materialized."""
    assert panels(RUN, folder.warehouse, PAGES) == []


def _stored(folder: Folder) -> Place:
    place = PAGES.beside("page_lengths_sequential")
    store_pages(folder, place, {"at": 0})
    return place
