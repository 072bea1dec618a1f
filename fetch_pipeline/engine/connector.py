"""Connections: only to addresses that may be dialled, bounded, never reused with leftovers."""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from ipaddress import ip_network
from time import monotonic
from typing import Any, Final, cast

import aiohttp
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.connector import AddrInfoType, Connection
from aiohttp.tracing import Trace

from fetch_pipeline.core.address import may_dial
from fetch_pipeline.core.policy import FetchPolicy, Network
from fetch_pipeline.engine.handler import ConnectionHandler
from fetch_pipeline.engine.resolver import SystemResolver

_KEEPALIVE_S: Final = 5.0  # idle sockets cost memory (TLS) and file descriptors; nginx keeps 75 s
_DNS_TTL_S: Final = 300
_DNS_ENTRIES: Final = 10_000
NEVER_ROUND_S: Final = 86_400.0
"""aiohttp rounds timeouts longer than this up to whole seconds of the loop."""


# What a server sends behind its answer comes with the next packet. A page that is asked for sooner
# than this would get it: a whole stray response cannot be told from the right one.
_QUIET_S: Final = 0.001

# What may be dialled where only the proxy is: `exchange` refuses the addresses behind it.
_EVERYTHING: Final = (ip_network("0.0.0.0/0"), ip_network("::/0"))

_FRESH: ContextVar[bool] = ContextVar("fresh", default=False)


class RefusedAddressError(OSError):
    """The address that would have been dialled is not public and not allowed.

    One text for all candidates of a host: aiohappyeyeballs then raises this very type.
    """

    def __init__(self) -> None:
        super().__init__("the address is not public and not in allow_addresses")


class NoDescriptorError(OSError):
    """The process or the system has no file descriptor left for another socket."""


@contextmanager
def fresh_connections() -> Iterator[None]:
    """Let requests of this task open connections of their own while the block runs."""
    token = _FRESH.set(True)
    try:
        yield
    finally:
        _FRESH.reset(token)


def open_connector(policy: FetchPolicy, *, max_idle: int) -> CleanConnector:
    """Make the one connector of a fetch. Its limits are off: the crew of workers bounds it.

    Args:
        policy: Which addresses may be dialled.
        max_idle: Connections kept for another page at most, over all hosts.
    """
    return CleanConnector(
        max_idle=max_idle,
        limit=0,
        limit_per_host=0,
        keepalive_timeout=_KEEPALIVE_S,
        ttl_dns_cache=_DNS_TTL_S,
        dns_cache_max_size=_DNS_ENTRIES,
        resolver=SystemResolver(),
        socket_factory=guarded_socket(_EVERYTHING if policy.proxy else policy.allow_addresses),
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
            raise RefusedAddressError
        try:
            return socket.socket(family, kind, protocol)
        except OSError as error:
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                raise NoDescriptorError(error.errno, error.strerror) from error
            raise

    return open_socket


def tls_context(policy: FetchPolicy) -> ssl.SSLContext:
    """Return what checks certificates under `policy`; the first time costs 50 ms."""
    return _tls_context(policy.ca_file, verify=policy.verify_tls)


@cache
def _tls_context(ca_file: str | None, *, verify: bool) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if ca_file:
        context.load_verify_locations(ca_file)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class CleanConnector(aiohttp.TCPConnector):
    """Never sends a request over a connection that is known to hold what nobody asked for.

    RFC 9112 §6.3: extra data must not be processed as a separate response. aiohttp looks when it
    puts a connection back, not when it takes one out (aiohttp#13656), so bytes that arrive in
    between are taken for the next page. A host that was caught is given a new connection for each
    page from then on. `_get`, `_release` and `_factory` are private; a test notices when they
    change.
    """

    def __init__(self, *, max_idle: int, **settings: Any) -> None:  # noqa: ANN401 - aiohttp's own
        super().__init__(**settings)
        self._factory = partial(ConnectionHandler, loop=self._loop)  # type: ignore[assignment]
        self._max_idle = max_idle
        self._caught: set[ConnectionKey] = set()

    def drop_idle(self) -> None:
        """Close every connection that waits for another page."""
        while self._conns:
            self._close_first(next(iter(self._conns)))

    async def _get(self, key: ConnectionKey, traces: list[Trace]) -> Connection | None:
        if _FRESH.get():
            return None
        # Look again after the wait: other workers may wait for the same connection.
        while self._is_just_back(key):  # noqa: ASYNC110 - no event tells that nothing came
            await asyncio.sleep(_QUIET_S)
        self._drop_unusable(key)
        return await super()._get(key, traces)

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        self._note(key, protocol)
        super()._release(key, protocol, should_close=should_close or key in self._caught)
        while sum(map(len, self._conns.values())) > self._max_idle:
            self._close_first(next(iter(self._conns)))  # the host that has had one for longest

    def _is_just_back(self, key: ConnectionKey) -> bool:
        idle = self._conns.get(key)
        return idle is not None and bool(idle) and monotonic() - idle[0][1] < _QUIET_S

    def _drop_unusable(self, key: ConnectionKey) -> None:
        while (idle := self._conns.get(key)) and self._is_unusable(key, *idle[0]):
            self._close_first(key)

    def _close_first(self, key: ConnectionKey) -> None:
        """Close the connection that has waited longest for another page of its host."""
        connection, _ = self._conns[key].popleft()
        self._note(key, connection)
        connection.close()
        if not self._conns[key]:
            del self._conns[key]

    def _note(self, key: ConnectionKey, connection: ResponseHandler) -> None:
        """Remember a host whose connection holds what nobody asked for."""
        if _ours(connection).spoke_unasked:
            self._caught.add(key)

    def _is_unusable(
        self, key: ConnectionKey, connection: ResponseHandler, idle_since: float
    ) -> bool:
        """Tell whether we, or aiohttp, must not take this one: aiohttp looks at the first only."""
        handler = _ours(connection)
        fit = handler.may_be_used_again() and not handler.spoke_unasked
        return not fit or key in self._caught or monotonic() - idle_since > _KEEPALIVE_S


def _ours(connection: ResponseHandler) -> ConnectionHandler:
    """Return what `_factory` made; aiohttp's types do not tell."""
    return cast("ConnectionHandler", connection)
