"""Which addresses are public: the question behind every server-side request forgery.

The registries are IANA's special-purpose ones (RFC 6890). `ipaddress` knows most of them, but its
answer changed between Python releases and ignores what an IPv6 address carries inside.
"""

from __future__ import annotations

from collections.abc import Iterable
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final, TypeAlias

from fetch_pipeline.core.policy import Network

Address: TypeAlias = IPv4Address | IPv6Address

_NAT64: Final = ip_network(
    "64:ff9b::/96"
)  # RFC 6052: the last 32 bits are the IPv4 address dialled

# Not public, whatever `is_global` of this or that Python release says.
_SPECIAL: Final = tuple(
    ip_network(network)
    for network in (
        "192.0.0.0/24",  # IETF protocol assignments, RFC 6890
        "192.88.99.0/24",  # 6to4 relay anycast, RFC 7526
        "::/96",  # IPv4-compatible, RFC 4291 §2.5.5.1
        "64:ff9b:1::/48",  # local NAT64, RFC 8215
        "100::/64",  # discard-only, RFC 6666
        "2001::/23",  # IETF protocol assignments with Teredo, RFC 4380
        "2002::/16",  # 6to4, RFC 3056: carries any IPv4 address
        "3fff::/20",  # documentation, RFC 9637
        "5f00::/16",  # segment routing, RFC 9602
        "fec0::/10",  # site-local, RFC 3879
    )
)


def may_dial(address: str, allowed: Iterable[Network]) -> bool:
    """Tell whether a connection to `address` is public or allowed by name.

    Args:
        address: Numeric, as `getaddrinfo` gives it; a zone (`%eth0`) is ignored.
        allowed: Networks that are dialled although they are not public. An IPv4 network also
            covers the IPv6 forms that lead to its addresses.
    """
    given = ip_address(address.partition("%")[0])
    dialled = _unwrap(given)
    return is_public(dialled) or any(given in network or dialled in network for network in allowed)


def is_address(host: str) -> bool:
    """Tell whether `host`, without brackets, is an address and no name."""
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: Address) -> bool:
    """Tell whether `address` is a unicast address of the public Internet."""
    address = _unwrap(address)
    if any(address in network for network in _SPECIAL):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _unwrap(address: Address) -> Address:
    """Return the IPv4 address that a mapped or NAT64 one leads to."""
    if isinstance(address, IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    return IPv4Address(int(address) & 0xFFFFFFFF) if address in _NAT64 else address
