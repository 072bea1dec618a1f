"""The knobs and what becomes of them."""

from typing import Any

import dagster as dg
import pandas as pd
import pytest

from fetch_pipeline.defs.resources import WarehouseResource, place_of
from fetch_pipeline.store.warehouse import NoColumnError, NoTableError, Place, TableScan
from fetch_pipeline_tests.fetching import Folder


@pytest.mark.parametrize(
    ("key", "place"),
    [
        (["page_lengths"], Place(schema=None, table="page_lengths")),
        (["demo", "page_lengths"], Place(schema="demo", table="page_lengths")),
    ],
)
def test_an_asset_key_is_a_place(key: list[str], place: Place) -> None:
    """The last part is the table, what stands before it the schema."""
    assert place_of(dg.AssetKey(key)) == place


def test_frames_pass_from_asset_to_asset(folder: Folder) -> None:
    """As tables under their keys, with the rows counted; what stored itself is left alone."""

    @dg.asset(key=["web", "pages"], io_manager_key="warehouse")
    def pages() -> pd.DataFrame:
        return pd.DataFrame({"n": [1, 2], "url": ["a", None]})

    @dg.asset(
        ins={"given": dg.AssetIn(key=["web", "pages"])}, io_manager_key="warehouse", key="second"
    )
    def second(given: pd.DataFrame) -> pd.DataFrame:
        return given[given["n"] > 1]

    @dg.asset(io_manager_key="warehouse")
    def stored_itself() -> None: ...

    warehouse = WarehouseResource(url=f"duckdb:///{folder.path}/warehouse.duckdb")
    result = dg.materialize([pages, second, stored_itself], resources={"warehouse": warehouse})

    (event,) = result.asset_materializations_for_node("web__pages")
    assert event.metadata["dagster/row_count"].value == 2
    assert folder.table("second")["n"].tolist() == [2]
    with pytest.raises(NoTableError):
        folder.table("stored_itself")


def load(folder: Folder, columns: list[str] | None, kind: type = pd.DataFrame) -> Any:
    """Load the table web.pages for an asset that names these columns."""
    frame = pd.DataFrame({"n": [1, 2], "url": ["a", "b"], "length": [3, 4]})
    warehouse = WarehouseResource(url=f"duckdb:///{folder.path}/warehouse.duckdb")
    received = []

    @dg.asset(key=["web", "pages"], io_manager_key="warehouse")
    def pages() -> pd.DataFrame:
        return frame

    metadata = None if columns is None else {"columns": columns}

    @dg.asset(ins={"given": dg.AssetIn(key=["web", "pages"], metadata=metadata)})
    def reader(given: kind) -> None:  # type: ignore[valid-type]  # Dagster reads it at run time
        received.append(given)

    dg.materialize([pages, reader], resources={"warehouse": warehouse})
    return received[0]


def test_an_asset_reads_the_columns_it_names(folder: Folder) -> None:
    """In its own order: the others stay in the database."""
    assert load(folder, ["length", "url"]).to_dict("list") == {"length": [3, 4], "url": ["a", "b"]}


@pytest.mark.parametrize("columns", [None, []], ids=str)
def test_an_asset_that_names_no_columns_reads_all(
    folder: Folder, columns: list[str] | None
) -> None:
    """As with Dagster's own database I/O managers."""
    assert load(folder, columns).columns.tolist() == ["n", "url", "length"]


def test_a_scan_reads_the_columns_that_are_named_too(folder: Folder) -> None:
    """In batches."""
    scan = load(folder, ["length"], TableScan)

    assert [batch.to_pydict() for batch in scan] == [{"length": [3, 4]}]


def test_an_unknown_column_is_one_clear_error(folder: Folder) -> None:
    """It names the column, the table, and what there is."""
    told = r"web\.pages has no column 'lenght': it has n, url, length"
    with pytest.raises(NoColumnError, match=told):
        load(folder, ["url", "lenght"])
