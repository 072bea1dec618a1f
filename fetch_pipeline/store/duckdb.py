"""The warehouse in one DuckDB file.

A connection lives as long as one operation: DuckDB lets one process at a time write, and whoever
looks at the tables with another tool should not stop a run, nor a run them, for longer than that.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa

from fetch_pipeline.store.warehouse import (
    BATCH_ROWS,
    Append,
    NoColumnError,
    NoTableError,
    Place,
    Replacement,
    WarehouseError,
)

_LOCK_WAIT_S: Final = 60.0
_LOCK_PAUSE_S: Final = 0.2

_TYPES: Final = {
    pa.int64(): "BIGINT",
    pa.float64(): "DOUBLE",
    pa.bool_(): "BOOLEAN",
    pa.string(): "VARCHAR",
    pa.timestamp("us", tz="UTC"): "TIMESTAMPTZ",
}


class DuckDBWarehouse:
    """Tables in the DuckDB file at `path`; see `store.warehouse.Warehouse`."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def replace(self, place: Place, rows: pa.RecordBatchReader, *also: Append | Replacement) -> int:
        """Make `rows` the whole table, in one transaction with `also`; return how many."""
        with self._transaction() as connection:
            count = _replace(connection, Replacement(place=place, rows=rows))
            for other in also:
                if isinstance(other, Replacement):
                    _replace(connection, other)
                else:
                    _append(connection, other)
        return count

    def append(self, *additions: Append) -> None:
        """Add the rows whose key is not there yet."""
        with self._transaction() as connection:
            for addition in additions:
                _append(connection, addition)

    def scan(self, place: Place, columns: Iterable[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Yield the rows in the order they were written."""
        with self._connection(read_only=True) as connection:
            batches = _query(connection, place, columns).to_arrow_reader(BATCH_ROWS)
            yield next(batches, pa.RecordBatch.from_pylist([], schema=batches.schema))
            yield from batches

    def read(self, place: Place, columns: Iterable[str] | None = None) -> pa.Table:
        """Return all rows in the order they were written."""
        with self._connection(read_only=True) as connection:
            return _query(connection, place, columns).to_arrow_table()

    @contextmanager
    def _transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._connection(read_only=False) as connection:
            connection.begin()
            try:
                yield connection
            except BaseException:
                connection.rollback()
                raise
            connection.commit()

    @contextmanager
    def _connection(self, *, read_only: bool) -> Iterator[duckdb.DuckDBPyConnection]:
        if read_only and not self._path.exists():
            msg = f"{self._path} does not exist yet: materialize an asset that is stored in it"
            raise NoTableError(msg)
        with self._connect(read_only=read_only) as connection:
            yield connection

    def _connect(self, *, read_only: bool) -> duckdb.DuckDBPyConnection:
        """Wait while another process holds the file, and tell which when it takes too long."""
        give_up = time.monotonic() + _LOCK_WAIT_S
        while True:
            try:
                return duckdb.connect(self._path, read_only=read_only)
            except duckdb.IOException as error:
                if "lock" not in str(error) or time.monotonic() > give_up:
                    msg = f"cannot open the warehouse {self._path}: {error}"
                    raise WarehouseError(msg) from error
            time.sleep(_LOCK_PAUSE_S)


def _replace(connection: duckdb.DuckDBPyConnection, replacement: Replacement) -> int:
    place, rows = replacement.place, replacement.rows
    _create_schema(connection, place)
    connection.execute(f"CREATE OR REPLACE TABLE {_name(place)} ({_columns(rows.schema)})")
    return sum(_insert(connection, place, batch) for batch in rows)


def _append(connection: duckdb.DuckDBPyConnection, addition: Append) -> None:
    place, schema = addition.place, addition.table.arrow_schema
    key = ", ".join(map(_quoted, addition.table.key))
    _create_schema(connection, place)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {_name(place)} ({_columns(schema)}, PRIMARY KEY ({key}))"
    )
    for field in schema:  # a table from before a column was thought of
        connection.execute(f"ALTER TABLE {_name(place)} ADD COLUMN IF NOT EXISTS {_column(field)}")
    # Not INSERT OR IGNORE: it stores the rows of one statement in any order (DuckDB 2.0).
    _insert(
        connection, place, addition.rows, f"({key}) NOT IN (SELECT ({key}) FROM {_name(place)})"
    )


def _insert(
    connection: duckdb.DuckDBPyConnection,
    place: Place,
    rows: pa.RecordBatch | pa.Table,
    where: str = "true",
) -> int:
    """Insert by name: by position, a change in the order of columns would swap their values."""
    connection.register("incoming", rows)
    connection.execute(f"INSERT INTO {_name(place)} BY NAME SELECT * FROM incoming WHERE {where}")
    connection.unregister("incoming")
    return int(rows.num_rows)


def _query(
    connection: duckdb.DuckDBPyConnection, place: Place, columns: Iterable[str] | None
) -> duckdb.DuckDBPyRelation:
    try:
        table = connection.sql(f"SELECT * FROM {_name(place)}")
    except duckdb.CatalogException as error:
        msg = f"there is no table {place} yet: materialize it first; there {_tables(connection)}"
        raise NoTableError(msg) from error
    return table if columns is None else _only(table, place, tuple(columns))


def _tables(connection: duckdb.DuckDBPyConnection) -> str:
    """Tell which tables there are, as places are written."""
    places = connection.execute("""
        SELECT if(schema_name = 'main', '', schema_name || '.') || table_name
        FROM duckdb_tables() ORDER BY schema_name != 'main', schema_name, table_name
    """).fetchall()
    return f"are {', '.join(place for (place,) in places)}" if places else "is none"


def _only(
    table: duckdb.DuckDBPyRelation, place: Place, columns: tuple[str, ...]
) -> duckdb.DuckDBPyRelation:
    """Return some columns of a table, of which nothing is read yet: the others never are."""
    known = table.columns
    if unknown := [name for name in columns if name not in known]:
        msg = f"{place} has no column {', '.join(map(repr, unknown))}: it has {', '.join(known)}"
        raise NoColumnError(msg)
    return table.project(", ".join(map(_quoted, columns)))


def _create_schema(connection: duckdb.DuckDBPyConnection, place: Place) -> None:
    if place.schema:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {_quoted(place.schema)}")


def _columns(schema: pa.Schema) -> str:
    return ", ".join(map(_column, schema))


def _column(field: pa.Field) -> str:
    return f"{_quoted(field.name)} {_TYPES[field.type]}"


def _name(place: Place) -> str:
    return f"{_quoted(place.schema or 'main')}.{_quoted(place.table)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
