"""A stored table as CSV (RFC 4180) that a spreadsheet opens without running any of it."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import Final, TextIO

import pyarrow as pa

# What a spreadsheet takes for a formula at the start of a cell, quoted or not, full-width forms
# included: https://owasp.org/www-community/attacks/CSV_Injection
_FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001


def write_csv(batches: Iterable[pa.RecordBatch], file: TextIO) -> int:
    """Write rows under a header line; return how many there were.

    Text that would be a formula gets an apostrophe in front; numbers stay as they are. Null is
    an empty cell.

    Args:
        batches: The rows; held in memory one batch at a time. The first one names the columns, so
            an empty table is one batch without rows.
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
