"""Where things are kept: journals, and tables as assets."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from pathlib import Path

import dagster as dg
import pandas as pd
import pyarrow as pa
from pydantic import Field

from fetch_pipeline.store.frames import from_pandas, to_pandas
from fetch_pipeline.store.open_warehouse import DEFAULT_WAREHOUSE, open_warehouse
from fetch_pipeline.store.warehouse import Place, TableScan, Warehouse


class Journals(dg.ConfigurableResource):  # type: ignore[type-arg]  # it is its own value
    """Where fetches that are not yet stored are recorded."""

    directory: str = Field(
        default="data/journals",
        description="Folder of the journals, on a disk of the machine that fetches.",
    )

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.directory)


class WarehouseResource(dg.ConfigurableIOManager):
    """Tables as assets: an asset's value is a frame, its key the name of a table.

    The last part of an asset key is the table, the parts before it the schema.
    """

    url: str = Field(
        default=DEFAULT_WAREHOUSE,
        description="Where the tables are: duckdb:///relative/path.duckdb or "
        "duckdb:////absolute/path.duckdb.",
    )

    def open(self) -> Warehouse:
        """Return the warehouse the URL names."""
        return open_warehouse(self.url)

    def handle_output(
        self, context: dg.OutputContext, obj: pd.DataFrame | pa.RecordBatchReader | None
    ) -> None:
        """Replace the asset's table; null means that the asset has stored itself."""
        if obj is None:
            return
        place = place_of(context.asset_key)
        incoming = from_pandas(obj) if isinstance(obj, pd.DataFrame) else obj
        rows = self.open().replace(place, incoming)
        context.add_output_metadata({"dagster/row_count": rows})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | TableScan:
        """Read the asset's table: as a frame, or in batches for who asks for a scan.

        `AssetIn(metadata={"columns": [...]})` names the columns to read, as with Dagster's own
        database I/O managers; all without it.
        """
        place = place_of(context.asset_key)
        columns = tuple(context.definition_metadata.get("columns") or ()) or None
        if context.dagster_type.typing_type is TableScan:
            return TableScan(warehouse=self.open(), place=place, columns=columns)
        return to_pandas(self.open().read(place, columns))


def warehouse_of(resources: object, spec_key: str) -> Warehouse:
    """Open the warehouse that the resource of this key is."""
    resource: WarehouseResource = getattr(resources, spec_key)
    return resource.open()


def place_of(key: dg.AssetKey) -> Place:
    """Return where the table of an asset lives."""
    *prefix, table = key.path
    return Place(schema="_".join(prefix) or None, table=table)
