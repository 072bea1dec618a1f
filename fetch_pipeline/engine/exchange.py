"""One request and its response: what is sent, what is followed, what is read."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from fetch_pipeline.core.address import is_address, may_dial
from fetch_pipeline.core.host_headers import headers_for
from fetch_pipeline.core.outcome import Head
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.redirect import next_hop
from fetch_pipeline.core.retry import parse_retry_after
from fetch_pipeline.core.text import printable
from fetch_pipeline.engine.attempt import Attempt, Phase
from fetch_pipeline.engine.body import read_body
from fetch_pipeline.engine.connector import (
    CleanConnector,
    NoDescriptorError,
    RefusedAddressError,
    fresh_connections,
    tls_context,
)
from fetch_pipeline.engine.session import PageResponse, page_response

# We asked neither for another protocol nor for a part; whether something changed, only sometimes.
_UNASKED: Final = frozenset({HTTPStatus.SWITCHING_PROTOCOLS, HTTPStatus.PARTIAL_CONTENT})
_DESCRIPTOR_PAUSE_S: Final = 0.1


class UnfitResponseError(Exception):
    """The response is HTTP, but none to this request, or one that can be read in two ways."""


async def exchange(session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy) -> bool:
    """Ask for the last hop of `attempt`; tell whether that was the final response, read to its end.

    Else the last hop, by now another one or asked for in another way, is to be asked for when its
    host may be asked. While there is no file descriptor the request waits, as in a queue: that is
    not the page's fault.

    Raises:
        Exception: As `engine.classify` lists them; `attempt` holds what was learnt until then.
    """
    while True:
        try:
            return await _forgivingly(session, attempt, policy)
        except aiohttp.ClientConnectorError as error:
            if not isinstance(error.os_error, NoDescriptorError):
                raise
        attempt.enter(Phase.QUEUE)
        if isinstance(session.connector, CleanConnector):
            session.connector.drop_idle()
        await asyncio.sleep(_DESCRIPTOR_PAUSE_S)


async def _forgivingly(
    session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy
) -> bool:
    """Have the page ask once more, on a new connection, where a used one failed before any answer.

    The server may just have closed it (RFC 9112 §9.3.1), or said something to the page before.
    """
    try:
        with fresh_connections() if attempt.afresh else nullcontext():
            return await _ask(session, attempt, policy)
    except aiohttp.ClientError as error:
        # Silence is no sign of a connection that was lost.
        if isinstance(error, TimeoutError) or not attempt.reused or attempt.head:
            raise
    attempt.ask_afresh()
    return False


async def _ask(session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy) -> bool:
    """Send one request; return whether its response was the final one, read to its end."""
    # encoded=True: the bytes WHATWG gave us are the bytes sent, or signed URLs break.
    url = URL(attempt.hops[-1].href, encoded=True)
    if policy.proxy:
        _require_dialable(url, policy)
    async with session.get(
        url,
        ssl=tls_context(policy) if url.scheme == "https" else True,
        headers=_headers(attempt, policy),
        proxy=policy.proxy,
        allow_redirects=False,
        trace_request_ctx=attempt,
    ) as answer:
        attempt.enter(Phase.DOWNLOAD)
        response = page_response(answer)
        attempt.head = _head(response, attempt, policy)
        if _was_misunderstood(attempt):
            attempt.ask_plainly()
            return False
        if _led_on(response, attempt, policy):
            return False
        await read_body(response, attempt, policy)
        return True


def _headers(attempt: Attempt, policy: FetchPolicy) -> CIMultiDict[str]:
    """Return what this one request is sent with, and note whether it is conditional.

    What is configured for a host is looked up at each hop, so that no redirect carries it away.
    """
    hop, conditions = attempt.hops[-1], _conditions(attempt)
    attempt.conditional = bool(conditions)
    headers = CIMultiDict(headers_for(hop.host, policy.headers))
    cookies = "; ".join(filter(None, (headers.get("Cookie"), hop.cookies)))
    if cookies:  # one line of them (RFC 6265 §5.4)
        headers["Cookie"] = cookies
    headers.update(conditions)
    return headers


def _conditions(attempt: Attempt) -> dict[str, str]:
    """Return both conditions: servers ignore the date where they know the tag (§13.1.3)."""
    told = attempt.validators
    if told is None or told.href != attempt.hops[-1].href:
        return {}
    headers = {"If-None-Match": told.etag, "If-Modified-Since": told.last_modified}
    return {name: value for name, value in headers.items() if value}


def _was_misunderstood(attempt: Attempt) -> bool:
    """Tell whether the answer to a conditional request is of no use: it is of another version.

    Then the page is asked for as if nothing was stored. A GET is never answered by 412 (RFC 9110
    §13.2.2), but some servers do; an ETag that is not ours confirms another body (RFC 9111 §4.3.4).
    """
    head, validators = attempt.head, attempt.validators
    if head is None or validators is None or not attempt.conditional:
        return False
    if head.status == HTTPStatus.NOT_MODIFIED and head.etag and validators.etag:
        return head.etag.removeprefix("W/") != validators.etag.removeprefix("W/")
    return head.status == HTTPStatus.PRECONDITION_FAILED


def _require_dialable(url: URL, policy: FetchPolicy) -> None:
    """Refuse an address that is written in a URL, which is all that is seen behind a proxy."""
    host = url.host or ""
    if is_address(host) and not may_dial(host, policy.allow_addresses):
        raise RefusedAddressError


def _led_on(response: PageResponse, attempt: Attempt, policy: FetchPolicy) -> bool:
    """Note the next hop where the response is a redirect to follow."""
    _require_fit(response, conditional=attempt.conditional)
    set_cookie = response.headers.getall("Set-Cookie", ())
    attempt.cookies.learn(set_cookie, href=attempt.hops[-1].href, now=datetime.now(UTC))
    hop = next_hop(
        response.status,
        _raw_location(response),
        hops=attempt.hops,
        cookies_for=attempt.cookies.header_for,
        max_redirects=policy.max_redirects,
    )
    if hop:
        attempt.follow(hop)
    return hop is not None


def _require_fit(response: PageResponse, *, conditional: bool) -> None:
    unasked = response.status == HTTPStatus.NOT_MODIFIED and not conditional
    if unasked or response.status in _UNASKED:
        msg = f"status {response.status} was not asked for"
        raise UnfitResponseError(msg)
    lengths = set(response.headers.getall("Content-Length", ()))
    if len(lengths) > 1:  # RFC 9112 §6.3; aiohttp's parser in Python takes one of them
        msg = "broken HTTP: Content-Length more than once"
        raise UnfitResponseError(msg)


def _head(response: PageResponse, attempt: Attempt, policy: FetchPolicy) -> Head:
    retry_after = response.headers.get("Retry-After")
    return Head(
        status=response.status,
        final_url=attempt.hops[-1].href,
        redirects=len(attempt.hops) - 1,
        content_type=_shown(response, "Content-Type"),
        content_encoding=_shown(response, "Content-Encoding"),
        etag=_shown(response, "ETag"),
        last_modified=_shown(response, "Last-Modified"),
        retry_after_s=parse_retry_after(retry_after, datetime.now(UTC)),
        remote_ip=None if policy.proxy else response.remote_ip,
    )


def _shown(response: PageResponse, name: str) -> str | None:
    """Return a header as text; bytes that are no UTF-8 are Latin-1 (RFC 9110 §5.5)."""
    value = response.headers.get(name)
    if value is None or value.isprintable():
        return value
    raw = value.encode("utf-8", "surrogateescape")
    try:
        return printable(raw.decode())
    except UnicodeDecodeError:
        return printable(raw.decode("latin-1"))


def _raw_location(response: PageResponse) -> bytes | None:
    """Return the header's bytes: aiohttp's text of it has lost what was not UTF-8."""
    names = (value for name, value in response.raw_headers if name.lower() == b"location")
    return next(names, None)
