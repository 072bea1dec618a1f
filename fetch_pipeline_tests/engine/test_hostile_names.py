"""Names and addresses that lead where nobody should go, or nowhere."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from ipaddress import ip_network

import pytest

from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row
from fetch_pipeline_tests.hostile_cases import redirect
from fetch_pipeline_tests.hostile_origin import hostile
from fetch_pipeline_tests.names import Names

GUARDED = replace(IMPATIENT, allow_addresses=(), max_attempts=2)
PRIVATE = """
    127.0.0.1 127.1 2130706433 0177.0.0.1 0x7f000001 0x7f.1 127.0.0.1. ①②⑦.0.0.1 127。0。0。1
    0.0.0.0 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 192.0.2.1 198.51.100.1
    203.0.113.1 198.18.0.1 224.0.0.1 240.0.0.1 255.255.255.255 192.0.0.8 192.88.99.1
    [::] [::1] [::ffff:127.0.0.1] [::ffff:a9fe:a9fe] [::7f00:1] [64:ff9b::7f00:1]
    [64:ff9b:1::1] [2002:7f00:1::] [2001::1] [fe80::1] [fec0::1] [fc00::1] [ff02::1] [2001:db8::1]
    [100::1] [3fff::1] [5f00::1]
""".split()


@pytest.mark.parametrize("host", PRIVATE)
def test_an_address_is_refused_however_it_is_written(host: str) -> None:
    """Nothing is sent, and nothing is tried again."""
    row = fetch_row(f"http://{host}:9/", GUARDED)

    assert (row["outcome"], row["attempts"], row["remote_ip"]) == ("refused_address", 1, None)


@pytest.mark.parametrize("host", PRIVATE)
def test_a_redirect_leads_there_no_more_than_a_list(host: str) -> None:
    """Every hop passes the same guard."""
    only_us = replace(IMPATIENT, allow_addresses=(ip_network("127.9.9.9/32"),))
    target = redirect(f"http://{host}:9/".encode())

    with hostile({"start": [target]}, host="127.9.9.9") as origin:
        row = fetch_row(f"{origin.url}/start", only_us)

    assert (row["outcome"], row["status"]) == ("refused_address", None)
    assert len(origin.heads["start"]) == 1


@pytest.mark.parametrize("address", ["10.0.0.1", "::ffff:169.254.169.254", "fd00::1"])
def test_a_name_that_leads_to_one_is_refused(names: Names, address: str) -> None:
    """It is the address dialled that counts; DNS says what its owner likes."""
    names.answer("public.example", address)

    row = fetch_row("http://public.example/", GUARDED)

    assert row["outcome"] == "refused_address"


def test_a_name_with_a_good_and_a_bad_address_uses_the_good_one(
    names: Names, origin: Origin
) -> None:
    """One of them is dialled, the other never."""
    names.answer("mixed.example", "10.0.0.1", "127.0.0.1", "::1")
    port = origin.url.rpartition(":")[2]
    policy = replace(IMPATIENT, allow_addresses=(ip_network("127.0.0.1/32"),))

    row = fetch_row(f"http://mixed.example:{port}/page/1", policy)

    assert (row["outcome"], row["remote_ip"]) == ("fetched", "127.0.0.1")


def test_a_name_that_changes_its_mind_is_looked_at_again(names: Names, origin: Origin) -> None:
    """Rebinding: first a good address that fails, then a bad one."""
    names.answer("rebinding.example", "127.0.0.1")
    names.answer("rebinding.example", "10.0.0.1")
    policy = replace(IMPATIENT, allow_addresses=(ip_network("127.0.0.1/32"),))
    port = origin.url.rpartition(":")[2]

    rows = [fetch_row(f"http://rebinding.example:{port}/page/1", policy) for _ in range(2)]

    assert [row["outcome"] for row in rows] == ["fetched", "refused_address"]


@pytest.mark.parametrize(
    ("code", "attempts"),
    [(socket.EAI_NONAME, 1), (socket.EAI_NODATA, 1), (socket.EAI_AGAIN, 2), (socket.EAI_FAIL, 2)],
)
def test_a_name_that_does_not_exist_is_asked_for_once(
    names: Names, code: int, attempts: int
) -> None:
    """One whose server is in trouble may exist a moment later."""
    names.fail("nowhere.example", code)

    row = fetch_row("http://nowhere.example/", GUARDED)

    assert (row["outcome"], row["attempts"]) == ("dns_error", attempts)
    assert row["detail"] == "as the test asked for"


def test_a_name_without_addresses_is_a_dns_error(names: Names) -> None:
    """An answer, but an empty one."""
    names.answer("empty.example")

    row = fetch_row("http://empty.example/", GUARDED)

    assert (row["outcome"], row["detail"]) == ("dns_error", "the name has no address")


@contextmanager
def black_holes(count: int) -> Iterator[tuple[int, list[str]]]:
    """Listen at several addresses and never accept: with a full queue, SYNs are dropped."""
    with ExitStack() as stack:
        port, addresses = 0, [f"127.0.0.{number}" for number in range(2, 2 + count)]
        for address in addresses:
            listening = stack.enter_context(socket.socket())
            listening.bind((address, port))
            listening.listen(0)
            port = listening.getsockname()[1]
            for _ in range(4):
                waiting = stack.enter_context(socket.socket())
                waiting.settimeout(0)
                waiting.connect_ex((address, port))
        yield port, addresses


def test_the_limit_for_connecting_holds_for_all_addresses_together(names: Names) -> None:
    """Ten of them that swallow everything are no ten timeouts."""
    with black_holes(10) as (port, addresses):
        names.answer("hole.example", *addresses)

        row = fetch_row(f"http://hole.example:{port}/", replace(IMPATIENT, connect_timeout_s=0.4))

    assert (row["outcome"], row["detail"]) == ("timeout", "timeout while connecting")
    assert 0.4 <= (row["elapsed_s"] or 0) < 2
