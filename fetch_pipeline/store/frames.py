"""Tables as pandas frames, and back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pandas as pd
import pyarrow as pa

from fetch_pipeline.store.tables import ColumnType

# pandas would turn a nullable integer into a float, and 404 into 404.0.
_PANDAS_TYPES: Final[Mapping[pa.DataType, pd.api.extensions.ExtensionDtype]] = {
    pa.int64(): pd.Int64Dtype(),
    pa.bool_(): pd.BooleanDtype(),
    pa.string(): pd.StringDtype(),
}


def to_pandas(rows: pa.Table) -> pd.DataFrame:
    """Return rows as a frame whose integers stay integers where some are null."""
    frame: pd.DataFrame = rows.to_pandas(types_mapper=_PANDAS_TYPES.get)
    return frame


def from_pandas(frame: pd.DataFrame) -> pa.RecordBatchReader:
    """Return a frame as rows a warehouse can hold; its index is not stored.

    Raises:
        TypeError: A column holds something else than numbers, text, truth or moments.
    """
    rows = pa.Table.from_pandas(frame, preserve_index=False)
    schema = pa.schema([(field.name, _storable(field)) for field in rows.schema])
    return rows.cast(schema).to_reader()


def _storable(field: pa.Field) -> pa.DataType:
    for fits, column_type in _WIDEST:
        if fits(field.type):
            return column_type.value
    msg = f"column {field.name!r} holds {field.type}: a table has numbers, text, truth or moments"
    raise TypeError(msg)


_WIDEST: Final = (
    (pa.types.is_boolean, ColumnType.BOOL),
    (pa.types.is_integer, ColumnType.INT),
    (pa.types.is_floating, ColumnType.FLOAT),
    (pa.types.is_timestamp, ColumnType.TIMESTAMP),
    (pa.types.is_string, ColumnType.TEXT),
    (pa.types.is_large_string, ColumnType.TEXT),
    (pa.types.is_null, ColumnType.TEXT),  # a column without a value says nothing of its type
)
