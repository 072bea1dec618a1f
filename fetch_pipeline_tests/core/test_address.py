"""Which addresses are public."""

from ipaddress import ip_address, ip_network

import pytest

from fetch_pipeline.core.address import is_public, may_dial

SPECIAL = """
127.0.0.1 0.0.0.0 10.0.0.1 100.64.0.1 169.254.169.254 172.16.0.1 192.0.0.1 192.0.0.9 192.0.2.1
192.88.99.1 192.168.1.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1 239.255.255.250 240.0.0.1
255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::7f00:1 64:ff9b::7f00:1 64:ff9b::a00:1
64:ff9b:1::1 100::1 2001::1 2001:db8::1 2001:20::1 2002:7f00:1:: 3fff::1 5f00::1 fc00::1
fd00:ec2::254 fe80::1 fec0::1 ff02::1 ff0e::1
""".split()

PUBLIC = """
8.8.8.8 1.1.1.1 ::ffff:8.8.8.8 64:ff9b::808:808 2606:4700::1111 2a00:1450::1 100.63.255.255
172.32.0.1 11.0.0.1 223.255.255.255
""".split()


@pytest.mark.parametrize("address", SPECIAL)
def test_special_purpose_addresses_are_not_public(address: str) -> None:
    """RFC 6890 and its successors, however the address is wrapped."""
    assert not is_public(ip_address(address))
    assert not may_dial(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_are_public(address: str) -> None:
    """Neighbours of special ranges, and wrappings of public addresses."""
    assert is_public(ip_address(address))
    assert may_dial(address, ())


def test_a_zone_does_not_hide_an_address() -> None:
    """`getaddrinfo` appends the interface to link-local addresses."""
    assert not may_dial("fe80::1%eth0", ())


def test_an_allowed_network_may_be_dialled() -> None:
    """Only that one, and also in its IPv6 clothes."""
    allowed = (ip_network("10.1.0.0/16"),)

    assert may_dial("10.1.2.3", allowed)
    assert may_dial("::ffff:10.1.2.3", allowed)
    assert not may_dial("10.2.0.1", allowed)
    assert not may_dial("::ffff:10.2.0.1", allowed)
