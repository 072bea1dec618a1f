"""One list fetched at one concurrency after the other, on plain values.

Each fetch is the usual one, journal included, in a folder that is thrown away: only what it took
is kept, as soon as it is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias
from urllib.parse import urlsplit

from fetch_pipeline.core.plan import make_plan
from fetch_pipeline.core.progress import Progress
from fetch_pipeline.core.timing import ASYNC, SEQUENTIAL, FetchRun
from fetch_pipeline.defs.fetching import fetch_pending, measure_fetch, plan_fetch
from fetch_pipeline.defs.lists import ListSource
from fetch_pipeline.defs.manifest import FetchId
from fetch_pipeline.store.duckdb import DuckDBWarehouse
from fetch_pipeline.store.tables import URL_LIST
from fetch_pipeline.store.url_rows import store_url_list
from fetch_pipeline.store.warehouse import Place, TableScan

Measured: TypeAlias = Callable[[FetchRun], None]
"""Takes what one fetch took, as soon as it has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyList:
    """A list on its way through a study.

    Attributes:
        rows: Its rows, each time they are wanted.
        folder: Where journals may be.
        pages: Distinct URLs: more workers than that have nothing to do.
        host: Host key of its first URL; empty for none.
        strangers: Host keys of others than this machine, in the order of the list.
    """

    rows: TableScan
    folder: Path
    pages: int
    host: str
    strangers: tuple[str, ...]


@contextmanager
def study_list(source: ListSource) -> Iterator[StudyList]:
    """Read the list once, into a warehouse that is gone after the block."""
    with TemporaryDirectory(prefix="concurrency_study_") as name:
        folder, place = Path(name), Place(schema=None, table=URL_LIST.name)
        warehouse = DuckDBWarehouse(folder / "list.duckdb")
        counts = store_url_list(warehouse, place, make_plan(source.entries()))
        hosts = _hosts(TableScan(warehouse=warehouse, place=place, columns=("host",)))
        yield StudyList(
            rows=TableScan(warehouse=warehouse, place=place),
            folder=folder,
            pages=counts.rows - counts.problems - counts.duplicates,
            host=next(iter(hosts), ""),
            strangers=tuple(host for host in hosts if not is_this_machine(host)),
        )


async def study(
    urls: StudyList, fetch: FetchId, *, levels: list[int], measured: Measured
) -> list[FetchRun]:
    """Fetch the whole list at each of `levels`, one after the other; return what each took."""
    runs = []
    for concurrency in levels:
        manifest = plan_fetch(
            urls.rows, fetch, directory=urls.folder, resume_within_s=0, keep_pages=False
        )
        manifest = await fetch_pending(manifest, fetch, concurrency=concurrency, watch=_ignore)
        strategy = SEQUENTIAL if concurrency == 1 else ASYNC
        runs.append(measure_fetch(manifest, fetch, strategy=strategy))
        measured(runs[-1])
    return runs


def is_this_machine(host: str) -> bool:
    """Tell whether a host key is one of loopback (RFC 1122 §3.2.1.3, RFC 6761 §6.3)."""
    name = urlsplit(host).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def _hosts(rows: TableScan) -> dict[str, None]:
    hosts = (row["host"] for batch in rows for row in batch.to_pylist())
    return dict.fromkeys(host for host in hosts if host)


def _ignore(_: Progress) -> None: ...
