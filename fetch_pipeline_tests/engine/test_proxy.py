"""Fetching through a proxy, which sees the addresses in our stead."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row
from fetch_pipeline_tests.hostile_cases import OK, redirect, sized
from fetch_pipeline_tests.hostile_origin import hostile

PAGE = "http://page.example/a?b=c"
THROUGH = replace(IMPATIENT, allow_addresses=(), unguarded_proxy=True)


def test_a_page_comes_through_the_proxy() -> None:
    """It is the proxy that resolves the name; its own address is nobody's `remote_ip`."""
    with hostile({"http://page.example/a": [OK]}) as proxy:
        row = fetch_row(PAGE, replace(THROUGH, proxy=proxy.url))

    assert (row["outcome"], row["final_url"], row["remote_ip"]) == ("fetched", PAGE, None)
    assert proxy.heads["http://page.example/a"][0].startswith(f"GET {PAGE} HTTP/1.1\r\n")


@pytest.mark.parametrize("url", ["http://10.0.0.1/", "http://[::1]/", "http://0x7f.1/"])
def test_an_address_in_a_url_is_refused_all_the_same(url: str) -> None:
    """In the list, and in a redirect; the proxy is not even asked."""
    with hostile({"http://page.example/a": [redirect(url.encode())]}) as proxy:
        through = replace(THROUGH, proxy=proxy.url)
        rows = [fetch_row(url, through), fetch_row(PAGE, through)]

    assert [row["outcome"] for row in rows] == ["refused_address"] * 2
    assert set(proxy.heads) == {"http://page.example/a"}


def test_a_proxy_that_refuses_a_tunnel_is_a_connect_error() -> None:
    """Its status is not the page's."""
    with hostile({"page.example:443": [sized(b"no", status="403 Forbidden")]}) as proxy:
        row = fetch_row("https://page.example/", replace(THROUGH, proxy=proxy.url))

    assert (row["outcome"], row["status"]) == ("connect_error", None)
    assert row["detail"] == "the proxy answered 403"


def test_a_password_goes_to_the_proxy_and_nowhere_else() -> None:
    """Not into the row."""
    with hostile({"http://page.example/a": [OK]}) as proxy:
        url = proxy.url.replace("http://", "http://user:secret@")
        row = fetch_row(PAGE, replace(THROUGH, proxy=url))

    assert "Proxy-Authorization: Basic" in proxy.heads["http://page.example/a"][0]
    assert "secret" not in str(row)


def test_a_proxy_that_is_not_there_is_a_connect_error() -> None:
    """With the system's own words."""
    with hostile({}) as proxy:
        url = proxy.url

    row = fetch_row(PAGE, replace(THROUGH, proxy=url))

    assert row["outcome"] == "connect_error"
    assert row["detail"]
