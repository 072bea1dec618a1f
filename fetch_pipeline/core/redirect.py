"""Where a redirect leads (RFC 9110 §15.4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from fetch_pipeline.core.url import UnusableUrlError, WebUrl, parse_url

# 300 names no preferred choice and 304 no target; 305 and 306 are dead.
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})


class RedirectError(Exception):
    """A chain of redirects that has no end we may follow; the message says why."""


class Hop(NamedTuple):
    """What one request of a chain asks for: the same URL with another cookie is another page.

    Attributes:
        href: What is sent.
        host: Its host key.
        cookies: The Cookie header it is sent with; empty for none.
    """

    href: str
    host: str
    cookies: str = ""


def next_hop(
    status: int,
    location: bytes | None,
    *,
    hops: Sequence[Hop],
    cookies_for: Callable[[str], str],
    max_redirects: int,
) -> Hop | None:
    """Return what to ask for next, or null when the response is the final one.

    A redirect status without Location is final: there is nowhere to go.

    Args:
        status: Of the response.
        location: The header's bytes as received.
        hops: What was asked for so far, in order; the last one got the response.
        cookies_for: Tells the Cookie header that a URL is sent with; empty for none.
        max_redirects: Hops that may be followed in all.

    Raises:
        RedirectError: A loop, one hop too many, or a target that is no URL.
    """
    if status not in _FOLLOWED or not location:
        return None
    url = _resolve(location, hops[-1].href)
    hop = Hop(url.href, url.host, cookies_for(url.href))
    if hop in hops:
        msg = f"redirect loop: {url.href} was asked before"
        raise RedirectError(msg)
    if len(hops) > max_redirects:
        msg = f"more than {max_redirects} redirects"
        raise RedirectError(msg)
    return hop


def _resolve(location: bytes, base: str) -> WebUrl:
    # Bytes that are not UTF-8 are sent back as they came, percent-encoded: decoding them as Latin-1
    # and encoding as UTF-8, as most clients do, asks for another page.
    text = location.decode("utf-8", errors="surrogateescape")
    as_sent = "".join(f"%{ord(c) - 0xDC00:02X}" if "\udc80" <= c <= "\udcff" else c for c in text)
    try:
        return parse_url(as_sent, base=base)
    except UnusableUrlError as error:
        msg = f"redirect to no page: {error}"
        raise RedirectError(msg) from None
