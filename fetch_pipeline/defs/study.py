"""How concurrent should I be? One row per fetch of a study: a list fetched at 1, 2, 4, … at once.

Filled by the job `concurrency_study`, see *Jobs*; *Materialize all* leaves it out. Rows are
appended, never replaced. Its pages are thrown away: the tables of a family stay as they are, but
runs of the same list and policy count for the recommendation on the page of its `run_timings`.
"""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

import sys
from collections.abc import Sequence
from typing import Any, Final

import dagster as dg
from pydantic import Field

from fetch_pipeline.core.concurrency import advise, doublings
from fetch_pipeline.core.timing import FetchRun
from fetch_pipeline.defs.columns import column_words
from fetch_pipeline.defs.config import bounded, config_mapping
from fetch_pipeline.defs.demo import EmbeddedOrigin
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.interrupt import interruptible
from fetch_pipeline.defs.lists import ListFile, ListSource
from fetch_pipeline.defs.manifest import FetchId
from fetch_pipeline.defs.metadata import concurrency_metadata
from fetch_pipeline.defs.resources import warehouse_of
from fetch_pipeline.defs.studying import StudyList, study, study_list
from fetch_pipeline.engine.descriptors import affordable
from fetch_pipeline.report.concurrency_chart import concurrency_text
from fetch_pipeline.report.words import seconds
from fetch_pipeline.store.tables import CONCURRENCY_STUDY
from fetch_pipeline.store.timings import add_studied_run

STUDY: Final = CONCURRENCY_STUDY.name
_STRANGERS_NAMED: Final = 3


class StudyConfig(dg.Config):
    """Which list is studied, and how far."""

    path: str | None = Field(
        default=None,
        description="The list, as for url_list; fetched with the policy of `fetcher`. Empty: the "
        "pages of the demo, with the policy of `demo_fetcher`.",
    )
    column: str | None = Field(
        default=None,
        description="Column with the URLs. Empty: the one named url, or the only one.",
    )
    up_to: int = bounded(
        64,
        "Highest concurrency: 1, 2, 4 and so on, and this.",
        ge=1,
        le=10_000,
    )


def study_definitions() -> dg.Definitions:
    """Make the job `concurrency_study` and the asset it fills; needs the demo's resources, too."""
    table = dg.AssetSpec(
        STUDY,
        group_name=STUDY,
        kinds={"python", "aiohttp"},
        description=__doc__,
        metadata=column_words(CONCURRENCY_STUDY),
    )
    job = only_study.to_job(
        name=STUDY,
        executor_def=dg.in_process_executor,
        description="Fetch a list, by default the demo's, at 1, 2, 4, … at once, and say how "
        "concurrent to be.",
    )
    return dg.Definitions(assets=[table], jobs=[job])


@dg.op(
    out=dg.Out(dg.Nothing),
    required_resource_keys={"fetcher", "demo_fetcher", "warehouse"},
    description="Fetch a list at 1, 2, 4, … at once, and draw wall time against concurrency.",
)
async def study_levels(context: dg.OpExecutionContext, config: StudyConfig) -> None:
    """Fetch, measure and recommend; each fetch is stored as soon as it has ended."""
    source, fetcher = _subject(config, context.resources)
    warehouse = warehouse_of(context.resources, "warehouse")

    def measured(run: FetchRun) -> None:
        add_studied_run(warehouse, run)
        context.log.info(_told(run))

    with study_list(source) as urls:
        _require_urls(urls, source)
        levels = doublings(min(_workers(context, config), urls.pages))
        warning = politeness_warning(urls.strangers, len(levels))
        if warning:
            context.log.warning(warning)
        fetch_id = _fetch_id(context.run_id, fetcher)
        async with interruptible():
            with source.serving(urls.host):
                runs = await study(urls, fetch_id, levels=levels, measured=measured)
    _tell(context, runs, warning)


def _subject(config: StudyConfig, resources: Any) -> tuple[ListSource, Fetcher]:  # noqa: ANN401 - Dagster's
    """Return what is studied, and the policy it is fetched with."""
    if config.path:
        return ListFile(path=config.path, column=config.column), resources.fetcher
    return EmbeddedOrigin(), resources.demo_fetcher


def _told(run: FetchRun) -> str:
    return f"{run.concurrency} at once: {seconds(run.wall_s)}, {run.fetched} of {run.urls} fetched"


def _to_op(config: StudyConfig) -> dict[str, Any]:
    return {study_levels.name: {"config": config.model_dump()}}


@dg.graph(name=STUDY, config=config_mapping(StudyConfig, _to_op))
def concurrency_study_graph() -> Any:  # noqa: ANN401 - at composition time Dagster passes handles
    """Refuse bad config before the run begins, which an op alone could not."""
    return study_levels()


@dg.graph(name=f"{STUDY}_job")  # a graph of a name that no other has, or nothing loads
def only_study() -> None:
    """Run the one graph."""
    concurrency_study_graph()


def politeness_warning(strangers: Sequence[str], times: int) -> str:
    """Say whom the study bothers; nothing where it is only this machine."""
    if not strangers:
        return ""
    named = ", ".join(strangers[:_STRANGERS_NAMED])
    more = len(strangers) - _STRANGERS_NAMED
    others = f" and {more} more" if more > 0 else ""
    return (
        f"every page is asked for {times} times, of hosts that are not this machine: {named}"
        f"{others}. Study a short list, or pages whose owners agree"
    )


def _workers(context: dg.OpExecutionContext, config: StudyConfig) -> int:
    workers = affordable(config.up_to)
    if workers < config.up_to:
        context.log.warning("up to %d: the limit of open files allows no more", workers)
    return workers


def _require_urls(urls: StudyList, source: ListSource) -> None:
    if not urls.host:
        msg = f"{source.about} has no URL that could be fetched"
        raise dg.Failure(msg, allow_retries=False)


def _fetch_id(run_id: str, fetcher: Fetcher) -> FetchId:
    return FetchId(
        asset=STUDY, run_id=run_id, policy=fetcher.policy(), politeness=fetcher.politeness()
    )


def _tell(context: dg.OpExecutionContext, runs: Sequence[FetchRun], warning: str) -> None:
    """Print the chart, and show it on the page of the asset."""
    advice = advise(runs)
    told = concurrency_text(advice) if advice else "  not one page was fetched: nothing to compare"
    sys.stdout.write(f"\n{STUDY}: {runs[0].requested} pages\n{told}\n\n")
    context.log_event(
        dg.AssetMaterialization(
            STUDY,
            metadata={
                **concurrency_metadata(runs),
                **{f"wall_s_at_{run.concurrency}": round(run.wall_s, 3) for run in runs},
                **({} if advice else {"concurrency_advice": told.strip()}),
                **({"politeness_warning": warning} if warning else {}),
            },
        )
    )
