"""The other door: families for any Dagster project, from `defs.yaml`."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from pathlib import Path
from typing import Annotated, Any, Final, TypeAlias

import dagster as dg
from pydantic import Field

from fetch_pipeline.defs.family import build_list_family
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.lists import ListFile
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.defs.spec import (
    CONCURRENCY,
    EVERY_MORNING,
    FAILURE_LIMIT,
    PREFIX,
    FamilySpec,
)
from fetch_pipeline.store.open_warehouse import DEFAULT_WAREHOUSE, anchored, open_warehouse

_FROM_ENVIRONMENT: Final = {
    "type": "object",
    "properties": {"env": {"type": "string"}},
    "required": ["env"],
    "additionalProperties": False,
}
"""`{env: NAME}`, as in run configs: read when a run begins, and never shown, unlike a template."""


def _fetcher_schema() -> dict[str, Any]:
    """Return what `dg check yaml` and editors hold the attribute `fetcher` against.

    One schema per knob, so that they name the one that is wrong. What is a text where another type
    is wanted may only be a template: its value is not known before the definitions are loaded.
    """
    template = {"type": "string", "pattern": "{{.*}}"}
    knobs = Fetcher.model_json_schema()["properties"]
    knobs["proxy"]["anyOf"].append(_FROM_ENVIRONMENT)
    values = knobs["headers"]["additionalProperties"]
    values["additionalProperties"] = {"anyOf": [{"type": "string"}, _FROM_ENVIRONMENT]}
    return {
        "properties": {
            name: {"if": {"type": "string"}, "then": {"anyOf": [knob, template]}, "else": knob}
            for name, knob in knobs.items()
        },
        "additionalProperties": False,
    }


_Knobs: TypeAlias = Annotated[
    dict[str, Any],
    dg.Resolver.default(
        model_field_type=dict[str, Any],
        description="How pages are fetched: the settings of `resources.fetcher.config`.",
        json_schema_extra=_fetcher_schema(),
    ),
]


class FetchPages(dg.Component, dg.Model, dg.Resolvable):
    """A URL list and its page-lengths table, fetched concurrently and politely every day.

    Makes a family: `url_list`, `page_lengths_sequential`, `page_lengths` and `run_timings` with
    their checks, two jobs, a daily schedule and a sensor on the list file, under a prefix.
    """

    path: str = Field(
        description="The list: a .txt, .csv, .tsv, .jsonl or .parquet file, each also .gz. Beside "
        "this defs.yaml, or absolute, or an fsspec URL."
    )
    column: str | None = Field(
        default=None,
        description="Column with the URLs. Empty: the one named url, or the only one.",
    )
    prefix: str | None = Field(
        default=None,
        pattern=PREFIX,
        description="Of the asset keys, jobs, ops and resources, and the schema of the tables. "
        "Letters, digits and _. Empty for none.",
    )
    concurrency: int = Field(
        default=CONCURRENCY, ge=1, le=10_000, description="Pages in flight at once, at most."
    )
    failure_limit: float = Field(
        default=FAILURE_LIMIT,
        ge=0,
        le=1,
        description="Share of the rows without a page before a check warns, from 0 to 1.",
    )
    cron: str = Field(
        default=EVERY_MORNING,
        description="When the schedule fetches the list, in UTC; it is stopped until you start it.",
    )
    warehouse: str = Field(
        default=DEFAULT_WAREHOUSE,
        description="Where the tables are; a relative path begins at the project's root.",
    )
    journals: str = Field(
        default="data/journals",
        description="Folder of unfinished fetches; a relative path begins at the project's root.",
    )
    fetcher: _Knobs = Field(default={})

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Make the family."""
        path = self.path if "://" in self.path else str(context.path / self.path)
        source = ListFile(path=path, column=self.column)
        named = FamilySpec(source=source, prefix=self.prefix)
        spec = FamilySpec(
            source=source,
            prefix=self.prefix,
            fetcher=named.name("fetcher"),
            warehouse=named.name("warehouse"),
            journals=named.name("journals"),
            concurrency=self.concurrency,
            failure_limit=self.failure_limit,
            cron=self.cron,
        )
        return dg.Definitions.merge(
            build_list_family(source, spec),
            dg.Definitions(resources=self._resources(spec, context.project_root)),
        )

    def _resources(self, spec: FamilySpec, root: Path) -> dict[str, Any]:
        url = anchored(self.warehouse, root)
        open_warehouse(url)  # whether there can be one; nothing is connected to
        return {
            spec.fetcher: Fetcher(**_from_environment(self.fetcher)),
            spec.warehouse: WarehouseResource(url=url),
            spec.journals: Journals(directory=str(root / self.journals)),
        }


def _from_environment(value: Any) -> Any:  # noqa: ANN401 - whatever YAML can hold
    """Put Dagster's variable in the place of each `{env: NAME}`."""
    if not isinstance(value, dict):
        return value
    if value.keys() == {"env"}:
        return dg.EnvVar(value["env"])
    return {name: _from_environment(inner) for name, inner in value.items()}
