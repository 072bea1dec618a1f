"""A stored table as CSV (RFC 4180) that a spreadsheet opens without running any of it."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable
from typing import Final, TextIO

import pyarrow as pa

from fetch_pipeline.store.open_warehouse import DEFAULT_WAREHOUSE, open_warehouse
from fetch_pipeline.store.warehouse import NoTableError, Place, TableScan, WarehouseError

# What a spreadsheet takes for a formula at the start of a cell, quoted or not, full-width forms
# included: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def write_csv(batches: Iterable[pa.RecordBatch], file: TextIO) -> int:
    """Write rows under a header line; return how many there were. No batch, no header.

    Text that would be a formula gets an apostrophe in front; numbers stay as they are. Null is
    an empty cell.

    Args:
        batches: The rows; held in memory one batch at a time.
        file: Opened with `newline=""`.
    """
    writer, rows = csv.writer(file), 0
    for number, batch in enumerate(batches):
        if number == 0:
            writer.writerow(batch.schema.names)
        columns = [column.to_pylist() for column in batch.columns]
        writer.writerows([_harmless(cell) for cell in row] for row in zip(*columns, strict=True))
        rows += batch.num_rows
    return rows


def _harmless(cell: object) -> object:
    dangerous = isinstance(cell, str) and cell.startswith(_FORMULA_STARTS)
    return f"'{cell}" if dangerous else cell


def main() -> None:
    """Print a stored table as CSV: `python -m fetch_pipeline.store.csv_export page_lengths`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("table", help="its name, behind the family's and a dot if that has one")
    parser.add_argument("--warehouse", default=DEFAULT_WAREHOUSE, help="%(default)s if not given")
    given = parser.parse_args()
    schema, _, table = given.table.rpartition(".")
    sys.stdout.reconfigure(newline="", encoding="utf-8")  # type: ignore[union-attr]  # a real file
    try:
        place = Place(schema=schema or None, table=table)
        write_csv(TableScan(warehouse=open_warehouse(given.warehouse), place=place), sys.stdout)
    except (NoTableError, WarehouseError) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
