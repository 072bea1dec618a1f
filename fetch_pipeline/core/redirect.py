"""Where a redirect leads (RFC 9110 §15.4)."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from fetch_pipeline.core.url import UnusableUrlError, WebUrl, parse_url

# 300 names no preferred choice and 304 no target; 305 and 306 are dead.
_FOLLOWED: Final = frozenset({301, 302, 303, 307, 308})


class RedirectError(Exception):
    """A chain of redirects that has no end we may follow; the message says why."""


def next_hop(
    status: int, location: bytes | None, *, visited: Collection[str], max_redirects: int
) -> WebUrl | None:
    """Return the URL to ask next, or null when the response is the final one.

    A redirect status without Location is final: there is nowhere to go.

    Args:
        status: Of the response.
        location: The header's bytes as received.
        visited: Hrefs asked so far in order; the last is the one that answered.
        max_redirects: Hops that may be followed in all.

    Raises:
        RedirectError: A loop, one hop too many, or a target that is no URL.
    """
    if status not in _FOLLOWED or not location:
        return None
    *_, base = visited
    target = _resolve(location, base)
    if target.href in visited:
        msg = f"redirect loop: {target.href} was asked before"
        raise RedirectError(msg)
    if len(visited) > max_redirects:
        msg = f"more than {max_redirects} redirects"
        raise RedirectError(msg)
    return target


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
