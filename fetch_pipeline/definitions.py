"""The door: everything Dagster finds here."""

import dagster as dg

from fetch_pipeline.defs.demo import demo_family, demo_fetcher
from fetch_pipeline.defs.family import list_family
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.resized_pages import few_pages_resized, resized_pages
from fetch_pipeline.defs.resources import Journals, WarehouseResource
from fetch_pipeline.defs.study import study_definitions

defs = dg.Definitions.merge(
    list_family("data/urls.txt"),
    # Another list is another line:
    # list_family("lists/blog.csv", column="link", prefix="blog"),  # noqa: ERA001 - an example
    demo_family(),
    study_definitions(),
    dg.Definitions(
        assets=[resized_pages],
        asset_checks=[few_pages_resized],
        resources={
            "fetcher": Fetcher(),
            "demo_fetcher": demo_fetcher(),
            "journals": Journals(),
            "warehouse": WarehouseResource(),
        },
        executor=dg.in_process_executor,  # *Materialize all* compares, so one step at a time
    ),
)
