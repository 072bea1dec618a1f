"""The HTTP session of a fetch: aiohttp with every default that loses data or time turned off."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import aiohttp
from aiohttp.connector import Connection

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.engine.coding import ACCEPT_ENCODING
from fetch_pipeline.engine.connector import NEVER_ROUND_S, open_connector, tls_context
from fetch_pipeline.engine.handler import ConnectionHandler
from fetch_pipeline.engine.trace import phase_trace

_ACCEPT: Final = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"

_READ_BYTES: Final = 64 * 1024  # aiohttp buffers twice this per connection; its default is 256 KiB
_HEADER_LINE_BYTES: Final = 64 * 1024  # aiohttp's 8190 fails pages with long cookies or CSPs
_HEADER_LINES: Final = 1000


class PageResponse(aiohttp.ClientResponse):
    """A response that remembers its connection, which a short body frees before we look."""

    remote_ip: str | None = None
    _handler: object = None

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        """Note the connection and its peer, then read the status line and headers."""
        peer = connection.transport.get_extra_info("peername") if connection.transport else None
        self.remote_ip = str(peer[0]) if peer else None
        self._handler = connection.protocol
        return await super().start(connection)

    def header_list(self, name: str) -> str:
        """Return a header that is a list as one, however many lines it came in (RFC 9110 §5.3)."""
        return ", ".join(self.headers.getall(name, ())).lower()

    def was_reset(self) -> bool:
        """Tell, after the body, whether it only ended because the connection broke.

        Without a length the end of the connection is the end of the body (RFC 9112 §6.3, case 8);
        aiohttp takes a reset for such an end.
        """
        transfer = self.header_list("Transfer-Encoding")
        framed = transfer.endswith("chunked") if transfer else "Content-Length" in self.headers
        handler = self._handler
        return not framed and isinstance(handler, ConnectionHandler) and handler.was_reset


@asynccontextmanager
async def open_session(
    policy: FetchPolicy, *, max_idle: int
) -> AsyncIterator[aiohttp.ClientSession]:
    """Open the one session of a fetch; its requests must carry an `Attempt` as trace context.

    At most `max_idle` connections wait for another page, over all hosts.
    """
    tls_context(policy)  # now, not at the first https page: there may be no descriptor to read it
    session = aiohttp.ClientSession(
        connector=open_connector(policy, max_idle=max_idle),
        response_class=PageResponse,
        headers={
            "User-Agent": policy.user_agent,
            "Accept": _ACCEPT,
            "Accept-Encoding": ACCEPT_ENCODING,
        },
        cookie_jar=aiohttp.DummyCookieJar(),  # rows must not depend on the order of fetching
        auto_decompress=False,  # aiohttp takes a cut gzip body for a whole one
        trust_env=False,  # proxies and .netrc of whoever runs this are not the list's business
        timeout=aiohttp.ClientTimeout(
            total=None,  # `page` bounds the attempt; aiohttp would start anew at each hop
            connect=policy.connect_timeout_s,
            sock_read=policy.read_timeout_s,
            ceil_threshold=NEVER_ROUND_S,
        ),
        read_bufsize=_READ_BYTES,
        max_line_size=_HEADER_LINE_BYTES,
        max_field_size=_HEADER_LINE_BYTES,
        max_headers=_HEADER_LINES,
        trace_configs=[phase_trace()],
        raise_for_status=False,
    )
    # aiohttp sends idempotent requests again without telling (aiohttp#10790): attempts are ours to
    # count. A test notices when the private switch goes.
    session._retry_connection = False  # noqa: SLF001
    async with session:
        yield session


def page_response(response: aiohttp.ClientResponse) -> PageResponse:
    """Return what every response of our session is; aiohttp's types do not tell."""
    if not isinstance(response, PageResponse):
        msg = f"{type(response).__name__} is not of a session made here"
        raise TypeError(msg)
    return response
