"""URLs as browsers read them (https://url.spec.whatwg.org), or the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import ada_url

from fetch_pipeline.core.text import printable

_SCHEMES: Final = frozenset({"http:", "https:"})
_HAS_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# A backslash is a slash to WHATWG; the last @ before the path ends the userinfo.
_USERINFO: Final = re.compile(r"(?<=[/\\])[^/\\?#]*@")


class UnusableUrlError(ValueError):
    """Text that names no web page; the message says why, without any credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebUrl:
    """An http(s) URL to send.

    Attributes:
        href: WHATWG serialization without fragment and userinfo: the bytes on the wire.
        host: Host key: scheme, host and port, by which politeness and sharding group.
    """

    href: str
    host: str


def parse_url(text: str, *, base: str | None = None) -> WebUrl:
    """Read `text` as browsers do, relative to `base` where it is given.

    Userinfo is dropped: sending it is a choice nobody made, storing it a leak (RFC 9110 §4.2.4).

    Raises:
        UnusableUrlError: Not a URL, not http(s), or nothing a connection could be made to.
    """
    url = _parse(text, base)
    if url.protocol not in _SCHEMES:
        msg = f"scheme {url.protocol.removesuffix(':')} is not http or https"
        raise UnusableUrlError(msg)
    if url.port == "0":
        msg = "port 0 cannot be connected to"
        raise UnusableUrlError(msg)
    url.hash = url.username = url.password = ""
    return WebUrl(href=url.href, host=url.origin)


def without_userinfo(text: str) -> str:
    """Return `text` as it may be stored and shown: printable, and without any `user:password@`."""
    return printable(_USERINFO.sub("", text, count=1))


def _parse(text: str, base: str | None) -> ada_url.URL:
    try:
        return ada_url.URL(text, base)
    except UnicodeEncodeError:
        msg = "not text: bytes that are not valid in the encoding of the list"
        raise UnusableUrlError(msg) from None
    except ValueError:
        raise UnusableUrlError(_why_unparsable(text)) from None


def _why_unparsable(text: str) -> str:
    if not text.strip():
        return "empty"
    if not _HAS_SCHEME.match(text.strip()):
        return "no scheme: write it as https://..."
    return "not a URL: host or port cannot be read"
