"""Fetching one URL: attempts, their redirects, and the one outcome of it all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from random import random
from time import perf_counter

import aiohttp
from yarl import URL

from fetch_pipeline.core.outcome import Failed, FailureKind, Fetched, Head, Outcome, Timing
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.redirect import next_hop
from fetch_pipeline.core.retry import backoff_s, parse_retry_after, worth_retrying
from fetch_pipeline.core.text import printable
from fetch_pipeline.engine.attempt import Attempt, Phase
from fetch_pipeline.engine.body import read_body
from fetch_pipeline.engine.classify import EXPECTED, classify
from fetch_pipeline.engine.connector import tls_context
from fetch_pipeline.engine.session import PageResponse, page_response


async def fetch_page(session: aiohttp.ClientSession, href: str, policy: FetchPolicy) -> Outcome:
    """Fetch `href` and return what became of it; the network's trouble is no exception.

    Attempts follow one another, after a pause, while another one may help.
    """
    started_at, begun = datetime.now(UTC), perf_counter()
    for number in range(1, policy.max_attempts + 1):
        attempt = Attempt(visited=[href])
        failure = await _run(session, attempt, policy)
        timing = _timing(attempt, number, started_at, begun)
        outcome = _outcome(attempt, failure, timing)
        if number == policy.max_attempts or not worth_retrying(outcome):
            break
        await asyncio.sleep(backoff_s(number, chance=random()))  # noqa: S311 - spreads load
    return outcome


async def _run(
    session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy
) -> tuple[FailureKind, str] | None:
    """Follow redirects to a whole body; return why that failed, or null."""
    try:
        async with asyncio.timeout(policy.total_timeout_s):
            while not await _answered(session, attempt, policy):
                pass
    except EXPECTED as error:
        return classify(error, while_=attempt.phase)
    finally:
        attempt.close()
    return None


async def _answered(session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy) -> bool:
    """Send one request; return whether its response was the final one, read to its end."""
    # encoded=True: the bytes WHATWG gave us are the bytes sent, or signed URLs break.
    url = URL(attempt.visited[-1], encoded=True)
    tls = tls_context(policy) if url.scheme == "https" else True
    async with session.get(
        url, ssl=tls, allow_redirects=False, trace_request_ctx=attempt
    ) as answer:
        attempt.enter(Phase.DOWNLOAD)
        response = page_response(answer)
        attempt.head = _head(response, attempt)
        hop = next_hop(
            response.status,
            _raw_location(response),
            visited=attempt.visited,
            max_redirects=policy.max_redirects,
        )
        if hop:
            attempt.hop(hop.href)
            return False
        await read_body(response, attempt, policy)
        return True


def _head(response: PageResponse, attempt: Attempt) -> Head:
    retry_after = response.headers.get("Retry-After")
    return Head(
        status=response.status,
        final_url=attempt.visited[-1],
        redirects=len(attempt.visited) - 1,
        content_type=_shown(response, "Content-Type"),
        content_encoding=_shown(response, "Content-Encoding"),
        etag=_shown(response, "ETag"),
        last_modified=_shown(response, "Last-Modified"),
        retry_after_s=parse_retry_after(retry_after, datetime.now(UTC)),
        remote_ip=response.remote_ip,
    )


def _shown(response: PageResponse, name: str) -> str | None:
    value = response.headers.get(name)
    return None if value is None else printable(value)


def _raw_location(response: PageResponse) -> bytes | None:
    """Return the header's bytes: aiohttp's text of it has lost what was not UTF-8."""
    names = (value for name, value in response.raw_headers if name.lower() == b"location")
    return next(names, None)


def _timing(attempt: Attempt, number: int, started_at: datetime, begun: float) -> Timing:
    spent_s = attempt.spent_s
    return Timing(
        attempts=number,
        started_at=started_at,
        elapsed_s=perf_counter() - begun,
        queue_s=spent_s.get(Phase.QUEUE),
        dns_s=spent_s.get(Phase.DNS),
        connect_s=spent_s.get(Phase.CONNECT),
        first_byte_s=spent_s.get(Phase.FIRST_BYTE),
        download_s=spent_s.get(Phase.DOWNLOAD),
    )


def _outcome(attempt: Attempt, failure: tuple[FailureKind, str] | None, timing: Timing) -> Outcome:
    if failure:
        kind, detail = failure
        return Failed(kind=kind, detail=detail, timing=timing, head=attempt.head, body=attempt.body)
    if attempt.head is None or attempt.body is None:
        msg = f"an attempt at {attempt.visited[0]} ended well without a response"
        raise AssertionError(msg)
    if HTTPStatus.OK <= attempt.head.status < HTTPStatus.MULTIPLE_CHOICES:
        return Fetched(head=attempt.head, body=attempt.body, timing=timing)
    return Failed(
        kind=FailureKind.HTTP_ERROR,
        detail=f"status {attempt.head.status}",
        timing=timing,
        head=attempt.head,
        body=attempt.body,
    )
