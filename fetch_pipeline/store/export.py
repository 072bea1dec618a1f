"""A stored table as a file for other tools: Parquet, or CSV for spreadsheets."""

from __future__ import annotations

import argparse
import gzip
import io
import signal
import sys
from collections.abc import Callable, Iterable
from itertools import chain
from typing import BinaryIO, Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from fetch_pipeline.core.url import without_userinfo
from fetch_pipeline.store.csv_export import write_csv
from fetch_pipeline.store.open_warehouse import DEFAULT_WAREHOUSE, open_warehouse
from fetch_pipeline.store.tables import ColumnType
from fetch_pipeline.store.warehouse import Place, TableScan, WarehouseError
from fetch_pipeline.store.whole_file import DestinationError, whole_file

_Write: TypeAlias = Callable[[pa.RecordBatchReader, BinaryIO], int]


def export_table(batches: Iterable[pa.RecordBatch], destination: str) -> int:
    """Write a table to a file, whole or not at all; return how many rows it has.

    Args:
        batches: Of the table, one at least; held in memory one at a time.
        destination: Local path or fsspec URL; its ending tells the format.

    Raises:
        DestinationError: Its ending is none we know, or it is no place to write to.
        WarehouseError: The table cannot be read.
        OSError: Writing failed.
    """
    write = _writer(destination)
    rows = in_utc(batches)  # reads the first batch: no table, no file
    with whole_file(destination) as file:
        return write(rows, file)


def in_utc(batches: Iterable[pa.RecordBatch]) -> pa.RecordBatchReader:
    """Return rows with their moments in UTC: DuckDB tells them in the zone of the machine."""
    others = iter(batches)
    first = next(others)
    schema = pa.schema([(field.name, _utc_type(field.type)) for field in first.schema])
    cast = (batch.cast(schema) for batch in chain([first], others))
    return pa.RecordBatchReader.from_batches(schema, cast)


def _utc_type(kind: pa.DataType) -> pa.DataType:
    return ColumnType.TIMESTAMP.value if pa.types.is_timestamp(kind) else kind


def _writer(destination: str) -> _Write:
    for ending, write in _WRITERS.items():
        if destination.lower().endswith(ending):
            return write
    shown, known = without_userinfo(destination), ", ".join(_WRITERS)
    msg = f"{shown} does not tell its format: a name that ends in one of {known} expected"
    raise DestinationError(msg)


def _parquet(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    count = 0
    with pq.ParquetWriter(file, rows.schema) as parquet:
        for batch in rows:
            parquet.write_batch(batch)
            count += batch.num_rows
    return count


def _csv(rows: pa.RecordBatchReader, file: BinaryIO | gzip.GzipFile) -> int:
    with io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        return write_csv(rows, text)


def _csv_gz(rows: pa.RecordBatchReader, file: BinaryIO) -> int:
    # Without a name: it would be the hidden one of a file that is not there yet.
    with gzip.GzipFile("", "wb", compresslevel=6, fileobj=file) as packed:
        return _csv(rows, packed)


_WRITERS: Final[dict[str, _Write]] = {".parquet": _parquet, ".csv": _csv, ".csv.gz": _csv_gz}


def main() -> None:
    """Export a table: `python -m fetch_pipeline.store.export page_lengths pages.parquet`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("table", help="its name, behind the family's and a dot if that has one")
    parser.add_argument(
        "file",
        nargs="?",
        help=f"local path or fsspec URL that ends in one of {', '.join(_WRITERS)}; without one, "
        "CSV is printed",
    )
    parser.add_argument("--warehouse", default=DEFAULT_WAREHOUSE, help="%(default)s if not given")
    given = parser.parse_args()
    schema, _, name = given.table.rpartition(".")
    place = Place(schema=schema or None, table=name)
    try:
        table = TableScan(warehouse=open_warehouse(given.warehouse), place=place)
        if given.file:
            _save(table, given.file)
        else:
            _print(table)
    except (WarehouseError, DestinationError) as error:
        sys.exit(str(error))


def _save(table: TableScan, destination: str) -> None:
    shown = without_userinfo(destination)
    try:
        rows = export_table(table, destination)
    except OSError as error:
        sys.exit(f"cannot write {shown}: {error}")
    sys.stderr.write(f"{rows} rows of {table.place} written to {shown}\n")


def _print(table: TableScan) -> None:
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head` has read enough: end without a word
    sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]  # a real file
    try:
        write_csv(in_utc(table), sys.stdout)
        sys.stdout.flush()
    except OSError as error:
        sys.exit(f"cannot write to standard output: {error}")


if __name__ == "__main__":
    main()
