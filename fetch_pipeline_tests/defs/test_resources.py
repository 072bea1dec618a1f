"""The knobs and what becomes of them."""

import dagster as dg
import pandas as pd
import pytest

from fetch_pipeline.defs.resources import WarehouseResource, place_of
from fetch_pipeline.store.warehouse import NoTableError, Place
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
