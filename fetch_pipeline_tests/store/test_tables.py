"""Tables."""

import pytest

from fetch_pipeline.core.plan import PlanRow
from fetch_pipeline.core.timing import FetchRun
from fetch_pipeline.store.tables import (
    FETCH_RUNS,
    LAST_PAGES,
    PAGE_LENGTHS,
    RUN_TIMINGS,
    URL_LIST,
    Table,
)


def names(table: Table) -> list[str]:
    """Return the columns of a table."""
    return list(table.arrow_schema.names)


URL_LIST_COLUMNS = "line url href host problem duplicate_of"
PAGE_LENGTHS_COLUMNS = """
line url outcome detail status final_url redirects length body_bytes wire_bytes content_type
content_encoding charset charset_source sha256 remote_ip attempts queue_s dns_s connect_s
first_byte_s download_s elapsed_s started_at etag last_modified retry_after_s duplicate_of
href changed length_before run_id
"""
RUN_TIMINGS_COLUMNS = """
run_id asset strategy started_at concurrency urls fetched failed requested not_modified wall_s
busy_s courtesy_s slowest_s ideal_s p50_s p95_s p99_s pages_per_s body_bytes cpu_s peak_rss_bytes
speedup speedup_source list_sha256 pace_sha256
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


@pytest.mark.parametrize("table", [URL_LIST, PAGE_LENGTHS, LAST_PAGES, FETCH_RUNS, RUN_TIMINGS])
def test_every_column_is_explained_once(table: Table) -> None:
    """What the UI shows beside it."""
    assert all(column.about for column in table.columns)
    assert len(set(names(table))) == len(names(table))
    assert set(table.key) <= set(names(table))
