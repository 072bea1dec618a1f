"""The other door: families for any Dagster project, from `defs.yaml`."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from pathlib import Path
from typing import Annotated, Any, TypeAlias

import dagster as dg
from pydantic import Field

from fetch_pipeline.defs.attributes import checked, fetcher_schema, from_environment
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

_Knobs: TypeAlias = Annotated[
    dict[str, Any],
    dg.Resolver.default(
        model_field_type=dict[str, Any],
        description="How pages are fetched: the settings of `resources.fetcher.config`.",
        json_schema_extra=fetcher_schema(),
    ),
]


class _WithList(dg.Scaffolder):
    """Writes a component that loads, with an empty list beside it."""

    def scaffold(self, request: dg.ScaffoldRequest) -> None:
        dg.scaffold_component(request, {"path": "urls.txt"})
        (request.target_path / "urls.txt").write_text("# One URL per line\n", encoding="utf-8")


@dg.scaffold_with(_WithList)
class FetchPages(dg.Component, dg.Model, dg.Resolvable):
    """A URL list and its page-lengths table, fetched concurrently and politely every day.

    Makes a family: `url_list`, `page_lengths_sequential`, `page_lengths` and `run_timings` with
    their checks, two jobs, a daily schedule and a sensor on the list file, under a prefix.
    """

    path: Annotated[
        str,
        checked(
            "The list: a .txt, .csv, .tsv, .jsonl or .parquet file, each also .gz. Beside this "
            "file, or absolute, or an fsspec URL.",
            type="string",
            minLength=1,
        ),
    ] = Field(min_length=1)
    column: Annotated[
        str | None,
        checked(
            "Column with the URLs. Empty: the one named url, or the only one.",
            type=["string", "null"],
        ),
    ] = None
    prefix: Annotated[
        str | None,
        checked(
            "Of the asset keys, jobs, ops and resources, and the schema of the tables. Only a to "
            "z, digits and _. Empty for none.",
            type=["string", "null"],
            pattern=PREFIX,
        ),
    ] = Field(default=None, pattern=PREFIX)
    concurrency: Annotated[
        int,
        checked(
            "Pages in flight at once, at most. From 1 to 10000.",
            type="integer",
            minimum=1,
            maximum=10_000,
        ),
    ] = Field(default=CONCURRENCY, ge=1, le=10_000)
    failure_limit: Annotated[
        float,
        checked(
            "Share of the rows without a page before a check warns. From 0 to 1.",
            type="number",
            minimum=0,
            maximum=1,
        ),
    ] = Field(default=FAILURE_LIMIT, ge=0, le=1)
    cron: Annotated[
        str,
        checked(
            "When the schedule fetches the list, in UTC; it is stopped until you start it.",
            type="string",
            pattern=r"^(@\w+|\S+( \S+){4})$",
        ),
    ] = EVERY_MORNING
    warehouse: Annotated[
        str,
        checked(
            "Where the tables are, duckdb:///…; a relative path begins at the project's root.",
            type="string",
            pattern="^duckdb:///.",
        ),
    ] = DEFAULT_WAREHOUSE
    journals: Annotated[
        str,
        checked(
            "Folder of unfinished fetches; a relative path begins at the project's root.",
            type="string",
        ),
    ] = "data/journals"
    fetcher: _Knobs = Field(default={})

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """Make the family."""
        source = ListFile(path=_beside(context.path, self.path), column=self.column)
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
        open_warehouse(self.warehouse)  # whether there can be one; nothing is connected to
        knobs = from_environment(self.fetcher)
        if isinstance(knobs.get("ca_file"), str):
            knobs["ca_file"] = str(root / knobs["ca_file"])
        return {
            spec.fetcher: Fetcher(**knobs),
            spec.warehouse: WarehouseResource(url=anchored(self.warehouse, root)),
            spec.journals: Journals(directory=str(root / self.journals)),
        }


def _beside(component: Path, path: str) -> str:
    """Return where a list is that is named beside a `defs.yaml`, or beside a `.py` file."""
    if "://" in path:
        return path
    folder = component if component.is_dir() else component.parent
    if (folder / path).is_dir():
        msg = f"path {path!r} is a folder: name the list in it"
        raise ValueError(msg)
    return str(folder / path)
