"""What robots.txt lets us ask a host for (RFC 9309)."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Final, TypeAlias

from protego import Protego

from fetch_pipeline.core.outcome import Failed, FailureKind, Outcome
from fetch_pipeline.core.policy import FetchPolicy

_PARSED_BYTES: Final = 500 * 1024  # RFC 9309 §2.5: at least so much; the rest is not read
_MAX_REDIRECTS: Final = 5  # §2.3.1.2
_THREAD_BYTES: Final = 16 * 1024  # parsing takes 0.5 us a byte: longer files off the loop

# Where nothing was said in HTTP, the pages would end in the same way.
_NEVER_SPOKE: Final = frozenset(
    {
        FailureKind.DNS_ERROR,
        FailureKind.CONNECT_ERROR,
        FailureKind.TLS_ERROR,
        FailureKind.REFUSED_ADDRESS,
    }
)

_MOST_WILDCARDS: Final = 2000  # each is tried on each URL: so many take 2 ms, or 70 ms a long one
_PRODUCT: Final = re.compile(r"[A-Za-z_-]+")
_COMPATIBLE: Final = re.compile(r"\(compatible;\s*([A-Za-z_-]+)")
_AGENT_LINE: Final = re.compile(
    r"^([ \t]*user[- ]?agent[ \t]*:[ \t]*)([^\r\n#]*)", re.IGNORECASE | re.MULTILINE
)

Refusal: TypeAlias = tuple[FailureKind, str]
"""The outcome of a page that is not asked for, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What one host lets us do.

    Attributes:
        refusal: Why no page of it is asked for; null where `parsed` decides.
        parsed: The rules; null for none.
        token: By which they name us.
        crawl_delay_s: Seconds between two requests, at least.
    """

    refusal: Refusal | None = None
    parsed: Protego | None = None
    token: str = ""
    crawl_delay_s: float = 0.0

    def refuse(self, href: str) -> Refusal | None:
        """Return why `href` must not be asked for, or null when it may."""
        if self.parsed and not self.parsed.can_fetch(href, self.token):
            return FailureKind.REFUSED_ROBOTS, "robots.txt disallows it"
        return self.refusal


NO_RULES: Final = Rules()


def robots_href(host: str) -> str:
    """Return where the rules of a host are (RFC 9309 §2.3)."""
    return f"{host}/robots.txt"


def robots_policy(policy: FetchPolicy) -> FetchPolicy:
    """Return the policy that robots.txt is fetched with."""
    return replace(
        policy,
        max_redirects=_MAX_REDIRECTS,
        max_wire_bytes=max(policy.max_wire_bytes, _PARSED_BYTES),
        max_body_bytes=_PARSED_BYTES,
    )


def product_token(user_agent: str) -> str:
    """Return the name by which robots.txt may speak of us (RFC 9309 §2.2.1).

    The first word up to its version, or the one that follows "(compatible;" as many write.
    """
    found = _COMPATIBLE.search(user_agent)
    if found:
        return found[1]
    first = _PRODUCT.match(user_agent)
    return first[0] if first else ""


async def read_rules(outcome: Outcome, robots_txt: bytes, *, token: str, redirected: bool) -> Rules:
    """Return what follows from asking for robots.txt; never an exception.

    Args:
        outcome: Of asking for it.
        robots_txt: What came, decoded; of a long file its beginning.
        token: See `product_token`.
        redirected: Whether the outcome is that of another URL, to which the host sent us.
    """
    unread = _unread(outcome, redirected=redirected)
    if unread:
        return unread
    if isinstance(outcome, Failed):  # too long; half a rule is another rule
        robots_txt = robots_txt[:_PARSED_BYTES].rpartition(b"\n")[0]
    if len(robots_txt) < _THREAD_BYTES:
        return _parse(robots_txt, token)
    return await asyncio.to_thread(_parse, robots_txt, token)


def _unread(outcome: Outcome, *, redirected: bool) -> Rules | None:
    """Return the rules where there is no file to read, or null where there is."""
    if not isinstance(outcome, Failed) or _is_too_long(outcome):
        return None
    if _is_unavailable(outcome):
        return NO_RULES
    # A redirect that led to a dead host says nothing of the pages.
    never_spoke = outcome.kind in _NEVER_SPOKE and not redirected
    kind = outcome.kind if never_spoke else FailureKind.REFUSED_ROBOTS
    return Rules(refusal=(kind, f"robots.txt: {outcome.detail}"))


def _is_too_long(failed: Failed) -> bool:
    """Tell whether it is a file all the same, not the long error page of a server in trouble."""
    good = failed.head is not None and failed.head.status < HTTPStatus.MULTIPLE_CHOICES
    return failed.kind is FailureKind.TOO_LARGE and good


def _is_unavailable(failed: Failed) -> bool:
    """Tell whether there are no rules (§2.3.1.3), which is not that they cannot be had (§2.3.1.4).

    Too many requests is no sign that there are none.
    """
    if failed.kind is FailureKind.REDIRECT_ERROR:
        return True
    status = failed.head.status if failed.head else HTTPStatus.OK
    none = HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.INTERNAL_SERVER_ERROR
    return none and status != HTTPStatus.TOO_MANY_REQUESTS


def _parse(robots_txt: bytes, token: str) -> Rules:
    # As protego cuts it into lines, which may end in CR alone (RFC 9309 §2.2).
    text = "\n".join(robots_txt.decode("utf-8-sig", errors="replace").splitlines())
    if text.count("*") > _MOST_WILDCARDS:
        msg = f"robots.txt has more than {_MOST_WILDCARDS} wildcards"
        return Rules(refusal=(FailureKind.REFUSED_ROBOTS, msg))
    parsed = Protego.parse(_AGENT_LINE.sub(lambda line: line[1] + _named(line[2], token), text))
    return Rules(parsed=parsed, token=token, crawl_delay_s=parsed.crawl_delay(token) or 0.0)


def _named(agent: str, token: str) -> str:
    """Return `agent` as protego shall see it: ours, everybody's, or nobody's.

    protego takes "fetch" for the beginning of any longer name, and "name/1.0" for another name;
    RFC 9309 §2.2.1 compares whole product tokens.
    """
    if agent.strip() == "*":
        return "*"
    product = _PRODUCT.match(agent)
    return token if product and product[0].lower() == token.lower() else "."
