"""What the UI shows of stored fetches."""

from dataclasses import replace
from datetime import timedelta

import dagster as dg

from fetch_pipeline.core.timing import SEQUENTIAL, FetchRun, speedup
from fetch_pipeline.defs.metadata import timings_metadata
from fetch_pipeline.store.timings import ComparedRun, add_studied_run
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.core.test_timing import RUN
from fetch_pipeline_tests.defs.test_panels import store_pages
from fetch_pipeline_tests.fetching import Folder
from fetch_pipeline_tests.report.drawn import words

TIMINGS = Place(schema="demo", table="run_timings")
ASYNC_RUN = replace(RUN, asset="demo/page_lengths")
ONE_BY_ONE = replace(
    RUN,
    asset="demo/page_lengths_sequential",
    strategy=SEQUENTIAL,
    concurrency=1,
    run_id="s",
    wall_s=16.0,
)


def store(folder: Folder, run: FetchRun) -> None:
    """Store a page that `run` fetched."""
    store_pages(folder, TIMINGS.of_asset(run.asset), {"at": 0})


def shown(folder: Folder, *runs: FetchRun) -> dict[str, object]:
    """Return the metadata of these runs, pictures as their texts."""
    baseline = next((run for run in runs if run.strategy == SEQUENTIAL), None)
    compared: list[ComparedRun] = [(run, speedup(run, baseline)) for run in runs]
    metadata = timings_metadata(compared, folder.warehouse, TIMINGS)
    return {
        key: _told(value.value or "") if isinstance(value, dg.MarkdownMetadataValue) else value
        for key, value in metadata.items()
    }


def _told(markdown: str) -> object:
    return words(markdown) if markdown.startswith("![") else markdown


def titles(metadata: dict[str, object]) -> list[str]:
    """Return the titles of the panels that are drawn."""
    return [word for word in list(metadata["waterfall"]) if " pages in " in word]  # type: ignore[call-overload]


def test_a_run_of_another_list_is_no_baseline(folder: Folder) -> None:
    """Its wall time would be set beside that of other pages."""
    store(folder, ASYNC_RUN)
    store(folder, ONE_BY_ONE)

    same = shown(folder, ONE_BY_ONE, ASYNC_RUN)
    other = shown(folder, replace(ONE_BY_ONE, list_sha256="other"), ASYNC_RUN)

    assert (same["sequential_wall_s"], same["async_wall_s"]) == (16.0, 2.0)
    assert "sequential_wall_s" not in other
    assert [title.partition(":")[0] for title in titles(same)] == ["one at a time", "10 at once"]
    assert [title.partition(":")[0] for title in titles(other)] == ["10 at once"]


def test_pages_of_another_list_are_not_drawn_beside_ours(folder: Folder) -> None:
    """Its sequential run came later, and its pages are in the table now; the timing is ours."""
    store(folder, ASYNC_RUN)
    store(folder, ONE_BY_ONE)
    later = replace(ONE_BY_ONE, run_id="s2", list_sha256="other", wall_s=99.0)

    metadata = shown(folder, ONE_BY_ONE, later, ASYNC_RUN)

    assert metadata["sequential_wall_s"] == 16.0
    assert len(titles(metadata)) == 1


def test_the_history_says_how_concurrent_to_be(folder: Folder) -> None:
    """Runs of the same list, at whatever concurrency they were started; others do not count."""
    faster = replace(ASYNC_RUN, run_id="r2", concurrency=20, wall_s=1.9)
    other = replace(ASYNC_RUN, run_id="r3", concurrency=40, wall_s=0.1, list_sha256="other")

    metadata = shown(folder, ONE_BY_ONE, other, ASYNC_RUN, faster)

    assert metadata["recommended_concurrency"] == 10
    assert "Rests on 3 runs of 98 pages at 1, 10, 20" in str(metadata["concurrency_advice"])
    assert "concurrency_chart" in metadata


def test_runs_of_another_policy_or_politeness_do_not_count(folder: Folder) -> None:
    """At the same concurrency a delay makes any difference; that is not advice."""
    impolite = replace(
        ASYNC_RUN, run_id="r2", concurrency=20, wall_s=0.2, pace_sha256="another delay"
    )

    metadata = shown(folder, ONE_BY_ONE, impolite, ASYNC_RUN)

    assert metadata["recommended_concurrency"] == 10
    assert "Rests on 2 runs of 98 pages at 1, 10," in str(metadata["concurrency_advice"])


def test_a_study_of_the_same_list_counts_as_history(folder: Folder) -> None:
    """That is what it was made for."""
    for workers, day in ((5, 1), (40, 2)):
        add_studied_run(
            folder.warehouse,
            replace(
                ASYNC_RUN,
                run_id="study",
                started_at=RUN.started_at + timedelta(days=day),
                concurrency=workers,
                wall_s=2.1,
            ),
        )

    metadata = shown(folder, ONE_BY_ONE, ASYNC_RUN)

    assert metadata["recommended_concurrency"] == 5
    assert "Rests on 4 runs" in str(metadata["concurrency_advice"])


def test_a_single_concurrency_gives_no_advice(folder: Folder) -> None:
    """Nothing is recommended that rests on nothing."""
    metadata = shown(folder, ASYNC_RUN)

    assert not {"recommended_concurrency", "concurrency_advice"} & set(metadata)
