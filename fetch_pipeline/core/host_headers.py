"""Headers that one host gets and no other: read, or refused with a reason that shows no value."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from operator import attrgetter
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from fetch_pipeline.core.url import UnusableUrlError, parse_url, without_userinfo

_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 §5.6.2
_NO_HOST: Final = re.compile("[@?#]")  # parsing drops these together with what they mark

# How a message ends and a connection is used (RFC 9110 §7, RFC 9112), and what of a page is asked
# for: `body` and `exchange` know what they sent.
_ENGINES: Final = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)


class HostHeader(NamedTuple):
    """One header and who gets it; `host` is a host key."""

    host: str
    name: str
    value: str


_host_of: Final = attrgetter("host")


def headers_for(host: str, headers: Sequence[HostHeader]) -> dict[str, str]:
    """Return those of `headers`, which are sorted, that a request of `host` is sent with.

    Found by bisection: this is asked at each request, and there may be many hosts.
    """
    first = bisect_left(headers, host, key=_host_of)
    last = bisect_right(headers, host, lo=first, key=_host_of)
    return {header.name: header.value for header in headers[first:last]}


def read_host_headers(headers: Mapping[str, Mapping[str, str]]) -> tuple[HostHeader, ...]:
    """Return the headers of each host, which are configured by its URL and then by their names.

    Raises:
        ValueError: A host, name or value that cannot be sent. The message names host and header,
            and shows no value, nor what may have been meant for one.
    """
    read = tuple(_each(headers))
    named = Counter((header.host, header.name.title()) for header in read)
    for (host, name), times in named.items():
        if times > 1:
            msg = f"{name} of {host} is there {times} times"
            raise ValueError(msg)
    return read


def _each(headers: Mapping[str, Mapping[str, str]]) -> Iterator[HostHeader]:
    for key, values in headers.items():
        host = _host_key(key)
        for name, value in values.items():
            why_not = _why_not(name) or _why_no_line(value)
            if why_not:
                msg = f"{_shown(name)} of {host}: {why_not}"
                raise ValueError(msg)
            yield HostHeader(host, name, value)


def _host_key(text: str) -> str:
    try:
        url = parse_url(text)
    except UnusableUrlError as error:
        msg = f"{_NO_HOST.split(without_userinfo(text))[0]!r} is no host: {error}"
        raise ValueError(msg) from None
    if _NO_HOST.search(text) or urlsplit(url.href).path != "/":
        msg = f"{url.host}: a host is scheme, host and port, without a user, path or query"
        raise ValueError(msg)
    return url.host


def _why_not(name: str) -> str:
    """Return why no such header is sent; empty where it may be."""
    lower = name.lower()
    if not _NAME.fullmatch(name):
        return "a name is one word of letters, digits and hyphens"
    if lower.startswith("proxy-"):
        return "see the knob proxy"
    if lower.startswith("if-"):
        return "see the knob revalidate"
    if lower == "user-agent":
        return "see the knob user_agent"
    if lower in _ENGINES:
        return "it says how the page is transferred, which is not configured"
    return ""


def _why_no_line(value: str) -> str:
    """Return why a value cannot be sent: it would not be one header line (RFC 9110 §5.5)."""
    is_line = value.strip() and value.isascii() and value.isprintable()
    return "" if is_line else "a value is one line of printable ASCII characters"


def _shown(name: str) -> str:
    """Return a name, unless it is none: then it may be a value that lost its place."""
    return name if _NAME.fullmatch(name) else "a header"
