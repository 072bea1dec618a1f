"""The tables of a family: every column once, with its type and what it means."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

import pyarrow as pa


class ColumnType(Enum):
    """What a column holds, and how Arrow says it."""

    INT = pa.int64()
    FLOAT = pa.float64()
    BOOL = pa.bool_()
    TEXT = pa.string()
    TIMESTAMP = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column; every column may be null unless `about` says otherwise."""

    name: str
    type: ColumnType
    about: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One kind of table: its columns in order, and the columns that make a row unique."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    @property
    def arrow_schema(self) -> pa.Schema:
        """The columns as Arrow types, all nullable."""
        return pa.schema([(column.name, column.type.value) for column in self.columns])


def _columns(kind: ColumnType, **about: str) -> tuple[Column, ...]:
    return tuple(Column(name=name, type=kind, about=text) for name, text in about.items())


_INT, _FLOAT, _TEXT, _TIME = (
    ColumnType.INT,
    ColumnType.FLOAT,
    ColumnType.TEXT,
    ColumnType.TIMESTAMP,
)

URL_LIST: Final = Table(
    name="url_list",
    key=("line",),
    columns=(
        *_columns(_INT, line="Line (or row) of the list file, from 1; never null"),
        *_columns(
            _TEXT,
            url="As listed, without user:password; never null",
            href="What is sent: WHATWG form without fragment",
            host="Host key: scheme, host and port",
            problem="Why it is no URL; null exactly where href is not",
        ),
        *_columns(_INT, duplicate_of="Line of the first row with the same href"),
    ),
)

PAGE_LENGTHS: Final = Table(
    name="page_lengths",
    key=("line",),
    columns=(
        *_columns(_INT, line="Line of the list file; never null"),
        *_columns(
            _TEXT,
            url="As listed, without user:password; never null",
            outcome="What became of it, from the closed list; never null",
            detail="Why, or what is odd about a fetched page; for people, null if nothing is",
        ),
        *_columns(_INT, status="HTTP status; null unless a status line was parsed"),
        *_columns(_TEXT, final_url="URL that answered, after redirects"),
        *_columns(
            _INT,
            redirects="Redirects followed",
            length="Characters of the decoded text; null unless the body is whole and text",
            body_bytes="Bytes of the body after content decoding",
            wire_bytes="Bytes of the body as transferred",
        ),
        *_columns(
            _TEXT,
            content_type="Content-Type header",
            content_encoding="Content-Encoding header",
            charset="WHATWG name of the encoding the length was counted in",
            charset_source="Who named it: bom, header, meta, xml, utf-8 or fallback",
            sha256="SHA-256 of the body after content decoding, in hex; null unless whole",
            remote_ip="Address that answered",
        ),
        *_columns(_INT, attempts="Requests sent, redirects not counted"),
        *_columns(
            _FLOAT,
            queue_s="Seconds waiting for a turn or a connection (last attempt)",
            dns_s="Seconds resolving names (last attempt)",
            connect_s="Seconds in TCP and TLS handshakes (last attempt)",
            first_byte_s="Seconds from request to response headers (last attempt)",
            download_s="Seconds reading and decoding the body (last attempt)",
            elapsed_s="Seconds from the first attempt's start to the end",
        ),
        *_columns(_TIME, started_at="Start of the first attempt, UTC"),
        *_columns(_TEXT, etag="ETag header", last_modified="Last-Modified header"),
        *_columns(_FLOAT, retry_after_s="Seconds the server asked to stay away"),
        *_columns(_INT, duplicate_of="Line of the first row with the same URL"),
        *_columns(
            _TEXT,
            href="What the URL asks for, as in url_list: by it a row is known on another day",
            changed="Against the row stored before: new, same, changed or gone (404, 410); null "
            "where there is nothing to compare. A row that is kept keeps its word",
        ),
        *_columns(
            _INT,
            length_before="Characters of the page as it was stored before; null where none was, "
            "where it had no length, and on rows without a page. A row that is kept keeps it",
        ),
        *_columns(_TEXT, run_id="Dagster run that fetched the row"),
    ),
)

OF_BODY: Final = frozenset(
    {
        "detail",  # on a page, what is odd about its body
        "length",
        "body_bytes",
        "content_type",
        "content_encoding",
        "charset",
        "charset_source",
        "sha256",
    }
)
"""The columns that a 304 leaves as they were stored."""

VALIDATORS: Final = frozenset({"etag", "last_modified"})
"""The columns that a 304 may tell anew (RFC 9111 §3.2)."""

_LENT: Final = frozenset({"url", "href", "outcome", "final_url", "run_id", *OF_BODY, *VALIDATORS})

LAST_PAGES: Final = Table(
    name="last_pages",
    key=("href",),
    columns=tuple(column for column in PAGE_LENGTHS.columns if column.name in _LENT),
)
"""What was last known of the pages of URLs that have none in the page-lengths table beside it: one
bad day is no reason to forget a page. There is one such table per fetch asset."""

_FETCH_COLUMNS: Final = (
    *_columns(
        _TEXT,
        run_id="Dagster run that stored the pages; never null",
        asset="Asset key of the fetch; never null",
        strategy="sequential or async",
    ),
    *_columns(_TIME, started_at="Start of the fetch, UTC"),
    *_columns(
        _INT,
        concurrency="Workers",
        urls="Rows of the list",
        fetched="Rows with a whole page, not_modified ones included",
        failed="Rows without",
        requested="Distinct URLs that were asked for",
        not_modified="Distinct URLs whose stored page still is the page",
    ),
    *_columns(
        _FLOAT,
        wall_s="Seconds the fetch ran; of all parts when it was continued",
        busy_s="Sum of the pages' own seconds, without waiting: one at a time needs no less",
        courtesy_s="Least seconds that one host could take within its limits: gaps, number at once",
        slowest_s="Seconds of the slowest page",
        ideal_s="Least wall seconds possible for these pages, concurrency and politeness",
        p50_s="Seconds: half of the pages took at most this",
        p95_s="Seconds: 95 % of the pages took at most this",
        p99_s="Seconds: 99 % of the pages took at most this",
        pages_per_s="Requested pages per second of wall time",
    ),
    *_columns(_INT, body_bytes="Bytes of all bodies after content decoding"),
    *_columns(_FLOAT, cpu_s="Processor seconds of the process while fetching"),
    *_columns(_INT, peak_rss_bytes="Most memory the process held until the end of the fetch"),
)

_WHICH: Final = _columns(
    _TEXT,
    list_sha256="Which list: runs of the same one are compared",
    pace_sha256="Which policy and politeness, but for who asks: runs of the same ones are compared",
)

FETCH_RUNS: Final = Table(
    name="fetch_runs",
    key=("run_id", "asset"),
    columns=(*_FETCH_COLUMNS, *_WHICH),
)
"""What each stored fetch took, written in one transaction with its pages: no timing without a
table, no table without its timing."""

CONCURRENCY_STUDY: Final = Table(
    name="concurrency_study",
    key=("run_id", "started_at"),
    columns=FETCH_RUNS.columns,
)
"""What each fetch of a study took: of one list, at many concurrencies, in one Dagster run."""

RUN_TIMINGS: Final = Table(
    name="run_timings",
    key=("run_id", "asset"),
    columns=(
        *_FETCH_COLUMNS,
        *_columns(_FLOAT, speedup="How many times faster than one page at a time"),
        *_columns(
            _TEXT,
            speedup_source="measured: against the latest sequential run of the same list and "
            "policy; estimated: against busy_s, or courtesy_s where that is more",
        ),
        *_WHICH,
    ),
)
