"""Tables, and frames on their way in and out."""

import pandas as pd
import pyarrow as pa
import pytest

from fetch_pipeline.core.plan import PlanRow
from fetch_pipeline.core.timing import FetchRun
from fetch_pipeline.store.tables import (
    FETCH_RUNS,
    PAGE_LENGTHS,
    RUN_TIMINGS,
    URL_LIST,
    Table,
    from_pandas,
    to_pandas,
)


def names(table: Table) -> list[str]:
    """Return the columns of a table."""
    return list(table.arrow_schema.names)


URL_LIST_COLUMNS = "line url href host problem duplicate_of"
PAGE_LENGTHS_COLUMNS = """
line url outcome detail status final_url redirects length body_bytes wire_bytes content_type
content_encoding charset charset_source sha256 remote_ip attempts queue_s dns_s connect_s
first_byte_s download_s elapsed_s started_at etag last_modified retry_after_s duplicate_of
changed run_id
"""
RUN_TIMINGS_COLUMNS = """
run_id asset strategy started_at concurrency urls fetched failed requested not_modified wall_s
busy_s courtesy_s slowest_s ideal_s p50_s p95_s p99_s pages_per_s body_bytes cpu_s peak_rss_bytes
speedup speedup_source list_sha256
"""


def test_the_columns_are_the_contracts() -> None:
    """Spelled out by hand: users rely on these names and their order."""
    assert names(URL_LIST) == URL_LIST_COLUMNS.split()
    assert names(PAGE_LENGTHS) == PAGE_LENGTHS_COLUMNS.split()
    assert names(RUN_TIMINGS) == RUN_TIMINGS_COLUMNS.split()


def test_declarations_match_the_values_they_hold() -> None:
    """A column without a value, or a value without a column, is a mistake here and not at night."""
    assert names(URL_LIST) == list(PlanRow.__annotations__)
    assert set(names(FETCH_RUNS)) == set(FetchRun.__dataclass_fields__)


@pytest.mark.parametrize("table", [URL_LIST, PAGE_LENGTHS, FETCH_RUNS, RUN_TIMINGS])
def test_every_column_is_explained_once(table: Table) -> None:
    """What the UI shows beside it."""
    assert all(column.about for column in table.columns)
    assert len(set(names(table))) == len(names(table))
    assert set(table.key) <= set(names(table))


def test_integers_stay_integers_beside_nulls() -> None:
    """Pandas alone would turn 404 into 404.0."""
    frame = to_pandas(pa.table({"status": [404, None], "url": ["a", None]}))

    assert frame["status"].tolist() == [404, pd.NA]
    assert str(frame["status"].dtype) == "Int64"


def test_a_frame_of_a_user_becomes_storable_rows() -> None:
    """Narrow numbers widen, moments become UTC, the index stays behind."""
    frame = pd.DataFrame(
        {
            "n": pd.array([1, 2], dtype="int8"),
            "share": pd.array([0.5, None], dtype="float32"),
            "ok": [True, False],
            "word": ["a", None],
            "at": pd.to_datetime(["2026-11-23T12:00:00+01:00"] * 2),
            "nothing": [None, None],
        },
        index=[7, 8],
    )

    rows = from_pandas(frame).read_all()

    assert [str(kind) for kind in rows.schema.types] == [
        "int64",
        "double",
        "bool",
        "string",
        "timestamp[us, tz=UTC]",
        "string",
    ]
    assert rows["at"][0].as_py().isoformat() == "2026-11-23T11:00:00+00:00"


def test_a_column_no_table_can_hold_is_named() -> None:
    """Rather than stored as something else."""
    with pytest.raises(TypeError, match="column 'tags' holds list"):
        from_pandas(pd.DataFrame({"tags": [["a"]]}))
