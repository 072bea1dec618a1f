"""The plan: every listed URL in order, parsed and deduplicated before any byte is sent."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, Protocol, TypedDict

from fetch_pipeline.core.url import UnusableUrlError, WebUrl, parse_url, without_userinfo


class Entry(NamedTuple):
    """What stands in one line of a list file.

    Attributes:
        line: From 1.
        text: The URL, it is hoped.
        problem: Why there is not even text to read.
    """

    line: int
    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server told of a page that is stored, to ask whether it is still that page.

    Attributes:
        href: Of the response they came with: they say nothing of any other URL (RFC 9110 §8.8).
        etag: As received.
        last_modified: As received.
    """

    href: str
    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One URL to fetch: the first line of the list that names it.

    Attributes:
        line: Line in the list; the key of its outcome.
        href: What is sent.
        host: Host key.
        validators: Of the stored page, where it is to be fetched only if it changed.
    """

    line: int
    href: str
    host: str
    validators: Validators | None = None


class Targets(Protocol):
    """The targets of a fetch, by host: far more of them than need be in memory."""

    def hosts(self) -> Iterator[tuple[str, int]]:
        """Yield each host key and how many targets it has, those with the most first."""

    def of_host(self, host: str, *, after_line: int, limit: int) -> Sequence[Target]:
        """Return the next targets of a host in the order of their lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedUrl:
    """One row of `url_list`: either a target, or the copy of one, or the reason why it is neither.

    Attributes:
        line: Line in the list file, from 1.
        url: The text of the line, without credentials.
        target: What to fetch for it; on a duplicate, the target of its first line.
        problem: Why it is no URL; null exactly where `target` is not.
    """

    line: int
    url: str
    target: Target | None = None
    problem: str | None = None

    @property
    def duplicate_of(self) -> int | None:
        """The first line with the same URL, on every later one."""
        first = self.target.line if self.target else self.line
        return first if first != self.line else None


class PlanRow(TypedDict):
    """A listed URL as one flat row; the columns are documented in `store.tables`."""

    line: int
    url: str
    href: str | None
    host: str | None
    problem: str | None
    duplicate_of: int | None


def to_row(listed: ListedUrl) -> PlanRow:
    """Flatten a listed URL."""
    target = listed.target
    return PlanRow(
        line=listed.line,
        url=listed.url,
        href=target.href if target else None,
        host=target.host if target else None,
        problem=listed.problem,
        duplicate_of=listed.duplicate_of,
    )


def make_plan(entries: Iterable[Entry]) -> Iterator[ListedUrl]:
    """Yield one `ListedUrl` per entry, in order.

    Two lines name the same URL when their hrefs are equal: fragments, default ports and the
    case of hosts do not matter (WHATWG URL §4.5). Memory: about 150 bytes per distinct URL.
    """
    first_lines: dict[bytes, int] = {}
    for line, text, problem in entries:
        url = without_userinfo(text.strip())
        parsed = UnusableUrlError(problem) if problem else _parsed(text)
        if isinstance(parsed, UnusableUrlError):
            yield ListedUrl(line=line, url=url, problem=str(parsed))
            continue
        # 16 bytes: a collision among 10^8 URLs has odds of 10^-23. A Bloom filter would lose rows.
        key = blake2b(parsed.href.encode(), digest_size=16).digest()
        first = first_lines.setdefault(key, line)
        yield ListedUrl(
            line=line, url=url, target=Target(line=first, href=parsed.href, host=parsed.host)
        )


def _parsed(text: str) -> WebUrl | UnusableUrlError:
    try:
        return parse_url(text)
    except UnusableUrlError as error:
        return error


class ListedTargets:
    """Targets that are in memory.

    Args:
        targets: In the order of their lines.
    """

    def __init__(self, targets: Iterable[Target]) -> None:
        self._by_host: dict[str, list[Target]] = {}
        for target in targets:
            self._by_host.setdefault(target.host, []).append(target)

    def hosts(self) -> Iterator[tuple[str, int]]:
        """Yield each host key and how many targets it has, those with the most first."""
        counts = [(host, len(targets)) for host, targets in self._by_host.items()]
        yield from sorted(counts, key=lambda pair: -pair[1])

    def of_host(self, host: str, *, after_line: int, limit: int) -> Sequence[Target]:
        """Return the next targets of a host in the order of their lines."""
        targets = self._by_host[host]
        start = bisect_right(targets, after_line, key=lambda target: target.line)
        return targets[start : start + limit]
