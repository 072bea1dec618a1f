"""What must hold of a family's tables, and what somebody should look at when it does not."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from collections.abc import Sequence

import dagster as dg

from fetch_pipeline.defs.config import bounded
from fetch_pipeline.defs.resources import place_of, warehouse_of
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.store.compare import compare_pages, count_failed, find_lost_row
from fetch_pipeline.store.warehouse import Place

FETCH_ASSETS = ("page_lengths_sequential", "page_lengths")


class FailureLimit(dg.Config):
    """How many pages may fail before somebody should look."""

    limit: float | None = bounded(
        None,
        "Share of the rows without a page that is tolerated. Empty: the "
        "family's own, 0.1 unless it says otherwise.",
        ge=0,
        le=1,
    )


def build_checks(spec: FamilySpec) -> Sequence[dg.AssetChecksDefinition]:
    """Make the checks of a family."""
    return [
        *(_every_url_has_one_row(spec, asset) for asset in FETCH_ASSETS),
        *(_failures_below_limit(spec, asset) for asset in FETCH_ASSETS),
        _same_pages(spec),
    ]


def _place(spec: FamilySpec, asset: str) -> Place:
    return place_of(spec.key(asset))


def _every_url_has_one_row(spec: FamilySpec, asset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=spec.key(asset),
        required_resource_keys={spec.warehouse},
        blocking=True,
        description="The table has exactly the lines of url_list, in the same order.",
    )
    def every_url_has_one_row(
        context: dg.AssetCheckExecutionContext,
    ) -> dg.AssetCheckResult:
        listed, pages = _place(spec, "url_list"), _place(spec, asset)
        rows, lost = find_lost_row(warehouse_of(context.resources, spec.warehouse), listed, pages)
        return dg.AssetCheckResult(
            passed=lost is None,
            description=lost or f"all {rows} rows stand as listed",
            metadata={"rows": rows},
        )

    return every_url_has_one_row


def _failures_below_limit(spec: FamilySpec, asset: str) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=spec.key(asset),
        required_resource_keys={spec.warehouse},
        description="No more pages failed than the configured share.",
    )
    def failures_below_limit(
        context: dg.AssetCheckExecutionContext, config: FailureLimit
    ) -> dg.AssetCheckResult:
        failed, rows = count_failed(
            warehouse_of(context.resources, spec.warehouse), _place(spec, asset)
        )
        share = failed / rows if rows else 0.0
        limit = spec.failure_limit if config.limit is None else config.limit
        return dg.AssetCheckResult(
            passed=share <= limit,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"{failed} of {rows} rows without a page; tolerated: {limit:.0%}",
            metadata={"failed": failed, "failed_share": share},
        )

    return failures_below_limit


def _same_pages(spec: FamilySpec) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=spec.key("page_lengths"),
        required_resource_keys={spec.warehouse},
        additional_deps=[spec.key("page_lengths_sequential")],
        description="Both strategies came to the same outcomes, and fetched the same bytes.",
    )
    def same_pages(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        both, outcomes, contents = compare_pages(
            warehouse_of(context.resources, spec.warehouse),
            _place(spec, "page_lengths_sequential"),
            _place(spec, "page_lengths"),
        )
        return dg.AssetCheckResult(
            passed=not outcomes and not contents,
            severity=dg.AssetCheckSeverity.WARN,
            description=f"of {both} URLs {outcomes} have another outcome, {contents} other bytes",
            metadata={"compared": both, "other_outcome": outcomes, "other_bytes": contents},
        )

    return same_pages
