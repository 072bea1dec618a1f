"""The page-lengths table as a SELECT over a journal: plan, outcomes, and what was stored before."""

from __future__ import annotations

from typing import Final

from fetch_pipeline.core.outcome import FETCHED, NOT_MODIFIED
from fetch_pipeline.store.tables import PAGE_LENGTHS

_OF_PLAN: Final = frozenset({"line", "url", "href", "duplicate_of"})
OF_BODY: Final = frozenset(
    {
        "detail",  # on a page, what is odd about its body
        "length",
        "body_bytes",
        "content_type",
        "content_encoding",
        "charset",
        "charset_source",
        "sha256",
    }
)
"""The columns that a 304 leaves as they were stored."""

VALIDATORS: Final = frozenset({"etag", "last_modified"})
"""The columns that a 304 may tell anew (RFC 9111 §3.2)."""

_WAS_KEPT: Final = "facts.kept AND stored.line IS NOT NULL"

# Rung by rung: what was kept is as it was; the first day has nothing to compare with; pages are
# compared by the hash of their bytes; of a page that merely failed nothing is known.
_CHANGED: Final = f"""
    CASE
        WHEN {_WAS_KEPT} THEN outcomes.changed
        WHEN NOT facts.compared THEN NULL
        WHEN outcomes.outcome = '{NOT_MODIFIED}' THEN 'same'
        WHEN outcomes.outcome = '{FETCHED}' AND stored.line IS NULL THEN 'new'
        WHEN outcomes.outcome = '{FETCHED}' AND outcomes.sha256 = stored.sha256 THEN 'same'
        WHEN outcomes.outcome = '{FETCHED}' THEN 'changed'
        WHEN stored.line IS NOT NULL AND outcomes.status IN (404, 410) THEN 'gone'
    END
"""


def _selected(column: str) -> str:
    not_modified = f"outcomes.outcome = '{NOT_MODIFIED}'"
    if column in _OF_PLAN:
        return f"plan.{column}"
    if column == "changed":
        return f"{_CHANGED} AS changed"
    if column in OF_BODY:
        return f"iif({not_modified}, stored.{column}, outcomes.{column}) AS {column}"
    if column in VALIDATORS:
        kept = f"coalesce(outcomes.{column}, stored.{column})"
        return f"iif({not_modified}, {kept}, outcomes.{column}) AS {column}"
    return f"outcomes.{column}"


_SELECTED: Final = ", ".join(_selected(column.name) for column in PAGE_LENGTHS.columns)

# Each row has the outcome of the first line that names the same URL. A cross join keeps the order
# of its tables, so that nothing is sorted: the plan is in the order of lines.
FROM_JOURNAL: Final = """
    FROM plan CROSS JOIN facts
    LEFT JOIN outcomes ON outcomes.line = coalesce(duplicate_of, plan.line)
    LEFT JOIN stored ON stored.line = outcomes.line
"""

PAGE_ROWS: Final = f"SELECT {_SELECTED} {FROM_JOURNAL} ORDER BY plan.line"
"""One row per listed URL, in the order and with the columns of `PAGE_LENGTHS`."""

CHANGES: Final = f"""
    SELECT {_CHANGED} AS changed, count(*) {FROM_JOURNAL} WHERE NOT ({_WAS_KEPT}) GROUP BY 1
"""
"""How many of the rows that were fetched there are of each word of `changed`."""
