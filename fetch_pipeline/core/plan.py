"""The plan: every listed URL in order, parsed and deduplicated before any byte is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import NamedTuple, TypedDict

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
class Target:
    """One URL to fetch: the first line of the list that names it.

    Attributes:
        line: Line in the list; the key of its outcome.
        href: What is sent.
        host: Host key.
    """

    line: int
    href: str
    host: str


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
