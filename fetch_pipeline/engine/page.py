"""One URL while it is fetched: asked for, perhaps led on, perhaps asked again; one outcome."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from time import perf_counter

import aiohttp

from fetch_pipeline.core.outcome import (
    Failed,
    FailureKind,
    Fetched,
    NotModified,
    Outcome,
    Timing,
)
from fetch_pipeline.core.plan import Target
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.redirect import Hop
from fetch_pipeline.engine.attempt import Attempt, Phase
from fetch_pipeline.engine.classify import EXPECTED, Failure, classify
from fetch_pipeline.engine.exchange import exchange


@dataclass(slots=True, kw_only=True, eq=False)
class Page:
    """A target on its way, from the first request to the outcome.

    Attributes:
        target: What is fetched.
        robots: Whether it is the robots.txt of the target's host, which is no row.
        attempts: Begun so far.
        attempt: The running one; null before the first, and while waiting for the next.
        refusal: Why it is not asked for; null where it is to be asked.
        failed: What became of the last attempt, where there is to be another.
        away: Whether it waits at another host than its own.
        asked: Host key of the running request.
        asked_at: When it began, by the clock of the crew.
        busy_s: Seconds for which a worker was busy with it, over all attempts.
    """

    target: Target
    robots: bool = False
    attempts: int = 0
    attempt: Attempt | None = None
    refusal: Outcome | None = None
    failed: str | None = None
    away: bool = False
    asked: str = ""
    asked_at: float = 0.0
    busy_s: float = 0.0
    _started_at: datetime | None = None
    _begun: float = 0.0

    @property
    def host(self) -> str:
        """The host key of what is asked for next."""
        return self.attempt.hops[-1].host if self.attempt else self.target.host

    @property
    def href(self) -> str:
        """What is asked for next."""
        return self.attempt.hops[-1].href if self.attempt else self.target.href

    @property
    def redirected(self) -> bool:
        """Whether the running attempt was led on."""
        return self.attempt is not None and len(self.attempt.hops) > 1

    @property
    def text(self) -> bytes:
        """The decoded body, so far as it came; kept of robots.txt only."""
        return bytes(self.attempt.text or b"") if self.attempt else b""

    def begin(self) -> Attempt:
        """Return the running attempt, or begin one."""
        if self.attempt is None:
            if self._started_at is None:
                self._started_at, self._begun = datetime.now(UTC), perf_counter()
            self.attempts += 1
            self.attempt = Attempt(
                hops=[Hop(self.target.href, self.target.host)],
                validators=self.target.validators,
                text=bytearray() if self.robots else None,
            )
        return self.attempt

    def end_attempt(self, outcome: Outcome) -> None:
        """Note how the running attempt ended: another one will be begun."""
        self.failed = outcome.detail if isinstance(outcome, Failed) else None
        self.attempt = None

    def timing(self) -> Timing:
        """Return how long it took so far."""
        spent_s = self.attempt.spent_s if self.attempt else {}
        return Timing(
            attempts=self.attempts,
            started_at=self._started_at,
            elapsed_s=perf_counter() - self._begun if self._started_at else None,
            busy_s=self.busy_s,
            queue_s=spent_s.get(Phase.QUEUE),
            dns_s=spent_s.get(Phase.DNS),
            connect_s=spent_s.get(Phase.CONNECT),
            first_byte_s=spent_s.get(Phase.FIRST_BYTE),
            download_s=spent_s.get(Phase.DOWNLOAD),
        )

    def stopped(self, kind: FailureKind, detail: str) -> Failed:
        """Return the outcome of a page that is not asked for, or not again."""
        told = f"{detail} (attempt {self.attempts}: {self.failed})" if self.failed else detail
        return Failed(kind=kind, detail=told, timing=self.timing())


async def ask(session: aiohttp.ClientSession, page: Page, policy: FetchPolicy) -> Outcome | None:
    """Send one request for `page`; return how its attempt ended, or null when it was led on.

    The network's trouble is an outcome, not an exception. `total_timeout_s` bounds what the
    requests of an attempt take together, and not how long they wait for their turn.
    """
    attempt, begun = page.begin(), perf_counter()
    failure, final = None, True
    try:
        async with asyncio.timeout(policy.total_timeout_s - attempt.asked_s):
            final = await exchange(session, attempt, policy)
    except EXPECTED as error:
        failure = classify(error, while_=attempt.phase)
    finally:
        attempt.close()
        spent_s = perf_counter() - begun
        attempt.asked_s += spent_s
        page.busy_s += spent_s
    return _outcome(attempt, failure, page.timing()) if final else None


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
    if head.status == HTTPStatus.NOT_MODIFIED:
        return NotModified(head=head, timing=timing)
    return Failed(
        kind=FailureKind.HTTP_ERROR,
        detail=f"status {head.status}",
        timing=timing,
        head=head,
        body=body,
    )
