"""Headers of one host: what can be read, and how they are found."""

from __future__ import annotations

from typing import Final

import pytest

from fetch_pipeline.core.host_headers import HostHeader, headers_for, read_host_headers

HOST: Final = "https://api.example.org"
VALUE: Final = "Bearer hunter2"


@pytest.mark.parametrize(
    ("written", "host"),
    [
        ("https://api.example.org", HOST),
        ("https://API.example.org:443/", HOST),
        ("https://api.example.org.", HOST),
        ("https://api.example.org:8443", "https://api.example.org:8443"),
        ("http://api.example.org", "http://api.example.org"),
        ("http://[::1]:8080/", "http://[::1]:8080"),
        ("https://bücher.example", "https://xn--bcher-kva.example"),
    ],
)
def test_a_host_may_be_written_in_any_way(written: str, host: str) -> None:
    """It is the host key of the pages there."""
    assert read_host_headers({written: {"X-Key": VALUE}}) == (HostHeader(host, "X-Key", VALUE),)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("https://api.example.org/v1", f"{HOST}: a host is scheme, host and port"),
        ("https://api.example.org/?", f"{HOST}: a host is"),
        ("https://api.example.org?key=hunter2", f"{HOST}: a host is"),
        ("https://api.example.org/#hunter2", f"{HOST}: a host is"),
        ("https://user:hunter2@api.example.org", f"{HOST}: a host is"),
        ("https://@api.example.org", f"{HOST}: a host is"),
        ("api.example.org", "'api.example.org' is no host: no scheme"),
        ("api.example.org/?key=hunter2", "'api.example.org/' is no host: no scheme"),
        ("ftp://user:hunter2@api.example.org", "'ftp://api.example.org' is no host: scheme ftp"),
        ("https://u:hunter2@api.example.org:x", "'https://api.example.org:x' is no host"),
        ("https://api.example.org:0", "port 0"),
        ("", "'' is no host: empty"),
    ],
)
def test_what_is_no_host_is_refused(written: str, told: str) -> None:
    """By name, and without what may be a credential in it."""
    with pytest.raises(ValueError, match="host") as caught:
        read_host_headers({written: {"X-Key": VALUE}})

    assert told in str(caught.value)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("Host", "how the page is transferred"),
        ("content-length", "how the page is transferred"),
        ("Transfer-Encoding", "how the page is transferred"),
        ("Connection", "how the page is transferred"),
        ("Keep-Alive", "how the page is transferred"),
        ("TE", "how the page is transferred"),
        ("Trailer", "how the page is transferred"),
        ("Upgrade", "how the page is transferred"),
        ("Expect", "how the page is transferred"),
        ("Accept-Encoding", "how the page is transferred"),
        ("RANGE", "how the page is transferred"),
        ("If-None-Match", "see the knob revalidate"),
        ("if-range", "see the knob revalidate"),
        ("Proxy-Authorization", "see the knob proxy"),
        ("user-agent", "see the knob user_agent"),
    ],
)
def test_what_is_the_engines_own_business_is_refused(name: str, why: str) -> None:
    """With the knob that there is for it, if there is one."""
    with pytest.raises(ValueError, match=f"{name} of {HOST}: .*{why}") as caught:
        read_host_headers({HOST: {name: VALUE}})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("name", ["", "Authorization:Bearer hunter2", "two words", "X\r\nY", "Ä"])
def test_a_name_that_is_none_is_not_shown(name: str) -> None:
    """A blank that is missing in YAML makes a value part of the name."""
    with pytest.raises(ValueError, match=f"a header of {HOST}: a name is one word") as caught:
        read_host_headers({HOST: {name: ""}})

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    "value",
    ["", " ", "hunter2\n", "hunter2\r\nInjected: x", "hunter2\x00", "hunter2\x7f", "hünter2"],
)
def test_a_value_is_one_printable_line(value: str) -> None:
    """A file read into the environment often ends in a newline; the message shows none of it."""
    with pytest.raises(ValueError, match=f"X-Key of {HOST}: a value is one line") as caught:
        read_host_headers({HOST: {"X-Key": value}})

    assert "nter2" not in str(caught.value)


@pytest.mark.parametrize(
    "headers",
    [
        {HOST: {"x-key": "a", "X-Key": "b"}},
        {HOST: {"X-Key": "a"}, "https://API.example.org:443/": {"x-key": "b"}},
    ],
)
def test_a_header_is_named_once(headers: dict[str, dict[str, str]]) -> None:
    """Which of two is meant, nobody can tell; case and the way a host is written do not matter."""
    with pytest.raises(ValueError, match=f"X-Key of {HOST} is there 2 times"):
        read_host_headers(headers)


def test_each_host_gets_its_own() -> None:
    """A host of which the name only begins in the same way gets nothing."""
    hosts = ["http://a.example", HOST, f"{HOST}:8443", "https://b.example"]
    headers = sorted(HostHeader(host, name, host) for host in hosts for name in ("A", "B"))

    assert [headers_for(host, headers) for host in hosts] == [
        {"A": host, "B": host} for host in hosts
    ]
    assert headers_for("https://api.example", headers) == {}
    assert headers_for("https://zzz.example", headers) == {}
    assert headers_for(HOST, ()) == {}
