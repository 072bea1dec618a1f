"""The warehouse in a DuckDB file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from fetch_pipeline.store import duckdb as ours
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.tables import Column, ColumnType, Table
from fetch_pipeline.store.warehouse import (
    BATCH_ROWS,
    Append,
    NoColumnError,
    NoTableError,
    Place,
    Replacement,
    TableScan,
    WarehouseError,
)

PAGES = Place(schema="web", table="pages")
LOG = Place(schema="web", table="log")
LOG_TABLE = Table(
    name="log",
    key=("run",),
    columns=(
        Column(name="run", type=ColumnType.TEXT, about=""),
        Column(name="seconds", type=ColumnType.FLOAT, about=""),
    ),
)


@pytest.fixture
def warehouse(tmp_path: Path) -> DuckDBWarehouse:
    """Make an empty warehouse in a folder that does not exist yet."""
    return DuckDBWarehouse(tmp_path / "new" / "w.duckdb")


def rows(**columns: list[object]) -> pa.RecordBatchReader:
    """Make rows to store."""
    return pa.table(columns).to_reader()


def log(run: str, seconds: float) -> Append:
    """Make one row to append."""
    return Append(
        place=LOG,
        table=LOG_TABLE,
        rows=pa.Table.from_pylist(
            [{"run": run, "seconds": seconds}], schema=LOG_TABLE.arrow_schema
        ),
    )


def test_a_table_is_replaced_whole(warehouse: DuckDBWarehouse) -> None:
    """Rows, columns and their order: nothing of the old table is left."""
    warehouse.replace(PAGES, rows(line=[1, 2], url=["a", "b"]))

    assert warehouse.replace(PAGES, rows(url=["c"], length=[7])) == 1
    assert warehouse.read(PAGES).to_pylist() == [{"url": "c", "length": 7}]


def test_a_failed_replacement_leaves_the_old_table(warehouse: DuckDBWarehouse) -> None:
    """Also what should have been appended with it, and the next write works."""
    schema = pa.schema([("line", pa.int64())])

    def broken() -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"line": [7]}, schema=schema)
        msg = "the journal broke off"
        raise KeyError(msg)

    warehouse.replace(PAGES, rows(line=[1]), log("r1", 1.0))
    with pytest.raises(KeyError, match="broke off"):
        warehouse.replace(PAGES, pa.RecordBatchReader.from_batches(schema, broken()), log("r2", 2))

    assert warehouse.read(PAGES).to_pylist() == [{"line": 1}]
    assert warehouse.read(LOG, ["run"]).to_pylist() == [{"run": "r1"}]
    assert warehouse.replace(PAGES, rows(line=[2])) == 1


def test_what_cannot_be_appended_keeps_the_old_table_too(warehouse: DuckDBWarehouse) -> None:
    """No pages without their timing: both or neither."""
    warehouse.replace(PAGES, rows(line=[1]))
    nameless = Append(place=LOG, table=LOG_TABLE, rows=pa.table({"nobody": ["x"]}))

    with pytest.raises(duckdb.Error):
        warehouse.replace(PAGES, rows(line=[2]), nameless)

    assert warehouse.read(PAGES).to_pylist() == [{"line": 1}]


def test_two_tables_are_replaced_together_or_not_at_all(warehouse: DuckDBWarehouse) -> None:
    """One of yesterday beside one of today would be worse than both of yesterday."""
    second = PAGES.beside("second")

    def broken() -> Iterator[pa.RecordBatch]:
        raise OSError("gone")
        yield  # a generator

    warehouse.replace(PAGES, rows(n=[1]), Replacement(place=second, rows=rows(n=[1])))
    breaking = pa.RecordBatchReader.from_batches(pa.schema([("n", pa.int64())]), broken())
    with pytest.raises(OSError, match="gone"):
        warehouse.replace(PAGES, rows(n=[2]), Replacement(place=second, rows=breaking))

    assert [warehouse.read(place)["n"].to_pylist() for place in (PAGES, second)] == [[1], [1]]


def test_columns_are_matched_by_name(warehouse: DuckDBWarehouse) -> None:
    """By position, a changed order would swap values of the same type."""
    swapped = pa.table({"seconds": [2.0], "run": ["r1"]})

    warehouse.append(Append(place=LOG, table=LOG_TABLE, rows=swapped))

    assert warehouse.read(LOG).to_pylist() == [{"run": "r1", "seconds": 2.0}]


def test_appending_twice_is_appending_once(warehouse: DuckDBWarehouse) -> None:
    """By the key; the first row stays."""
    warehouse.append(log("r1", 1.0))
    warehouse.append(log("r1", 9.0), log("r2", 2.0))

    assert warehouse.read(LOG).to_pylist() == [
        {"run": "r1", "seconds": 1.0},
        {"run": "r2", "seconds": 2.0},
    ]


def test_a_table_from_before_a_column_gets_the_column(warehouse: DuckDBWarehouse) -> None:
    """A newer version of the package goes on appending to yesterday's table."""
    older = Table(name="log", key=("run",), columns=LOG_TABLE.columns[:1])
    warehouse.append(Append(place=LOG, table=older, rows=pa.table({"run": ["r1"]})))

    warehouse.append(log("r2", 2.0))

    assert warehouse.read(LOG).to_pylist() == [
        {"run": "r1", "seconds": None},
        {"run": "r2", "seconds": 2.0},
    ]


def test_rows_are_read_in_the_order_they_were_written(warehouse: DuckDBWarehouse) -> None:
    """And in batches, whatever the size of the table."""
    count = 3 * BATCH_ROWS + 1
    warehouse.replace(PAGES, rows(line=list(range(count, 0, -1))))

    batches = list(warehouse.scan(PAGES))

    assert max(batch.num_rows for batch in batches) <= BATCH_ROWS
    assert [n for batch in batches for n in batch["line"].to_pylist()] == list(range(count, 0, -1))


def test_a_table_without_rows_tells_its_columns(warehouse: DuckDBWarehouse) -> None:
    """As one batch that has none of the first and all of the second."""
    warehouse.replace(PAGES, LOG_TABLE.arrow_schema.empty_table().to_reader())

    (batch,) = warehouse.scan(PAGES)

    assert (batch.num_rows, batch.schema) == (0, LOG_TABLE.arrow_schema)


def test_a_scan_can_be_read_again(warehouse: DuckDBWarehouse) -> None:
    """Planning reads the list twice, and only the columns it wants."""
    warehouse.replace(PAGES, rows(line=[1, 2], url=["a", "b"]))
    scan = TableScan(warehouse=warehouse, place=PAGES, columns=("url",))

    twice = [[row for batch in scan for row in batch.to_pylist()] for _ in range(2)]

    assert twice == [[{"url": "a"}, {"url": "b"}]] * 2


def test_columns_are_read_in_the_order_they_are_named(warehouse: DuckDBWarehouse) -> None:
    """Rather than in the table's."""
    warehouse.replace(PAGES, rows(line=[1], url=["a"], length=[7]))

    assert warehouse.read(PAGES, ["length", "url"]).column_names == ["length", "url"]


def test_a_column_that_is_not_there_is_named_with_its_table(warehouse: DuckDBWarehouse) -> None:
    """And with those that are, so that a typo is seen at once."""
    warehouse.replace(PAGES, rows(line=[1], url=["a"]))

    told = r"web\.pages has no column 'lin', 'x': it has line, url"
    with pytest.raises(NoColumnError, match=told):
        warehouse.read(PAGES, ["url", "lin", "x"])


def test_every_type_comes_back_as_it_was_given(warehouse: DuckDBWarehouse) -> None:
    """With its nulls."""
    schema = pa.schema([(kind.name, kind.value) for kind in ColumnType])
    given = [
        {"INT": 2**53 + 1, "FLOAT": 0.1, "BOOL": True, "TEXT": "ä'\";", "TIMESTAMP": 1},
        dict.fromkeys(schema.names),
    ]
    table = pa.Table.from_pylist(given, schema=schema)

    warehouse.replace(PAGES, table.to_reader())

    assert warehouse.read(PAGES).cast(schema).to_pylist() == table.to_pylist()


def test_schemas_keep_families_apart(warehouse: DuckDBWarehouse) -> None:
    """The same table name in two families is two tables; a quote in a name is only a quote."""
    for schema in (None, "demo", 'we"b'):
        warehouse.replace(Place(schema=schema, table="t"), rows(of=[str(schema)]))

    assert [
        warehouse.read(Place(schema=schema, table="t")).to_pylist()[0]["of"]
        for schema in (None, "demo", 'we"b')
    ] == ["None", "demo", 'we"b']


def test_a_table_that_was_never_written_says_so(warehouse: DuckDBWarehouse) -> None:
    """Before the first write of all, and after; then it tells which tables were."""
    with pytest.raises(NoTableError, match="does not exist yet"):
        warehouse.read(PAGES)
    warehouse.replace(LOG, rows(x=[1]))
    warehouse.replace(Place(schema=None, table="pages"), rows(x=[1]))
    with pytest.raises(NoTableError, match=r"no table web\.pages .*; there are pages, web\.log"):
        list(warehouse.scan(PAGES))


def test_an_empty_database_says_that_it_is_empty(tmp_path: Path) -> None:
    """Somebody else may have made it."""
    duckdb.connect(tmp_path / "w.duckdb").close()

    with pytest.raises(NoTableError, match="there is none"):
        DuckDBWarehouse(tmp_path / "w.duckdb").read(PAGES)


def test_a_file_that_another_process_holds_is_waited_for_and_then_named(
    warehouse: DuckDBWarehouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB's own words tell which process it is."""
    monkeypatch.setattr(ours, "_LOCK_WAIT_S", 0.5)
    warehouse.replace(PAGES, rows(line=[1]))
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('held', flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path / "new" / "w.duckdb")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout
        holder.stdout.readline()
        with pytest.raises(WarehouseError, match=f"PID {holder.pid}"):
            warehouse.read(PAGES)
        holder.communicate("\n")

    assert warehouse.read(PAGES).num_rows == 1


def test_a_file_that_is_no_database_says_so(tmp_path: Path) -> None:
    """At once: waiting would not help."""
    path = tmp_path / "w.duckdb"
    path.write_bytes(b"something else entirely" * 1000)

    with pytest.raises(WarehouseError, match="cannot open the warehouse"):
        DuckDBWarehouse(path).read(PAGES)
