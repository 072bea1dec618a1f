"""One row per row of `page_lengths` whose page grew or shrank a lot since it was stored before.

How much is a lot is configured: more than a fifth, unless `min_change` says otherwise. Lengths are
characters of the decoded text; `change` is a share, -0.35 for a page that lost 35 % of them. Made
anew from `page_lengths` alone, each time it is materialized; on the first day there is no row.

An example of going on from the tables: it needs nothing that an asset of your own could not use.
"""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

import dagster as dg
import pandas as pd
from pydantic import Field

_COLUMNS = dg.TableSchema(
    columns=[
        dg.TableColumn("url", "text", "As listed"),
        dg.TableColumn("length_before", "int", "Characters when it was stored before"),
        dg.TableColumn("length", "int", "Characters now"),
        dg.TableColumn("change", "float", "Share of length_before; null where that is 0"),
    ]
)


class Resize(dg.Config):
    """Which pages count as resized."""

    min_change: float = Field(
        default=0.2,
        gt=0,
        description="Share of its former length by more than which a page grew or shrank, above 0.",
    )


class ResizedLimit(dg.Config):
    """How many pages may be resized before somebody should look."""

    limit: float = Field(
        default=0.05,
        ge=0,
        le=1,
        description="Share of the pages with a length, now and before, that is tolerated, from 0 "
        "to 1.",
    )


@dg.asset(
    ins={
        "page_lengths": dg.AssetIn(
            input_manager_key="warehouse",
            metadata={"columns": ["url", "length_before", "length"]},
        )
    },
    io_manager_key="warehouse",
    group_name="downstream",
    kinds={"python", "pandas"},
    description=__doc__,
    metadata={"dagster/column_schema": _COLUMNS},
)
def resized_pages(config: Resize, page_lengths: pd.DataFrame) -> pd.DataFrame:
    """Compare each page with itself."""
    before = page_lengths["length_before"]
    change = (page_lengths["length"] - before) / before  # infinite for a page that was empty
    pages = page_lengths.assign(change=change.mask(before == 0))
    return pages[change.abs() > config.min_change]


@dg.asset_check(
    asset=resized_pages,
    additional_ins={
        "page_lengths": dg.AssetIn(
            input_manager_key="warehouse", metadata={"columns": ["length_before", "length"]}
        )
    },
    description="No more pages were resized than the configured share: when a site is redesigned, "
    "or shows everybody the same notice, many are.",
)
def few_pages_resized(
    config: ResizedLimit, resized_pages: pd.DataFrame, page_lengths: pd.DataFrame
) -> dg.AssetCheckResult:
    """Count them, and those that could have been."""
    resized, compared = len(resized_pages), len(page_lengths.dropna())
    share = resized / compared if compared else 0.0
    told = f"{resized} of {compared} pages resized; tolerated: {config.limit:.0%}"
    return dg.AssetCheckResult(
        passed=share <= config.limit,
        severity=dg.AssetCheckSeverity.WARN,
        description=told if compared else "nothing to compare: no page had a length before",
        metadata={"resized": resized, "compared": compared, "share": share},
    )
