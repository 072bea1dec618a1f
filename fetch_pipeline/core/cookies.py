"""The cookies of one redirect chain, forgotten at its end (RFC 6265).

Some sites send a visitor in a circle until their cookie comes back. A jar shared by all pages would
make a row depend on what was fetched before it, so each chain has its own. Not aiohttp's jar: it
spells out every prefix of a path, which takes gigabytes for a Location of sixty thousand slashes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import SplitResult, urlsplit

from fetch_pipeline.core.address import is_address
from fetch_pipeline.core.http_date import parse_http_date

_MOST_COOKIES: Final = 50  # RFC 6265 §6.1: what a client supports at least, for one domain
_LONGEST_COOKIE: Final = 4096  # the same, name and value and attributes together


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """One stored cookie (§5.3). `value` is null where the server asked to forget it.

    Attributes:
        name: As the server wrote it; with domain and path, what tells cookies apart.
        value: As the server wrote it.
        domain: Host that gets it.
        subdomains: Whether hosts below `domain` get it too.
        path: Where on the host.
        secure: Whether it is sent over https only.
    """

    name: str
    value: str | None
    domain: str
    subdomains: bool
    path: str
    secure: bool

    def goes_to(self, url: SplitResult) -> bool:
        """Tell whether a request of `url` carries it (§5.4)."""
        host, path = url.hostname or "", url.path
        return (
            (host == self.domain or (self.subdomains and _is_below(host, self.domain)))
            and (path == self.path or path.startswith(self.path.removesuffix("/") + "/"))
            and (url.scheme == "https" or not self.secure)
        )


class ChainCookies:
    """What the responses of one chain asked us to send back."""

    def __init__(self) -> None:
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def learn(self, set_cookie: Iterable[str], *, href: str, now: datetime) -> None:
        """Take the Set-Cookie headers of the response to `href`; those beyond limits are ignored.

        Args:
            set_cookie: Values of the headers, in order.
            href: What was asked for.
            now: The present, with a time zone.
        """
        for header in set_cookie:
            cookie = _parse(header, urlsplit(href), now)
            if cookie is None:
                continue
            key = (cookie.domain, cookie.path, cookie.name)
            if cookie.value is None:
                self._cookies.pop(key, None)
            elif key in self._cookies or len(self._cookies) < _MOST_COOKIES:
                self._cookies[key] = cookie  # an update keeps its place (§5.3 step 11)

    def header_for(self, href: str) -> str:
        """Return the Cookie header for a request of `href`; empty for none."""
        if not self._cookies:
            return ""
        url = urlsplit(href)
        going = [cookie for cookie in self._cookies.values() if cookie.goes_to(url)]
        going.sort(key=lambda cookie: -len(cookie.path))  # §5.4: longer paths first
        return "; ".join(f"{cookie.name}={cookie.value}" for cookie in going)


def _parse(header: str, url: SplitResult, now: datetime) -> Cookie | None:
    """Read one Set-Cookie header (§5.2); null for what must not be stored.

    Bytes that are no UTF-8 arrive as lone surrogates, which no request can say again.
    """
    if len(header) > _LONGEST_COOKIE or not header.replace("\t", " ").isprintable():
        return None
    pair, *rest = header.split(";")
    name, equals, value = (part.strip() for part in pair.partition("="))
    attributes = {key.lower(): text for key, text in map(_attribute, rest)}
    host, domain = url.hostname or "", attributes.get("domain", "").lower().removeprefix(".")
    if not (name and equals) or (domain and not _may_set_for(host, domain)):
        return None
    return Cookie(
        name=name,
        value=None if _is_over(attributes, now) else value,
        domain=domain or host,
        subdomains=bool(domain),
        path=_path(attributes.get("path", ""), url),
        secure="secure" in attributes,
    )


def _attribute(text: str) -> tuple[str, str]:
    key, _, value = text.partition("=")
    return key.strip(), value.strip()


def _may_set_for(host: str, domain: str) -> bool:
    """§5.3 step 6. A domain without a dot is a whole top level; the public list knows more."""
    return host == domain or ("." in domain and _is_below(host, domain))


def _is_below(host: str, domain: str) -> bool:
    return host.endswith("." + domain) and not is_address(host)


def _path(given: str, url: SplitResult) -> str:
    """§5.1.4: the directory of the page, where the server names no path."""
    return given if given.startswith("/") else url.path.rpartition("/")[0] or "/"


def _is_over(attributes: dict[str, str], now: datetime) -> bool:
    """Tell whether a cookie expires at once, which is how servers delete one (§5.3 step 3)."""
    if (age := attributes.get("max-age", "")).lstrip("-").isdigit():
        return age.startswith("-") or not age.strip("0")
    expires = parse_http_date(attributes.get("expires", ""), now)
    return expires is not None and expires <= now
