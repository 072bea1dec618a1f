"""URLs as browsers read them."""

import pytest

from fetch_pipeline.core.url import UnusableUrlError, WebUrl, parse_url, without_userinfo


@pytest.mark.parametrize(
    ("text", "href"),
    [
        ("https://example.com", "https://example.com/"),
        ("HTTP://EXAMPLE.com:80/a", "http://example.com/a"),
        ("https://example.com:443/", "https://example.com/"),
        (" https://example.com/ ", "https://example.com/"),
        ("https://example.com/#part", "https://example.com/"),
        ("https://example.com/a%2Fb?sig=%2B%2f", "https://example.com/a%2Fb?sig=%2B%2f"),
        ("https://example.com/a b?c d", "https://example.com/a%20b?c%20d"),
        ("https://example.com/ä?ö", "https://example.com/%C3%A4?%C3%B6"),
        ("https://example.com/a/../b//c", "https://example.com/b//c"),
        ("https://example.com/%zz", "https://example.com/%zz"),
        ("http:\\\\example.com\\x", "http://example.com/x"),
        ("http:/example.com", "http://example.com/"),
        ("https://faß.de/", "https://xn--fa-hia.de/"),
        ("http://0x7f000001/", "http://127.0.0.1/"),
        ("http://2130706433/", "http://127.0.0.1/"),
        ("http://127.1/", "http://127.0.0.1/"),
        ("http://[::FFFF:127.0.0.1]/", "http://[::ffff:7f00:1]/"),
        ("https://user:secret@example.com/a", "https://example.com/a"),
        ("https://example.com./", "https://example.com./"),
    ],
)
def test_an_href_is_what_a_browser_would_send(text: str, href: str) -> None:
    """WHATWG serialization, without fragment and userinfo, escapes untouched."""
    assert parse_url(text).href == href


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("example.com/x", "no scheme"),
        ("//example.com/x", "no scheme"),
        ("ftp://example.com/", "scheme ftp"),
        ("file:///etc/passwd", "scheme file"),
        ("javascript:alert(1)", "scheme javascript"),
        ("mailto:a@example.com", "scheme mailto"),
        ("ws://example.com/", "scheme ws"),
        ("http://", "cannot be read"),
        ("http://ex ample.com/", "cannot be read"),
        ("http://exa<mple.com/", "cannot be read"),
        ("http://example.com:65536/", "cannot be read"),
        ("http://example.com:abc/", "cannot be read"),
        ("http://example.com:0/", "port 0"),
        ("http://[fe80::1%25eth0]/", "cannot be read"),
        ("http://example.com/\ud800", "not text"),
    ],
)
def test_what_names_no_page_says_why(text: str, reason: str) -> None:
    """Each unusable text has a reason a person understands."""
    with pytest.raises(UnusableUrlError, match=reason):
        parse_url(text)


def test_a_reason_never_repeats_credentials() -> None:
    """An unusable URL may hold a password all the same."""
    with pytest.raises(UnusableUrlError) as caught:
        parse_url("http://user:secret@ex ample.com/")

    assert "secret" not in str(caught.value)


def test_a_url_longer_than_any_server_takes_is_unusable() -> None:
    """A line of a hundred megabytes is a row with a reason."""
    with pytest.raises(UnusableUrlError, match="too long: 70020 characters"):
        parse_url("https://example.com/" + "x" * 70_000)


def test_host_key_groups_scheme_host_and_port() -> None:
    """Default ports and letter case make no other host; another scheme or port does."""
    assert parse_url("HTTPS://Example.com:443/a") == WebUrl(
        href="https://example.com/a", host="https://example.com"
    )
    assert parse_url("http://example.com:8080/").host == "http://example.com:8080"
    assert parse_url("http://example.com.:8080/").host == "http://example.com:8080"
    assert parse_url("http://example.com./").host == "http://example.com"


def test_a_relative_url_is_resolved() -> None:
    """A Location header may be relative to the page it came with."""
    assert parse_url("../c?d", base="https://example.com/a/b").href == "https://example.com/c?d"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("https://user:secret@example.com/a@b", "https://example.com/a@b"),
        ("https://user:p@ss@example.com/", "https://example.com/"),
        ("http:\\\\user:secret@example.com", "http:\\\\example.com"),
        ("https://example.com/?mail=a@b", "https://example.com/?mail=a@b"),
        ("https://example.com/#a@b", "https://example.com/#a@b"),
        ("not a URL, but a@b", "not a URL, but a@b"),
        ("http://user:secret@ex ample.com/", "http://ex ample.com/"),
        ("https:user:secret@example.com/a", "https:example.com/a"),
        ("https://user:se#cret@example.com/a", "https://example.com/a"),
        ("https://user:se/c@ret@example.com/a", "https://example.com/a"),
        ("user:secret@example.com/x", "user:example.com/x"),
        ("us_er:secret@example.com/x", "example.com/x"),
        ("//user:secret@example.com/x", "//example.com/x"),
        ("https://user@example.com/", "https://example.com/"),
        ("https://example.com/@user/post", "https://example.com/@user/post"),
        ("https://example.com:8080/a/b@c", "https://example.com:8080/a/b@c"),
        ("https://[::1]:8080/a@b", "https://[::1]:8080/a@b"),
        ("https://example.com/a:b@c", "https://example.com/a:b@c"),
        ("a\x00b", "a\ufffdb"),
        ("x" * 10_000, "x" * 2000),
    ],
)
def test_stored_text_has_no_userinfo(text: str, shown: str) -> None:
    """Credentials go, even from what cannot be parsed; an @ elsewhere stays."""
    assert without_userinfo(text) == shown
