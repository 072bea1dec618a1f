"""What is asked for and what is accepted, as plain values."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, fields
from ipaddress import IPv4Network, IPv6Network
from typing import TypeAlias

from fetch_pipeline.core.host_headers import HostHeader

Network: TypeAlias = IPv4Network | IPv6Network


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchPolicy:
    """How one URL is fetched. Concurrency and politeness are no part of it: they change only when.

    Attributes:
        allow_addresses: Non-public networks that may be connected to all the same.
        total_timeout_s: Longest attempt, from DNS to the last byte, redirects included.
        connect_timeout_s: Longest DNS, TCP and TLS together, over all addresses of a host.
        read_timeout_s: Longest silence between two reads, and longest time for all headers.
        min_bytes_per_s: Slowest body, on average over `read_timeout_s`; 0 for any.
        max_attempts: Requests per URL at most, redirect hops not counted.
        max_redirects: Hops followed at most; aiohttp allows 10, browsers 20.
        max_wire_bytes: Longest body as transferred.
        max_body_bytes: Longest body after content decoding: what stops a decompression bomb.
        user_agent: Sent as is; names us and where to complain (RFC 9110 §10.1.5).
        headers: What one host gets besides, and no other; kept sorted. `repr` leaves them out:
            their values are credentials.
        verify_tls: Whether certificates are checked (RFC 9525).
        ca_file: PEM file of further certificate authorities.
        proxy: HTTP proxy that everything is asked through. It resolves the names, so only addresses
            that are written in URLs can be refused here.
        unguarded_proxy: That somebody knows this and wants the proxy all the same.
        obey_robots: Whether robots.txt is asked for, and obeyed (RFC 9309).
        revalidate: Whether a stored page is fetched only if it changed (RFC 9110 §13).
    """

    allow_addresses: tuple[Network, ...] = ()
    total_timeout_s: float = 60.0
    connect_timeout_s: float = 10.0
    read_timeout_s: float = 15.0
    min_bytes_per_s: int = 100
    max_attempts: int = 3
    max_redirects: int = 10
    max_wire_bytes: int = 10 * 2**20
    max_body_bytes: int = 32 * 2**20
    user_agent: str = "fetch_pipeline/0.1"
    headers: tuple[HostHeader, ...] = field(default=(), repr=False)
    verify_tls: bool = True
    ca_file: str | None = None
    proxy: str | None = None
    unguarded_proxy: bool = False
    obey_robots: bool = True
    revalidate: bool = False

    def __post_init__(self) -> None:
        """Sort the headers, which are found by bisection."""
        object.__setattr__(self, "headers", tuple(sorted(self.headers)))

    def fingerprint(self) -> str:
        """Return a hash that differs whenever a knob does: answers under two policies never mix."""
        knobs = "\n".join(f"{knob.name}={getattr(self, knob.name)!r}" for knob in fields(self))
        return hashlib.sha256(knobs.encode()).hexdigest()
