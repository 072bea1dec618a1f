"""One row per listed URL, in the order of the list; blank lines and comments are left out.

Read anew each time it is materialized; another list can be configured: a `.txt`, `.csv`, `.tsv`,
`.jsonl` or `.parquet` file, each also `.gz`, from a local path or any fsspec URL. URLs are parsed
as browsers do (WHATWG). A line that is no URL stays in the table with its `problem`, a repeated one
with `duplicate_of`.
"""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

import dagster as dg
from pydantic import Field

from fetch_pipeline.core.plan import make_plan
from fetch_pipeline.defs.columns import column_schema
from fetch_pipeline.defs.lists import ListFile
from fetch_pipeline.defs.resources import place_of, warehouse_of
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.store.tables import URL_LIST
from fetch_pipeline.store.url_rows import store_url_list


class UrlListConfig(dg.Config):
    """Which list to read instead of the family's own."""

    path: str | None = Field(
        default=None,
        description="Local path or fsspec URL of a .txt, .csv, .tsv, .jsonl or .parquet file, "
        "each also .gz. Empty: the family's own list.",
    )
    column: str | None = Field(
        default=None,
        description="Column with the URLs. Empty: the one named url, or the only one.",
    )


def build_url_list(spec: FamilySpec) -> dg.AssetsDefinition:
    """Make the family's `url_list`."""

    @dg.asset(
        key=spec.key("url_list"),
        group_name=spec.group,
        kinds={"python"},
        description=f"The list: {spec.source.about}.\n\n{__doc__}",
        io_manager_key=spec.warehouse,
        required_resource_keys={spec.warehouse},
        metadata=column_schema(URL_LIST),
    )
    def url_list(
        context: dg.AssetExecutionContext, config: UrlListConfig
    ) -> dg.MaterializeResult[None]:
        warehouse = warehouse_of(context.resources, spec.warehouse)
        source = ListFile(path=config.path, column=config.column) if config.path else spec.source
        place = place_of(spec.key("url_list"))
        counts = store_url_list(warehouse, place, make_plan(source.entries()))
        return dg.MaterializeResult(
            metadata={
                "dagster/row_count": counts.rows,
                "problems": counts.problems,
                "duplicates": counts.duplicates,
                "source": source.about,
            }
        )

    return url_list
