"""A stored table as a file for other tools."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fetch_pipeline.store.export import export_table, in_utc
from fetch_pipeline.store.tables import PAGE_LENGTHS, ColumnType
from fetch_pipeline.store.warehouse import BATCH_ROWS, Place, TableScan
from fetch_pipeline.store.whole_file import DestinationError
from fetch_pipeline_tests.fetching import Folder

PAGES = Place(schema="blog", table="pages")
ROWS = pa.table({"url": ["=x", "http://é/"], "length": pa.array([None, 3], pa.int64())})
CSV = "url,length\r\n'=x,\r\nhttp://é/,3\r\n"


def stored(folder: Folder, rows: pa.Table = ROWS) -> TableScan:
    """Store rows as the table blog.pages."""
    folder.warehouse.replace(PAGES, rows.to_reader())
    return TableScan(warehouse=folder.warehouse, place=PAGES)


def test_the_ending_tells_the_format(folder: Folder) -> None:
    """In any case of letters; text may be packed."""
    table = stored(folder)

    counts = [
        export_table(table, str(folder.path / name))
        for name in ("p.PARQUET", "p.csv", "p.csv.gz", "old.parquet.csv")
    ]

    assert counts == [2] * 4
    assert pq.read_table(folder.path / "p.PARQUET").equals(ROWS)
    assert (folder.path / "p.csv").read_bytes().decode() == CSV
    assert (folder.path / "old.parquet.csv").read_bytes().decode() == CSV
    assert gzip.decompress((folder.path / "p.csv.gz").read_bytes()).decode() == CSV


@pytest.mark.parametrize("name", ["p", "p.xlsx", "p.gz", "p.parquet.gz", "csv"])
def test_another_ending_is_refused_with_those_there_are(folder: Folder, name: str) -> None:
    """Before anything is read or made."""
    table = TableScan(warehouse=folder.warehouse, place=PAGES)

    with pytest.raises(DestinationError, match=f"{name} does not .* .parquet, .csv, .csv.gz"):
        export_table(table, str(folder.path / "new" / name))

    assert list(folder.path.iterdir()) == []


def test_parquet_has_the_types_of_the_table(folder: Folder) -> None:
    """All of them, and null where nothing is known."""
    schema = pa.schema([(kind.name, kind.value) for kind in ColumnType])
    moment = datetime(2026, 11, 23, 6, 0, 0, 123456, tzinfo=UTC)
    row = {"INT": 2**53 + 1, "FLOAT": 0.1, "BOOL": True, "TEXT": "ä", "TIMESTAMP": moment}
    rows = pa.Table.from_pylist([row, dict.fromkeys(schema.names)], schema=schema)

    export_table(stored(folder, rows), str(folder.path / "p.parquet"))

    exported = pq.read_table(folder.path / "p.parquet")
    assert exported.schema == schema
    assert exported.to_pylist() == rows.to_pylist()


def test_moments_are_utc_wherever_the_machine_stands() -> None:
    """The database may tell them in another zone."""
    moment = datetime(2026, 11, 23, 6, tzinfo=UTC)
    column = pa.array([moment], pa.timestamp("us", tz="Asia/Tokyo"))

    rows = in_utc([pa.record_batch({"at": column})]).read_all()

    assert rows.schema.field("at").type == ColumnType.TIMESTAMP.value
    assert str(rows["at"][0].as_py()) == "2026-11-23 06:00:00+00:00"


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.csv.gz"])
def test_a_table_without_rows_has_its_columns(folder: Folder, name: str) -> None:
    """A file that says nothing at all would be an error somewhere else."""
    table, file = stored(folder, PAGE_LENGTHS.arrow_schema.empty_table()), folder.path / name

    assert export_table(table, str(file)) == 0

    if name == "p.parquet":
        assert pq.read_table(file).schema == PAGE_LENGTHS.arrow_schema
    else:
        text = gzip.decompress(file.read_bytes()) if name.endswith(".gz") else file.read_bytes()
        assert text.decode() == f"{','.join(PAGE_LENGTHS.arrow_schema.names)}\r\n"


def test_a_long_table_is_written_batch_by_batch(folder: Folder) -> None:
    """None is read before the one in front of it is written: memory is that of a batch."""
    rows = pa.table({"n": range(2 * BATCH_ROWS + 1)})

    export_table(stored(folder, rows), str(folder.path / "p.parquet"))

    file = pq.ParquetFile(folder.path / "p.parquet")
    sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
    assert sizes == [BATCH_ROWS, BATCH_ROWS, 1]
    assert file.read().equals(rows)


@pytest.mark.parametrize("name", ["p.parquet", "p.csv", "p.csv.gz"])
def test_an_export_that_breaks_off_leaves_the_older_file(folder: Folder, name: str) -> None:
    """Half a table would pass for a whole one."""
    file = folder.path / name
    export_table(ROWS.to_batches(), str(file))
    older = file.read_bytes()

    def broken() -> Iterator[pa.RecordBatch]:
        yield from ROWS.to_batches()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export_table(broken(), str(file))

    assert file.read_bytes() == older
    assert list(folder.path.iterdir()) == [file]


def test_a_stored_table_is_printed_as_csv(folder: Folder) -> None:
    """By its name, with the family's in front."""
    stored(folder)

    printed = export(folder, "blog.pages")

    assert (printed.returncode, printed.stdout.decode()) == (0, CSV)
    assert printed.stderr == b""


def test_a_stored_table_is_saved(folder: Folder) -> None:
    """And how much it was is told where it spoils no pipe."""
    stored(folder)
    file = folder.path / "new" / "pages.parquet"

    saved = export(folder, "blog.pages", str(file))

    assert (saved.returncode, saved.stdout) == (0, b"")
    assert saved.stderr.decode() == f"2 rows of blog.pages written to {file}\n"
    assert pq.read_table(file).equals(ROWS)


@pytest.mark.parametrize(
    ("table", "file", "told"),
    [
        (
            "pages",
            "p.csv",
            "there is no table pages yet: materialize it first; there are blog.pages",
        ),
        ("blog.pages", "p.xlsx", "p.xlsx does not tell its format: a name that ends in one of"),
        ("blog.pages", "warehouse.duckdb/p.csv", "cannot write "),
    ],
    ids=["table", "ending", "folder"],
)
def test_what_cannot_be_exported_is_one_sentence(
    folder: Folder, table: str, file: str, told: str
) -> None:
    """On standard error, and nothing is made."""
    stored(folder)

    exported = export(folder, table, str(folder.path / file))

    (line,) = exported.stderr.decode().splitlines()
    assert exported.returncode == 1
    assert told in line
    assert [path.name for path in folder.path.iterdir()] == ["warehouse.duckdb"]


def test_a_warehouse_that_is_not_there_is_one_sentence(folder: Folder) -> None:
    """It is not made by asking."""
    exported = export(folder, "blog.pages", str(folder.path / "p.csv"))

    (line,) = exported.stderr.decode().splitlines()
    assert exported.returncode == 1
    assert "warehouse.duckdb does not exist yet" in line
    assert list(folder.path.iterdir()) == []


def test_a_reader_that_has_read_enough_is_no_error(folder: Folder) -> None:
    """As `| head` has, of a table that no pipe holds."""
    stored(folder, pa.table({"n": range(100_000)}))

    with subprocess.Popen(
        command(folder, "blog.pages"), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout
        assert process.stderr
        header = process.stdout.readline()
        process.stdout.close()
        said = process.stderr.read()

    assert (header, said) == (b"n\r\n", b"")


def test_a_full_disk_is_one_sentence(folder: Folder) -> None:
    """Also where the shell writes the file."""
    stored(folder)

    with Path("/dev/full").open("wb") as full:
        process = subprocess.run(
            command(folder, "blog.pages"), stdout=full, stderr=subprocess.PIPE, check=False
        )

    assert process.returncode == 1
    assert b"cannot write to standard output" in process.stderr
    assert b"Traceback" not in process.stderr


def export(folder: Folder, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    """Run the command to its end."""
    return subprocess.run(command(folder, *arguments), capture_output=True, check=False)


def command(folder: Folder, *arguments: str) -> list[str]:
    """Return the command on the warehouse of a folder."""
    url = f"duckdb:///{folder.path / 'warehouse.duckdb'}"
    program = [sys.executable, "-m", "fetch_pipeline.store.export"]
    return [*program, *arguments, "--warehouse", url]
