"""What became of one URL: exactly one `Outcome` each, never an exception.

Outcome
├── Fetched       a whole page
├── NotModified   the page that is stored is still the page
└── Failed        anything else; `kind` says where it stopped
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

FETCHED: Final = "fetched"
"""The `outcome` word of a whole response with status 2xx."""

NOT_MODIFIED: Final = "not_modified"
"""The `outcome` word of a 304 to our own validator. The others are `FailureKind`s."""

WITH_PAGE: Final = (FETCHED, NOT_MODIFIED)
"""The words of rows that have a page."""


class FailureKind(StrEnum):
    """Why a URL has no page, named after the stage where the last attempt stopped."""

    HTTP_ERROR = "http_error"  # a whole response, any final status but 2xx
    INVALID_URL = "invalid_url"  # nothing to send
    REFUSED_ADDRESS = "refused_address"  # the address dialled is not public and not allowed
    REFUSED_ROBOTS = "refused_robots"  # robots.txt disallows it, or is unreachable (RFC 9309)
    DNS_ERROR = "dns_error"  # the name did not resolve
    CONNECT_ERROR = "connect_error"  # refused, reset or unreachable
    TLS_ERROR = "tls_error"  # handshake or certificate
    TIMEOUT = "timeout"  # too slow, at whichever stage: `detail` tells
    PROTOCOL_ERROR = "protocol_error"  # the peer broke HTTP
    INCOMPLETE_BODY = "incomplete_body"  # fewer bytes than promised, or a cut compressed body
    TOO_LARGE = "too_large"  # passed a byte cap
    REDIRECT_ERROR = "redirect_error"  # a loop, too many hops, or a target that is no URL
    HOST_DOWN = "host_down"  # not tried (again): the host failed too often in this run
    NOT_REACHED = "not_reached"  # the run's deadline came first


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long one URL took, in seconds; phases are summed over the hops of a redirect chain.

    A phase is null when the attempt did not get there.

    Attributes:
        attempts: Requests sent, redirect hops not counted; 0 when none was.
        started_at: Start of the first attempt, UTC.
        elapsed_s: From the start of the first attempt to the end of the last, waiting included.
        busy_s: Seconds a worker was busy with it, over all attempts: `elapsed_s` without waiting.
        queue_s: Last attempt, waiting for a turn at its hosts or for a connection.
        dns_s: Last attempt, resolving names.
        connect_s: Last attempt, TCP and TLS handshakes.
        first_byte_s: Last attempt, from a request sent until its status line and headers.
        download_s: Last attempt, reading and decoding the body.
    """

    attempts: int = 0
    started_at: datetime | None = None
    elapsed_s: float | None = None
    busy_s: float = 0.0
    queue_s: float | None = None
    dns_s: float | None = None
    connect_s: float | None = None
    first_byte_s: float | None = None
    download_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What the status line and the headers of the last response told."""

    status: int
    final_url: str
    redirects: int = 0
    content_type: str | None = None
    content_encoding: str | None = None
    etag: str | None = None
    last_modified: str | None = None
    retry_after_s: float | None = None
    remote_ip: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What was read of the body. `length` and `sha256` are null unless the body is whole.

    Attributes:
        wire_bytes: As transferred, without the framing of chunks.
        body_bytes: After content decoding (RFC 9110 §8.4).
        length: Characters of the decoded text; null for bodies that are not text.
        charset: WHATWG name of the encoding that was used.
        charset_source: bom, header, meta, xml, utf-8 or fallback.
        sha256: Of the body after content decoding, in hex.
        remark: What is odd about a whole body, for people.
    """

    wire_bytes: int
    body_bytes: int
    length: int | None = None
    charset: str | None = None
    charset_source: str | None = None
    sha256: str | None = None
    remark: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A whole response with status 2xx."""

    head: Head
    body: Body
    timing: Timing


@dataclass(frozen=True, slots=True, kw_only=True)
class NotModified:
    """A 304 to our own validator: the body is the one that is stored (RFC 9110 §15.4.5)."""

    head: Head
    timing: Timing
    body: Body = Body(wire_bytes=0, body_bytes=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A URL without a page. Branch on `kind`; `detail` is for people, never parse it.

    Attributes:
        head: Null unless a status line was parsed: no status is ever invented.
        body: What arrived before the failure; null when no byte of a body was asked for.
        transient: Whether the same request may end differently a moment later.
    """

    kind: FailureKind
    detail: str
    timing: Timing
    head: Head | None = None
    body: Body | None = None
    transient: bool = False


Outcome: TypeAlias = Fetched | NotModified | Failed
