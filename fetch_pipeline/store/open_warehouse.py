"""Which warehouse a URL names."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.warehouse import Warehouse, WarehouseError

DEFAULT_WAREHOUSE: Final = "duckdb:///data/fetch_pipeline.duckdb"

_DUCKDB: Final = "duckdb:///"


def open_warehouse(url: str) -> Warehouse:
    """Return the warehouse at `url`; nothing is connected to yet.

    Args:
        url: `duckdb:///relative/path` or `duckdb:////absolute/path`, as SQLAlchemy writes them.

    Raises:
        WarehouseError: The URL names no warehouse we know.
    """
    if url.startswith(_DUCKDB) and (path := url.removeprefix(_DUCKDB)):
        return DuckDBWarehouse(Path(path))
    msg = f"warehouse url {url!r} is not of the form duckdb:///path/to/file.duckdb"
    raise WarehouseError(msg)


def anchored(url: str, root: Path) -> str:
    """Return `url` with a relative path beginning at `root`, wherever the process was started."""
    if not url.startswith(_DUCKDB):
        return url
    return f"{_DUCKDB}{root / url.removeprefix(_DUCKDB)}"
