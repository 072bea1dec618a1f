"""One row per row of `url_list`, in its order: what became of the URL, and how long the page is.

Fetched over HTTP each time it is materialized. `length` counts the characters of the decoded text,
`*_bytes` count bytes, `*_s` are seconds. A page that could not be fetched is a row with its reason,
never a missing one. An interrupted fetch goes on where it stopped when it is started again.

Outcomes, failures and the waterfall of each fetch are shown under *Events*.
"""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import dagster as dg

from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL
from fetch_pipeline.defs.columns import column_schema
from fetch_pipeline.defs.config import config_mapping
from fetch_pipeline.defs.fetch_config import (
    AsyncConfig,
    FetchConfig,
    PlanConfig,
    Refetch,
    SequentialConfig,
    async_config,
)
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.fetching import fetch_pending, plan_fetch, store_fetch
from fetch_pipeline.defs.interrupt import interruptible
from fetch_pipeline.defs.manifest import FetchId, Manifest
from fetch_pipeline.defs.metadata import fetch_metadata
from fetch_pipeline.defs.progress import telling
from fetch_pipeline.defs.resources import place_of, warehouse_of
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.engine.descriptors import affordable
from fetch_pipeline.store.tables import PAGE_LENGTHS
from fetch_pipeline.store.turns import turn
from fetch_pipeline.store.warehouse import TableScan

_FRESH_FOR = timedelta(hours=36)  # a daily schedule, and half a day to notice that it failed

_ABOUT: Final = {
    "page_lengths_sequential": "**The baseline: one page at a time.** Only `concurrency` differs "
    "from `page_lengths`; the daily schedule leaves it out.",
    "page_lengths": "**All pages concurrently**, at most `concurrency` of them at once.",
}
_STRATEGIES: Final = {"page_lengths_sequential": SEQUENTIAL, "page_lengths": ASYNC}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ops:
    """The three ops that both fetch assets of a family are made of."""

    plan: dg.OpDefinition
    fetch: dg.OpDefinition
    store: dg.OpDefinition

    def config(
        self, *, concurrency: int, resume_within_s: float, refetch: Refetch = Refetch.all
    ) -> dict[str, Any]:
        """Map an asset's config to its ops'."""
        keep_pages = refetch is Refetch.failed
        return {
            self.plan.name: {
                "config": {"resume_within_s": resume_within_s, "keep_pages": keep_pages}
            },
            self.fetch.name: {"config": {"concurrency": concurrency}},
        }


def build_fetch_assets(spec: FamilySpec) -> tuple[dg.AssetsDefinition, dg.AssetsDefinition]:
    """Make the family's `page_lengths_sequential` and `page_lengths`: one code, two strategies."""
    ops = _Ops(plan=_plan_op(spec), fetch=_fetch_op(spec), store=_store_op(spec))

    def one_at_a_time(config: SequentialConfig) -> dict[str, Any]:
        return ops.config(concurrency=1, **config.model_dump())

    def all_at_once(config: AsyncConfig) -> dict[str, Any]:
        return ops.config(**config.model_dump())

    baseline = config_mapping(SequentialConfig, one_at_a_time)
    sequential = _build(spec, "page_lengths_sequential", baseline, ops, priority=1)
    at_once = config_mapping(async_config(spec.concurrency), all_at_once)
    concurrent = _build(spec, "page_lengths", at_once, ops, priority=0)
    fresh = dg.FreshnessPolicy.time_window(fail_window=_FRESH_FOR)
    return sequential, concurrent.map_asset_specs(
        lambda asset: asset.replace_attributes(freshness_policy=fresh)
    )


def _build(
    spec: FamilySpec, name: str, config: dg.ConfigMapping, ops: _Ops, *, priority: int
) -> dg.AssetsDefinition:
    # In one process the whole fetch of higher priority runs first: they never share the network.
    tags = {"dagster/priority": str(priority)}

    @dg.graph_asset(
        key=spec.key(name),
        ins={"url_list": dg.AssetIn(key=spec.key("url_list"))},
        config=config,
        group_name=spec.group,
        kinds={"python", "aiohttp"},
        description=f"{_ABOUT[name]}\n\n{__doc__}",
        metadata=column_schema(PAGE_LENGTHS),
    )
    def pages(url_list: Any) -> Any:  # noqa: ANN401 - at composition time Dagster passes its handles
        plan, fetch, store = (op.tag(tags) for op in (ops.plan, ops.fetch, ops.store))
        return store(fetch(plan(url_list)))

    return pages


def _plan_op(spec: FamilySpec) -> dg.OpDefinition:
    @dg.op(
        name=spec.name("plan"),
        ins={"url_list": dg.In(input_manager_key=spec.warehouse)},
        required_resource_keys={spec.fetcher, spec.journals},
        description="Continue an unfinished fetch of this list, or begin a new one.",
    )
    def plan(context: dg.OpExecutionContext, config: PlanConfig, url_list: TableScan) -> Manifest:
        manifest = plan_fetch(
            url_list,
            _fetch_id(context, spec),
            directory=getattr(context.resources, spec.journals).path,
            resume_within_s=config.resume_within_s,
            keep_pages=config.keep_pages,
        )
        context.log.info(
            "%d distinct URLs to fetch, %d of them fetched before", manifest.urls, manifest.done
        )
        return manifest

    return plan


def _fetch_op(spec: FamilySpec) -> dg.OpDefinition:
    # No RetryPolicy: in-process, Dagster would take an interrupt for a reason to try again.
    @dg.op(
        name=spec.name("fetch"),
        required_resource_keys={spec.fetcher, spec.journals},
        pool=spec.name("fetch"),  # one run of a family at a time, see dagster.yaml
        description="Fetch all pages concurrently, each outcome durable as it arrives.",
    )
    async def fetch(
        context: dg.OpExecutionContext, config: FetchConfig, manifest: Manifest
    ) -> Manifest:
        workers = affordable(config.concurrency)
        if workers < config.concurrency:
            context.log.warning("%d workers: the limit of open files allows no more", workers)
        fetch_id = _fetch_id(context, spec)
        # Another executor than ours would fetch both strategies at once: twice the load.
        alone = turn(
            getattr(context.resources, spec.journals).path / f"{spec.name('fetch')}.lock",
            waiting=lambda: context.log.info("waiting for another fetch of this family to end"),
        )
        try:
            async with interruptible(), alone:
                with (
                    spec.source.serving(manifest.host),
                    telling(context.log.info, urls=manifest.urls, done=manifest.done) as tell,
                ):
                    return await fetch_pending(manifest, fetch_id, concurrency=workers, watch=tell)
        except dg.DagsterExecutionInterruptedError:
            context.log.warning("stopped; what was fetched is kept, and the next run goes on there")
            raise

    return fetch


def _store_op(spec: FamilySpec) -> dg.OpDefinition:
    @dg.op(
        name=spec.name("store"),
        out=dg.Out(io_manager_key=spec.warehouse),
        required_resource_keys={spec.fetcher, spec.warehouse},
        description="Make the outcomes the asset's table, all or nothing.",
    )
    def store(context: dg.OpExecutionContext, manifest: Manifest) -> None:
        warehouse = warehouse_of(context.resources, spec.warehouse)
        place = place_of(context.assets_def.key)
        stored = store_fetch(
            manifest,
            _fetch_id(context, spec),
            warehouse=warehouse,
            place=place,
            strategy=_STRATEGIES[place.table],
        )
        context.log.info(stored.told())
        context.add_output_metadata(fetch_metadata(stored, warehouse, place))

    return store


def _fetch_id(context: dg.OpExecutionContext, spec: FamilySpec) -> FetchId:
    fetcher: Fetcher = getattr(context.resources, spec.fetcher)
    asset = context.assets_def.key.to_user_string()
    return FetchId(
        asset=asset,
        run_id=context.run_id,
        policy=fetcher.policy(),
        politeness=fetcher.politeness(),
    )
