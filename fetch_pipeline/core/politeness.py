"""How hosts are treated: how often one is asked, how many times at once, when it is left alone.

All of it changes when a page is asked for, never what is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, assert_never

from fetch_pipeline.core.outcome import Failed, FailureKind, Fetched, NotModified, Outcome

AUTO: Final = "auto"
"""The delay that follows the host: see `adapted_delay_s`."""

Delay: TypeAlias = float | Literal["auto"]

FIRST_DELAY_S: Final = 0.5
"""An adaptive delay before anything is known of the host."""

# Heritrix waits 5 times as long as the last fetch took, at least 3 s and at most 30 s, one request
# at a time (delay-factor, min-delay-ms, max-delay-ms of its DispositionProcessor); Scrapy's
# AutoThrottle once as long, from start to start, with 60 s at most. Twice means that a host is busy
# with us half of the time.
_DELAY_FACTOR: Final = 2.0
_LEAST_DELAY_S: Final = 0.1
_MOST_DELAY_S: Final = 30.0

_JITTER: Final = 0.2

FIRST_PAUSE_S: Final = 2.0
"""How long a host is left alone that failed too often in a row; each further time twice as long."""

# What says nothing of the host but of the one page, or of us.
_OF_THE_PAGE: Final = frozenset(
    {
        FailureKind.HTTP_ERROR,
        FailureKind.INVALID_URL,
        FailureKind.REFUSED_ADDRESS,
        FailureKind.TOO_LARGE,
        FailureKind.REDIRECT_ERROR,
        FailureKind.REFUSED_ROBOTS,
        FailureKind.HOST_DOWN,
        FailureKind.NOT_REACHED,
    }
)
# RFC 9110 §15.6.3 to §15.6.5, RFC 6585 §4. A 500 is more often one broken page.
_OF_THE_HOST: Final = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True, kw_only=True)
class Politeness:
    """The limits that hold per host key, and those of the whole fetch.

    Attributes:
        per_host_concurrency: Requests in flight at one host, at most; null for any number.
        per_host_delay_s: Seconds from the start of one request to the start of the next, give or
            take a fifth; or `AUTO`.
        max_cooldown_s: Longest wait between two requests that a host may ask for, by Retry-After
            or Crawl-delay; one that asks for more gets no further request.
        max_host_failures: Failures in a row after which a host is left alone for a while; null for
            never. Nutch's fetcher.max.exceptions.per.queue is 5 as well.
        max_host_pauses: Times in a row that it is left alone before it counts as down.
        requests_per_s: Requests to all hosts together, at most; null for any number.
        deadline_s: Longest fetch; what is not fetched by then is `not_reached`. Null for any.
    """

    per_host_concurrency: int | None = 2
    per_host_delay_s: Delay = 0.5
    max_cooldown_s: float = 300.0
    max_host_failures: int | None = 5
    max_host_pauses: int = 5
    requests_per_s: float | None = None
    deadline_s: float | None = None


UNLIMITED: Final = Politeness(
    per_host_concurrency=None, per_host_delay_s=0.0, max_host_failures=None
)
"""For an origin of one's own."""


def gap_s(delay_s: float, crawl_delay_s: float, *, chance: float) -> float:
    """Return the seconds from one start to the next: jittered, but never less than robots.txt asks.

    Args:
        delay_s: Ours.
        crawl_delay_s: The host's.
        chance: A random number in [0, 1).
    """
    jittered = delay_s * (1 - _JITTER + 2 * _JITTER * chance)
    return max(jittered, crawl_delay_s)


def adapted_delay_s(delay_s: float, took_s: float, outcome: Outcome | None) -> float:
    """Return the delay after a request that took so long: half the way to twice its time.

    Only a page may make it shorter: redirects and error pages are faster than pages. A host in
    trouble gets twice the delay. https://docs.scrapy.org/en/latest/topics/autothrottle.html

    Args:
        delay_s: So far.
        took_s: From the start of the request to its end.
        outcome: Of the request; null when it was led on.
    """
    wanted_s = (delay_s + took_s * _DELAY_FACTOR) / 2
    if outcome and blames_host(outcome):
        wanted_s = max(2 * delay_s, wanted_s)
    elif outcome is None or isinstance(outcome, Failed):
        wanted_s = max(delay_s, wanted_s)
    return min(max(wanted_s, _LEAST_DELAY_S), _MOST_DELAY_S)


def host_pause_s(pauses: int) -> float:
    """Return how long a host is left alone for the n-th time in a row, from 1."""
    return FIRST_PAUSE_S * 2.0 ** (pauses - 1)


def deadline_detail(deadline_s: float | None) -> str:
    """Say why a page is `not_reached`; there is no such page without a deadline."""
    return f"the deadline of {deadline_s:g} s came first"


def blames_host(outcome: Outcome) -> bool:
    """Tell whether the outcome is a sign that the host, not the one page, is in trouble."""
    match outcome:
        case Fetched() | NotModified():
            return False
        case Failed(kind=kind, head=head):
            in_trouble = head is not None and head.status in _OF_THE_HOST
            return in_trouble or kind not in _OF_THE_PAGE
        case _:
            assert_never(outcome)
