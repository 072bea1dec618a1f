"""An asset and a check on top of the tables, as a user would write them."""

from __future__ import annotations

from typing import Any, cast

import dagster as dg
import pandas as pd
import pytest
from pydantic import ValidationError

from fetch_pipeline.definitions import defs
from fetch_pipeline.defs.resized_pages import (
    Resize,
    ResizedLimit,
    few_pages_resized,
    resized_pages,
)
from fetch_pipeline_tests.book_origin import Reply, Visit, booked
from fetch_pipeline_tests.defs.test_family import metadata, run
from fetch_pipeline_tests.fetching import Folder

INT = pd.Int64Dtype()


def frame(*lengths: tuple[int | None, int | None]) -> pd.DataFrame:
    """Make pages of these lengths, before and now."""
    before, now = zip(*lengths, strict=True)
    return pd.DataFrame(
        {
            "url": pd.Series([f"/{n}" for n in range(len(lengths))], dtype=pd.StringDtype()),
            "length_before": pd.Series(before, dtype=INT),
            "length": pd.Series(now, dtype=INT),
        }
    )


def changes(min_change: float, *lengths: tuple[int | None, int | None]) -> dict[str, Any]:
    """Return how much each page changed that did by more, by its URL; None for null."""
    config = Resize(min_change=min_change)
    pages = cast("pd.DataFrame", resized_pages(config=config, page_lengths=frame(*lengths)))
    assert pages.columns.tolist() == ["url", "length_before", "length", "change"]
    return {
        url: None if pd.isna(change) else change
        for url, change in zip(pages["url"], pages["change"], strict=True)
    }


def look(resized: int, *lengths: tuple[int | None, int | None], **limit: float) -> Any:
    """Check so many resized pages among pages of these lengths."""
    return few_pages_resized(
        config=ResizedLimit(**limit),
        resized_pages=frame(*lengths)[:resized],
        page_lengths=frame(*lengths)[["length_before", "length"]],
    )


def test_a_page_that_changed_by_more_than_the_share_is_listed() -> None:
    """Either way, and by how much; one that changed by just the share is not."""
    assert changes(0.2, (100, 135), (100, 65), (100, 120), (100, 80), (100, 121)) == {
        "/0": 0.35,
        "/1": -0.35,
        "/4": 0.21,
    }


@pytest.mark.parametrize("share", [0.07, 0.1, 0.29, 0.3, 0.57, 0.7])
def test_just_the_share_is_just_the_share(share: float) -> None:
    """Whatever binary fractions make of it: 0.29 times 100 is less than 29."""
    by = round(share * 100)

    assert changes(share, (100, 100 + by), (100, 100 - by), (1000, 1000 + 10 * by)) == {}


def test_a_page_that_was_empty_grew_by_no_share() -> None:
    """It is listed all the same, if it is empty no more."""
    assert changes(0.2, (0, 5), (0, 0), (5, 0)) == {"/0": None, "/2": -1.0}


def test_a_page_without_a_length_is_not_compared() -> None:
    """Neither one that is new, nor one that is no text any more."""
    assert changes(0.2, (None, 5), (5, None), (None, None)) == {}


@pytest.mark.parametrize("share", [0, -0.1])
def test_a_share_is_above_zero(share: float) -> None:
    """Else every page would be listed."""
    with pytest.raises(ValidationError, match="min_change"):
        Resize(min_change=share)


def test_few_resized_pages_pass() -> None:
    """One of twenty is just what is tolerated."""
    result = look(1, *[(100, 100)] * 20)

    assert result.passed
    assert result.description == "1 of 20 pages resized; tolerated: 5%"


def test_many_resized_pages_warn() -> None:
    """More than the share of those that could be compared; it is configured."""
    pages = [(100, 100)] * 19 + [(None, 5)]

    results = [look(1, *pages), look(1, *pages, limit=0.1)]

    assert [result.passed for result in results] == [False, True]
    assert results[0].severity is dg.AssetCheckSeverity.WARN
    assert {name: value.value for name, value in results[0].metadata.items()} == {
        "resized": 1,
        "compared": 19,
        "share": 1 / 19,
    }


def test_where_nothing_can_be_compared_the_check_says_so() -> None:
    """The first day is no alarm."""
    result = look(0, (None, 5), (None, None))

    assert result.passed
    assert result.description == "nothing to compare: no page had a length before"


def materialize(folder: Folder, **ops: Any) -> dg.ExecuteInProcessResult:
    """Materialize the asset with its check, as the UI does."""
    return defs.resolve_implicit_global_asset_job_def().execute_in_process(
        {
            "ops": {name: {"config": config} for name, config in ops.items()},
            "resources": folder.resources(),
            "loggers": {"console": {"config": {"log_level": "ERROR"}}},
        },
        asset_selection=[dg.AssetKey("resized_pages")],
    )


def test_two_days_of_fetching_tell_which_pages_were_resized(folder: Folder) -> None:
    """From lists through the jobs to the table, by the names in the run config."""
    lengths = {"/same": (100, 100), "/grew": (100, 150), "/shrank": (200, 130), "/bit": (100, 110)}

    def reply(visit: Visit) -> Reply:
        return Reply(body=b"x" * lengths[visit.path][min(visit.times, 1)])

    with booked(reply) as origin:
        path = folder.write_list([f"{origin.urls[0]}{page}" for page in lengths])
        run("fetch_pages", folder, path)
        first = materialize(folder)
        of_first = folder.table("resized_pages")
        run("fetch_pages", folder, path)
        second = materialize(folder, resized_pages_few_pages_resized={"limit": 0.5})
        of_second = folder.table("resized_pages")
        third = materialize(folder, resized_pages={"min_change": 0.05})

    assert len(of_first) == 0
    assert of_second.to_dict("list") == {
        "url": [f"{origin.urls[0]}/grew", f"{origin.urls[0]}/shrank"],
        "length_before": [100, 200],
        "length": [150, 130],
        "change": [0.5, -0.35],
    }
    assert of_first.dtypes.equals(of_second.dtypes)
    assert metadata(third, "resized_pages")["dagster/row_count"] == 3
    checks = [day.get_asset_check_evaluations() for day in (first, second, third)]
    assert [check.passed for (check,) in checks] == [True, True, False]


def test_the_ui_shows_its_columns_and_where_it_belongs() -> None:
    """As those of the family, in a group of its own."""
    node = defs.resolve_asset_graph().get(dg.AssetKey("resized_pages"))

    schema = node.metadata["dagster/column_schema"]
    assert [column.name for column in schema.columns] == [
        "url",
        "length_before",
        "length",
        "change",
    ]
    assert (node.group_name, node.kinds) == ("downstream", {"python", "pandas"})
