"""What one attempt has learnt so far: filled in while it runs, read when it ends, well or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from time import perf_counter

from fetch_pipeline.core.cookies import ChainCookies
from fetch_pipeline.core.outcome import Body, Head
from fetch_pipeline.core.plan import Validators
from fetch_pipeline.core.redirect import Hop


class Phase(StrEnum):
    """What an attempt is busy with; the values complete "timeout while ..."."""

    QUEUE = "waiting for a connection"
    DNS = "resolving the name"
    CONNECT = "connecting"
    FIRST_BYTE = "waiting for the first byte"
    DOWNLOAD = "reading the body"


@dataclass(slots=True, kw_only=True)
class Attempt:
    """The notes of one attempt.

    Attributes:
        hops: What was asked for so far, in order; more than one after redirects.
        cookies: What the responses of this chain asked us to send back.
        head: Of the last response, once its status line and headers arrived.
        body: What was read of it so far.
        phase: What is being waited for.
        reused: Whether the running request went over a connection that had served another page.
        spent_s: Seconds spent in each phase that was entered, summed over the hops.
        validators: Of the stored page; null when it is to be sent in any case.
        afresh: Whether it asks on a connection that was never used.
        conditional: Whether the running request asked only for what is not stored.
        text: Where the decoded body is kept; null where it is only counted.
        asked_s: Seconds in which a worker was busy with it.
    """

    hops: list[Hop]
    cookies: ChainCookies = field(default_factory=ChainCookies)
    head: Head | None = None
    body: Body | None = None
    phase: Phase = Phase.QUEUE
    reused: bool = False
    spent_s: dict[Phase, float] = field(default_factory=dict)
    validators: Validators | None = None
    afresh: bool = False
    conditional: bool = False
    text: bytearray | None = None
    asked_s: float = 0.0
    _since: float = field(default_factory=perf_counter)

    def enter(self, phase: Phase) -> None:
        """Close the books of the running phase and begin the next."""
        self.close()
        self.phase = phase

    def close(self) -> None:
        """Book the time since the last entry to the running phase."""
        now = perf_counter()
        self.spent_s[self.phase] = self.spent_s.get(self.phase, 0.0) + now - self._since
        self._since = now

    def follow(self, hop: Hop) -> None:
        """Note that `hop` is asked for next: what is known of the response before is history."""
        self.hops.append(hop)
        self.afresh = False
        self._forget()

    def ask_plainly(self) -> None:
        """Note that the last hop is asked for once more, whatever is stored of it."""
        self.validators = None
        self._forget()

    def ask_afresh(self) -> None:
        """Note that the last hop is asked for once more, on a connection that was never used."""
        self.afresh = True
        self._forget()

    def _forget(self) -> None:
        self.head = self.body = None
        if self.text is not None:
            self.text.clear()
        self.enter(Phase.QUEUE)
