"""The page-lengths table as a SELECT over a journal: plan, outcomes, and what was stored before."""

from __future__ import annotations

from typing import Final

from fetch_pipeline.core.outcome import FETCHED, NOT_MODIFIED, WITH_PAGE
from fetch_pipeline.store.tables import LAST_PAGES, OF_BODY, PAGE_LENGTHS, VALIDATORS

_OF_PLAN: Final = frozenset({"line", "url", "href", "duplicate_of"})
_WAS_KEPT: Final = "facts.kept AND coalesce(stored.today, 0)"
_GONE: Final = "coalesce(outcomes.status, 0) IN (404, 410)"

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
        WHEN stored.line IS NOT NULL AND {_GONE} THEN 'gone'
    END
"""

# Only beside a page: an error page has a length too, and comparing the two would say nothing.
_LENGTH_BEFORE: Final = f"""
    CASE
        WHEN {_WAS_KEPT} THEN outcomes.length_before
        WHEN outcomes.outcome IN {WITH_PAGE} THEN stored.length
    END
"""


def _selected(column: str) -> str:
    not_modified = f"outcomes.outcome = '{NOT_MODIFIED}'"
    if column in _OF_PLAN:
        return f"plan.{column}"
    if column == "changed":
        return f"{_CHANGED} AS changed"
    if column == "length_before":
        return f"{_LENGTH_BEFORE} AS length_before"
    if column in OF_BODY:
        return f"iif({not_modified}, stored.{column}, outcomes.{column}) AS {column}"
    if column in VALIDATORS:
        kept = f"coalesce(outcomes.{column}, stored.{column})"
        return f"iif({not_modified}, {kept}, outcomes.{column}) AS {column}"
    return f"outcomes.{column}"


def _of_last_page(column: str) -> str:
    return f"{'plan' if column in _OF_PLAN else 'stored'}.{column}"


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

LAST_PAGE_ROWS: Final = f"""
    SELECT {", ".join(_of_last_page(column.name) for column in LAST_PAGES.columns)}
    FROM plan JOIN outcomes USING (line) JOIN stored USING (line)
    WHERE outcomes.outcome NOT IN {WITH_PAGE} AND NOT {_GONE} ORDER BY plan.line
"""
"""The stored pages of URLs that have none now, and may have one again."""
