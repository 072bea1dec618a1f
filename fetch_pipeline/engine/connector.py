"""Connections: only to addresses that may be dialled, never reused with leftovers in them."""

from __future__ import annotations

import socket
import ssl
import sys
from collections.abc import Callable
from functools import cache, partial
from time import monotonic
from typing import Any, Final

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace

from fetch_pipeline.core.address import may_dial
from fetch_pipeline.core.policy import FetchPolicy, Network
from fetch_pipeline.engine.resolver import SystemResolver

_KEEPALIVE_S: Final = 5.0  # idle sockets cost memory (TLS) and file descriptors; nginx keeps 75 s
_DNS_TTL_S: Final = 300
_DNS_ENTRIES: Final = 10_000
NEVER_ROUND_S: Final = 86_400.0
"""aiohttp rounds timeouts longer than this up to whole seconds of the loop."""


class RefusedAddressError(OSError):
    """The address that would have been dialled is not public and not allowed."""


def open_connector(policy: FetchPolicy) -> aiohttp.TCPConnector:
    """Make the one connector of a fetch. Its limits are off: the crew of workers bounds it."""
    return _CleanConnector(
        limit=0,
        limit_per_host=0,
        keepalive_timeout=_KEEPALIVE_S,
        ttl_dns_cache=_DNS_TTL_S,
        dns_cache_max_size=_DNS_ENTRIES,
        resolver=SystemResolver(),
        socket_factory=guarded_socket(policy.allow_addresses),
        timeout_ceil_threshold=NEVER_ROUND_S,
        # Before 3.12.8, TLS servers that never finish closing leak their transports (python/
        # cpython#118960); on later versions aiohttp ignores the switch, with a warning.
        enable_cleanup_closed=sys.version_info < (3, 12, 8),
    )


def guarded_socket(allowed: tuple[Network, ...]) -> Callable[[AddrInfoType], socket.socket]:
    """Return the one place every dialled address passes: literal, resolved or redirected to.

    Checking names or URLs instead would miss rebinding: the answer may differ the next time.
    """

    def open_socket(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not may_dial(str(address[0]), allowed):
            # One text for all candidates of a host: aiohappyeyeballs then raises this very type.
            msg = "the address is not public and not in allow_addresses"
            raise RefusedAddressError(msg)
        return socket.socket(family, kind, protocol)

    return open_socket


@cache
def tls_context(policy: FetchPolicy) -> ssl.SSLContext:
    """Return what checks certificates under `policy`; the first time costs 50 ms."""
    context = ssl.create_default_context()
    if policy.ca_file:
        context.load_verify_locations(policy.ca_file)
    if not policy.verify_tls:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class ConnectionHandler(ResponseHandler):
    """aiohttp's end of a connection, which also remembers how it was lost."""

    was_reset = False

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note whether the peer closed (no error) or the connection broke."""
        self.was_reset = exc is not None
        super().connection_lost(exc)


class _CleanConnector(aiohttp.TCPConnector):
    """Never sends a request over a connection that received bytes nobody asked for.

    RFC 9112 §6.3: extra data must not be processed as a separate response. aiohttp looks when it
    puts a connection back, not when it takes one out (aiohttp#13656), so bytes that arrive in
    between are taken for the next page. `_get` and `_factory` are private; a test notices when
    they change.
    """

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(**settings)
        self._factory = partial(ConnectionHandler, loop=self._loop)  # type: ignore[assignment]

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        idle = self._conns.get(key)
        while idle and self._unusable(*idle[0]):
            idle.popleft()[0].close()
        if idle is not None and not idle:
            del self._conns[key]
        return await super()._get(key, traces)

    def _unusable(self, connection: ResponseHandler, idle_since: float) -> bool:
        """Tell whether aiohttp must not, or would not, take this one: it looks at the first."""
        expired = monotonic() - idle_since > _KEEPALIVE_S
        return connection.should_close or not connection.is_connected() or expired
