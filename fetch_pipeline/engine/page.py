"""Fetching one URL: its attempts, and the one outcome of them all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from http import HTTPStatus
from random import random
from time import perf_counter

import aiohttp

from fetch_pipeline.core.outcome import Failed, FailureKind, Fetched, Outcome, Timing
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.redirect import Hop
from fetch_pipeline.core.retry import retry_after_s
from fetch_pipeline.engine.attempt import Attempt, Phase
from fetch_pipeline.engine.classify import EXPECTED, Failure, classify
from fetch_pipeline.engine.exchange import exchange


async def fetch_page(session: aiohttp.ClientSession, href: str, policy: FetchPolicy) -> Outcome:
    """Fetch `href` and return what became of it; the network's trouble is no exception.

    Attempts follow one another, after a pause, while another one may help.
    """
    started_at, begun = datetime.now(UTC), perf_counter()
    for number in range(1, policy.max_attempts + 1):
        attempt = Attempt(hops=[Hop(href)])
        failure = await _run(session, attempt, policy)
        outcome = _outcome(attempt, failure, _timing(attempt, number, started_at, begun))
        pause_s = retry_after_s(outcome, number, chance=random())  # noqa: S311 - spreads load
        if number == policy.max_attempts or pause_s is None:
            break
        await asyncio.sleep(pause_s)
    return outcome


async def _run(
    session: aiohttp.ClientSession, attempt: Attempt, policy: FetchPolicy
) -> Failure | None:
    """Make one attempt; return why it failed, or null."""
    try:
        async with asyncio.timeout(policy.total_timeout_s):
            await exchange(session, attempt, policy)
    except EXPECTED as error:
        return classify(error, while_=attempt.phase)
    finally:
        attempt.close()
    return None


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


def _outcome(attempt: Attempt, failure: Failure | None, timing: Timing) -> Outcome:
    head, body = attempt.head, attempt.body
    if failure:
        return Failed(
            kind=failure.kind,
            detail=failure.detail,
            transient=failure.transient,
            timing=timing,
            head=head,
            body=body,
        )
    if head is None or body is None:
        msg = f"an attempt at {attempt.hops[0].href} ended well without a response"
        raise AssertionError(msg)
    if HTTPStatus.OK <= head.status < HTTPStatus.MULTIPLE_CHOICES:
        return Fetched(head=head, body=body, timing=timing)
    return Failed(
        kind=FailureKind.HTTP_ERROR,
        detail=f"status {head.status}",
        timing=timing,
        head=head,
        body=body,
    )
