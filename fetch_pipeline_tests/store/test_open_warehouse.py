"""Which warehouse a URL names."""

from pathlib import Path

import pyarrow as pa
import pytest

from fetch_pipeline.store.open_warehouse import open_warehouse
from fetch_pipeline.store.warehouse import Place, WarehouseError


def test_paths_are_relative_or_absolute(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three slashes or four, as SQLAlchemy writes them; both name this file."""
    monkeypatch.chdir(tmp_path)
    place = Place(schema=None, table="t")
    open_warehouse("duckdb:///sub/w.duckdb").replace(place, pa.table({"n": [1]}).to_reader())

    absolute = open_warehouse(f"duckdb:///{tmp_path}/sub/w.duckdb")

    assert absolute.read(place).to_pylist() == [{"n": 1}]


@pytest.mark.parametrize("url", ["", "duckdb:///", "duckdb://w.duckdb", "sqlite:///x", "w.duckdb"])
def test_other_urls_are_refused(url: str) -> None:
    """With the value in the message."""
    with pytest.raises(WarehouseError, match="is not of the form"):
        open_warehouse(url)
