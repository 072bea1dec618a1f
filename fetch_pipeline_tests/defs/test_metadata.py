"""What the UI shows of stored fetches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from urllib.parse import unquote

import dagster as dg
import pyarrow as pa

from fetch_pipeline.core.timing import SEQUENTIAL, FetchRun, speedup
from fetch_pipeline.defs.metadata import timings_metadata
from fetch_pipeline.report.waterfall import MOST_BARS
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.timings import ComparedRun
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.fetching import Folder

TIMINGS = Place(schema="demo", table="run_timings")
ASYNC_RUN = replace(RUN, asset="demo/page_lengths")
ONE_BY_ONE = replace(
    RUN, asset="demo/page_lengths_sequential", strategy=SEQUENTIAL, run_id="s", wall_s=16.0
)


def store(folder: Folder, run: FetchRun, *rows: Mapping[str, object]) -> None:
    """Store pages of 1 s each, started when the rows say; the rest of the row is usual."""
    usual = {"outcome": "fetched", "attempts": 1, "elapsed_s": 1.0, "run_id": "r1"}
    started = [
        {**usual, **row, "started_at": RUN.started_at + timedelta(seconds=float(str(row["at"])))}
        for row in rows
    ]
    table = pa.Table.from_pylist(started, schema=PAGE_LENGTHS.arrow_schema)
    folder.warehouse.replace(TIMINGS.beside(run.asset.split("/")[1]), table.to_reader())


def shown(folder: Folder, *runs: FetchRun) -> dict[str, object]:
    """Return the metadata of these runs, pictures decoded."""
    baseline = next((run for run in runs if run.strategy == SEQUENTIAL), None)
    compared: list[ComparedRun] = [(run, speedup(run, baseline)) for run in runs]
    metadata = timings_metadata(compared, folder.warehouse, TIMINGS)
    return {
        key: unquote(str(value.value)) if isinstance(value, dg.MarkdownMetadataValue) else value
        for key, value in metadata.items()
    }


def test_the_pause_before_a_continued_fetch_is_not_drawn(folder: Folder) -> None:
    """The second run went on an hour later; its bar begins where the first one's ended."""
    store(folder, ASYNC_RUN, {"at": 0}, {"at": 3600, "run_id": "r2"})

    assert "M0.0,68.0h160.0M160.0,168.0h160.0" in str(shown(folder, ASYNC_RUN)["waterfall"])


def test_only_pages_that_were_asked_for_are_drawn(folder: Folder) -> None:
    """Neither a duplicate nor a line that is no URL has a time of its own."""
    store(folder, ASYNC_RUN, {"at": 0}, {"at": 0, "duplicate_of": 1}, {"at": 0, "attempts": 0})

    assert str(shown(folder, ASYNC_RUN)["waterfall"]).count("M0.0") == 1


def test_a_long_list_is_sampled(folder: Folder) -> None:
    """So that the picture stays small."""
    pages = 4 * MOST_BARS
    store(folder, ASYNC_RUN, *({"at": n} for n in range(pages)))

    picture = str(shown(folder, replace(ASYNC_RUN, urls=pages))["waterfall"])

    assert "async, every 4th page" in picture
    assert picture.count("h0") + picture.count("h1") == MOST_BARS


def test_a_run_of_another_list_is_no_baseline(folder: Folder) -> None:
    """Its wall time would be set beside that of other pages."""
    store(folder, ASYNC_RUN, {"at": 0})
    store(folder, ONE_BY_ONE, {"at": 0})

    same = shown(folder, ONE_BY_ONE, ASYNC_RUN)
    other = shown(folder, replace(ONE_BY_ONE, list_sha256="other"), ASYNC_RUN)

    assert (same["sequential_wall_s"], same["async_wall_s"]) == (16.0, 2.0)
    assert "sequential_wall_s" not in other
    assert ">sequential<" in str(same["waterfall"])
    assert ">sequential<" not in str(other["waterfall"])


def test_pages_of_another_list_are_not_drawn_beside_ours(folder: Folder) -> None:
    """Its sequential run came later, and its pages are in the table now; the timing is ours."""
    store(folder, ASYNC_RUN, {"at": 0})
    store(folder, ONE_BY_ONE, {"at": 0})
    later = replace(ONE_BY_ONE, run_id="s2", list_sha256="other", wall_s=99.0)

    metadata = shown(folder, ONE_BY_ONE, later, ASYNC_RUN)

    assert metadata["sequential_wall_s"] == 16.0
    assert ">sequential<" not in str(metadata["waterfall"])
