"""The demo family: the same assets, on pages that this machine serves itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from urllib.parse import urlsplit

import dagster as dg

from fetch_pipeline.core.plan import Entry
from fetch_pipeline.defs.automation import build_compare_job
from fetch_pipeline.defs.family import build_family
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.defs.spec import FamilySpec
from fetch_pipeline.demo.origin import HOST, serving
from fetch_pipeline.demo.pages import demo_urls, free_port


class EmbeddedOrigin:
    """The URLs of the demo origin, which runs only while they are fetched."""

    about = "a small web server that runs on loopback while its pages are fetched"

    def entries(self) -> Iterator[Entry]:
        """Choose a free port and list the pages that will be there."""
        for line, url in enumerate(demo_urls(f"http://{HOST}:{free_port()}"), 1):
            yield Entry(line, url)

    def serving(self, host: str) -> AbstractContextManager[object]:
        """Serve on the port that was listed.

        Raises:
            OSError: Somebody else took the port meanwhile; the next run lists another.
        """
        return serving(urlsplit(host).port or 0)


def demo_fetcher() -> Fetcher:
    """Return the demo's policy: loopback is allowed, and nothing waits long for the silent page."""
    return Fetcher(
        allow_addresses=["127.0.0.0/8"],
        total_timeout_s=0.8,
        max_attempts=1,
        per_host_concurrency=None,  # nobody else is there to be polite to
        per_host_delay_s=0,
        max_host_failures=None,
        obey_robots=False,
    )


def demo_family() -> dg.Definitions:
    """Make the demo family and its one job."""
    spec = FamilySpec(
        source=EmbeddedOrigin(),
        prefix="demo",
        fetcher="demo_fetcher",
        failure_limit=0.25,  # a fifth of its pages is made to fail
    )
    about = "Fetch the pages of a small server on loopback one at a time, then concurrently."
    return dg.Definitions.merge(
        build_family(spec), dg.Definitions(jobs=[build_compare_job(spec, "demo", about)])
    )
