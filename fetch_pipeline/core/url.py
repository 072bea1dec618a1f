"""URLs as browsers read them (https://url.spec.whatwg.org), or the reason why not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

import ada_url

from fetch_pipeline.core.text import printable

_SCHEMES: Final = frozenset({"http:", "https:"})
_HAS_SCHEME: Final = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:")
# A backslash is a slash to WHATWG, and a web URL needs none at all.
_AUTHORITY: Final = re.compile(
    r"(\s*(?:[a-zA-Z][a-zA-Z0-9+.-]*:)?[/\\]*)([^/\\?#]*)(.*)", re.DOTALL
)
_ROOT_DOT: Final = re.compile(r"\.(?=:\d+$|$)")
# WHATWG drops these wherever they stand, so they end no port and no authority either.
_NOT_THERE: Final = dict.fromkeys(map(ord, "\t\r\n"))
_PORT: Final = re.compile(r"[^:@]*(?::\d*)?|\[.*")

LONGEST_URL: Final = 65_536
"""Characters; servers stop at 8 to 32 KiB, RFC 9110 §4.1 asks for 8000 at least."""

_LONGEST_SHOWN: Final = 2000


class UnusableUrlError(ValueError):
    """Text that names no web page; the message says why, without any credentials."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebUrl:
    """An http(s) URL to send.

    Attributes:
        href: WHATWG serialization without fragment and userinfo: the bytes on the wire.
        host: Host key: scheme, host and port, by which politeness and sharding group; without the
            dot of the DNS root, which names no other host.
    """

    href: str
    host: str


def parse_url(text: str, *, base: str | None = None) -> WebUrl:
    """Read `text` as browsers do, relative to `base` where it is given.

    Userinfo is dropped: sending it is a choice nobody made, storing it a leak (RFC 9110 §4.2.4).

    Raises:
        UnusableUrlError: Not a URL, not http(s), or nothing a connection could be made to.
    """
    if len(text) > LONGEST_URL:
        msg = f"too long: {len(text)} characters"
        raise UnusableUrlError(msg)
    url = _parse(text, base)
    if url.protocol not in _SCHEMES:
        msg = f"scheme {url.protocol.removesuffix(':')} is not http or https"
        raise UnusableUrlError(msg)
    if url.port == "0":
        msg = "port 0 cannot be connected to"
        raise UnusableUrlError(msg)
    url.hash = url.username = url.password = ""
    return WebUrl(href=url.href, host=_ROOT_DOT.sub("", url.origin))


def without_userinfo(text: str) -> str:
    """Return `text` as it may be stored and shown: printable, and without any `user:password@`.

    What is no URL may hold a password all the same, and one with a # or / in it ends the authority
    before the @: where there is no port behind the first colon, all up to the last @ goes.
    """
    text = text.translate(_NOT_THERE)
    scheme, authority, rest = _AUTHORITY.match(text).groups()  # type: ignore[union-attr]  # matches anything
    if "@" in authority and (":" in scheme or ":" in authority):
        authority = authority.rpartition("@")[2]
    elif not _PORT.fullmatch(authority) and "@" in rest:
        authority, rest = "", rest.rpartition("@")[2]
    if scheme and len(authority) > _LONGEST_SHOWN:  # no host: what was cut off may hold the @
        authority = ""
    return printable((scheme + authority + rest)[:_LONGEST_SHOWN])


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
