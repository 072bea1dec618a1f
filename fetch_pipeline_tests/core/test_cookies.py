"""The cookies of one redirect chain."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.cookies import ChainCookies

NOW = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
PAGE = "https://www.example.com/shop/page?q=1"


def sent(*set_cookie: str, to: str = PAGE, by: str = PAGE) -> str:
    """Return the Cookie header for `to` after a response of `by`."""
    cookies = ChainCookies()
    cookies.learn(set_cookie, href=by, now=NOW)
    return cookies.header_for(to)


@pytest.mark.parametrize(
    ("header", "cookie"),
    [
        ("a=1", "a=1"),
        (" a = 1 ; HttpOnly", "a=1"),
        ("a=", "a="),
        ('a="x y"; Path=/', 'a="x y"'),
        ("a=b=c", "a=b=c"),
        ("a=1; Max-Age=60", "a=1"),
        ("a=1; Expires=Mon, 23 Nov 2026 13:00:00 GMT", "a=1"),
        ("a=1; Expires=whenever", "a=1"),
        ("a=1; Max-Age=soon", "a=1"),
        ("a=1; Domain=.Example.COM", "a=1"),
        ("a=1; Path=shop", "a=1"),
        ("a=b;\tPath=/", "a=b"),
        ("n=José", "n=José"),
        ("a=1; Path=//", ""),
        ("=1", ""),
        ("a", ""),
        ("", ""),
        ("a=\x00", ""),
        ("a=\udce9", ""),
        ("a=" + "x" * 5000, ""),
        ("a=1; Domain=com", ""),
        ("a=1; Domain=other.org", ""),
        ("a=1; Domain=ww.example.com", ""),
        ("a=1; Max-Age=0", ""),
        ("a=1; Max-Age=-5", ""),
        ("a=1; Max-Age=60; Expires=Mon, 23 Nov 2020 12:00:00 GMT", "a=1"),
        ("a=1; Expires=Mon, 23 Nov 2020 12:00:00 GMT", ""),
        ("a=1; Path=/other", ""),
    ],
)
def test_a_cookie_comes_back_as_the_server_wrote_it(header: str, cookie: str) -> None:
    """Or not at all, where it is for somebody else, over, or more than a request can say."""
    assert sent(header) == cookie


@pytest.mark.parametrize(
    ("header", "to", "cookie"),
    [
        ("a=1", "https://www.example.com/shop/other", "a=1"),
        ("a=1", "https://www.example.com/shopping", ""),
        ("a=1", "https://example.com/shop/page", ""),
        ("a=1; Path=/", "https://www.example.com/", "a=1"),
        ("a=1; Path=/; Domain=example.com", "https://example.com/", "a=1"),
        ("a=1; Path=/; Domain=example.com", "https://a.b.example.com/", "a=1"),
        ("a=1; Path=/; Domain=example.com", "https://badexample.com/", ""),
        ("a=1; Path=/", "https://evil.org/", ""),
        ("a=1; Path=/", "http://www.example.com:8080/", "a=1"),
        ("a=1; Path=/; Secure", "http://www.example.com/", ""),
        ("a=1; Path=/; Secure", "https://www.example.com/", "a=1"),
    ],
)
def test_a_cookie_goes_only_where_it_belongs(header: str, to: str, cookie: str) -> None:
    """Host, path and scheme decide; a port does not (RFC 6265 §8.5)."""
    assert sent(header, to=to) == cookie


def test_addresses_have_cookies_of_their_own() -> None:
    """But nothing is below an address."""
    by = "http://127.0.0.1/"

    assert sent("a=1", to=by, by=by) == "a=1"
    assert sent("a=1; Domain=0.0.1", to=by, by=by) == ""


def test_a_later_cookie_replaces_an_earlier_one() -> None:
    """Same name, host and path; longer paths are named first."""
    assert sent("a=1", "a=2", "b=3; Path=/") == "a=2; b=3"
    assert sent("a=1", "b=2", "a=3") == "a=3; b=2"
    assert sent("a=1", "a=1; Max-Age=0") == ""


def test_a_cookie_bomb_is_bounded() -> None:
    """RFC 6265 §6.1: fifty of 4096 bytes each is what must be supported."""
    assert sent(*(f"c{n}=x" for n in range(1000))).count("=") == 50


@given(st.lists(st.text(), max_size=5))
def test_no_header_makes_the_cookies_raise(headers: list[str]) -> None:
    """And what comes back is one line that can be sent."""
    header = sent(*headers)

    assert header.encode() is not None
    assert header.replace("\t", " ").isprintable()
