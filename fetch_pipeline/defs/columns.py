"""Our column declarations as the UI shows them."""

from __future__ import annotations

from typing import Final

import dagster as dg

from fetch_pipeline.store.tables import ColumnType, Table

_WORDS: Final = {
    ColumnType.INT: "int",
    ColumnType.FLOAT: "float",
    ColumnType.BOOL: "bool",
    ColumnType.TEXT: "text",
    ColumnType.TIMESTAMP: "timestamp",
}


def column_schema(table: Table) -> dict[str, dg.TableSchema]:
    """Return the metadata that fills the Columns section of an asset's page."""
    columns = [
        dg.TableColumn(column.name, _WORDS[column.type], column.about) for column in table.columns
    ]
    return {"dagster/column_schema": dg.TableSchema(columns=columns)}


def column_words(table: Table) -> dict[str, dg.MarkdownMetadataValue]:
    """Return the same as a text that is shown on demand.

    For tables that people read as pictures: a section of thirty rows would stand above them.
    """
    rows = [
        f"| `{column.name}` | {_WORDS[column.type]} | {column.about} |" for column in table.columns
    ]
    head = ["| column | type | |", "|---|---|---|"]
    return {"columns": dg.MetadataValue.md("\n".join([*head, *rows]))}
