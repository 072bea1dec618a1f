"""What a warehouse does for us, whichever database it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import pyarrow as pa

from fetch_pipeline.store.tables import Table

BATCH_ROWS: Final = 10_000
"""Rows that are in memory at once on the way in or out."""


class WarehouseError(Exception):
    """The warehouse cannot be used; the message says which, why, and what helps."""


class NoTableError(WarehouseError):
    """A table is read that was never written."""


class NoColumnError(WarehouseError):
    """A column is read that its table has not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a table lives.

    Attributes:
        schema: The family's; null for the database's default schema.
        table: Name within it.
    """

    schema: str | None
    table: str

    def __str__(self) -> str:
        """Name the place as people do."""
        return f"{self.schema}.{self.table}" if self.schema else self.table

    def beside(self, table: str) -> Place:
        """Return the place of another table of the same family."""
        return Place(schema=self.schema, table=table)

    def of_asset(self, asset: str) -> Place:
        """Return the place of another asset of the same family, by its key joined with "/"."""
        return self.beside(asset.rpartition("/")[2])


@dataclass(frozen=True, slots=True, kw_only=True)
class Append:
    """Rows to add to a table that only grows."""

    place: Place
    table: Table
    rows: pa.Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """Rows that become the whole table."""

    place: Place
    rows: pa.RecordBatchReader


class Warehouse(Protocol):
    """Tables that are replaced whole, grow by rows, and are read in batches."""

    def replace(self, place: Place, rows: pa.RecordBatchReader, *also: Append | Replacement) -> int:
        """Make `rows` the whole table, columns included; return how many they were.

        One transaction, together with `also`: when anything fails, the old table stays as it was.
        """

    def append(self, *additions: Append) -> None:
        """Add the rows whose key is not there yet; adding twice is adding once."""

    def scan(self, place: Place, columns: Iterable[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order they were written, `BATCH_ROWS` at most at a time.

        A table without rows is one batch without rows: its columns are known from it.

        Args:
            place: Of the table.
            columns: Which, and in which order; null for all.

        Raises:
            NoTableError: The table was never written.
            NoColumnError: It has no such column.
        """

    def read(self, place: Place, columns: Iterable[str] | None = None) -> pa.Table:
        """Return all rows in the order they were written; see `scan`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableScan:
    """A stored table, read in batches each time it is iterated: for lists too long for a frame."""

    warehouse: Warehouse
    place: Place
    columns: tuple[str, ...] | None = None

    def __iter__(self) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order they were written."""
        return self.warehouse.scan(self.place, self.columns)
