"""What a fetch asset can be told for one run, and what its ops are told of it."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from enum import StrEnum

import dagster as dg
from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from fetch_pipeline.defs.config import bounded
from fetch_pipeline.defs.spec import CONCURRENCY

_RESUME = bounded(
    3600.0,
    "An unfinished fetch of the same list and policy is continued when it was last "
    "active within so many seconds; 0 always begins anew.",
    ge=0,
)


class Refetch(StrEnum):
    """Which URLs are fetched."""

    all = "all"
    failed = "failed"


class SequentialConfig(dg.Config):
    """How the baseline is fetched."""

    resume_within_s: float = _RESUME


class AsyncConfig(dg.Config):
    """How all pages are fetched concurrently."""

    concurrency: int = bounded(
        CONCURRENCY,
        "Pages in flight at once, at most.",
        ge=1,
        le=10_000,
    )
    refetch: Refetch = Field(
        default=Refetch.all,
        description="all, or failed: keep the stored rows that have a page, and fetch the others.",
    )
    resume_within_s: float = _RESUME


def async_config(concurrency: int) -> type[AsyncConfig]:
    """Return the config of a family that fetches so many pages at once, unless told otherwise."""
    field = AsyncConfig.model_fields["concurrency"]
    return create_model(
        "AsyncConfig",
        __base__=AsyncConfig,
        concurrency=(int, FieldInfo.merge_field_infos(field, default=concurrency)),
    )


class PlanConfig(dg.Config):
    """What the first op of a fetch is told by the asset's config."""

    resume_within_s: float
    keep_pages: bool


class FetchConfig(dg.Config):
    """What the second op of a fetch is told by the asset's config."""

    concurrency: int
