"""What is still to be fetched, read from the journal host by host."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from fetch_pipeline.core.plan import Target, Validators
from fetch_pipeline.store.journal import Journal

_HOSTS_READ: Final = 1000

_IS_PENDING: Final = "outcomes.line IS NULL AND duplicate_of IS NULL AND problem IS NULL"
_RANK_HOSTS: Final = f"""
    CREATE TEMP TABLE waiting_hosts AS
    SELECT host, count(*) AS targets
    FROM plan LEFT JOIN outcomes USING (line) WHERE {_IS_PENDING}
    GROUP BY host ORDER BY count(*) DESC, min(plan.line)
"""
_NEXT_HOSTS: Final = f"""
    SELECT rowid, host, targets FROM waiting_hosts WHERE rowid > ? ORDER BY rowid
    LIMIT {_HOSTS_READ}
"""
_NEXT_TARGETS: Final = f"""
    SELECT plan.line, href, stored.final_url, stored.etag, stored.last_modified
    FROM plan LEFT JOIN outcomes USING (line) LEFT JOIN stored ON stored.line = plan.line
    WHERE host = ? AND plan.line > ? AND {_IS_PENDING}
    ORDER BY plan.line LIMIT ?
"""

# RFC 9110 §8.8.3, and what servers that forget the quotes send; "*" would be every version.
_ETAG: Final = re.compile(r'(W/)?"[\x21\x23-\x7e]*"|[\w.:+/=-]+', re.ASCII)


class PendingTargets:
    """The targets of a journal without an outcome: `core.plan.Targets`.

    May be read while outcomes of what it gave out are written.

    Args:
        journal: Open.
        revalidate: Whether targets come with the validators of their stored page.
    """

    def __init__(self, journal: Journal, *, revalidate: bool) -> None:
        self._journal, self._revalidate = journal, revalidate

    def hosts(self) -> Iterator[tuple[str, int]]:
        """Yield each host key and how many targets it has, those with the most first."""
        self._journal.execute("DROP TABLE IF EXISTS waiting_hosts")
        self._journal.execute(_RANK_HOSTS)
        position = 0
        while hosts := self._journal.execute(_NEXT_HOSTS, position):
            yield from ((host, targets) for _, host, targets in hosts)
            position = hosts[-1][0]

    def of_host(self, host: str, *, after_line: int, limit: int) -> Sequence[Target]:
        """Return the next targets of a host in the order of their lines."""
        rows = self._journal.execute(_NEXT_TARGETS, host, after_line, limit)
        return [
            Target(line=line, href=href, host=host, validators=self._validators(*told))
            for line, href, *told in rows
        ]

    def _validators(
        self, href: str | None, etag: str | None, last_modified: str | None
    ) -> Validators | None:
        if not self._revalidate or href is None:
            return None
        etag = etag if etag and _ETAG.fullmatch(etag) else None
        last_modified = _sendable(last_modified)
        if not etag and not last_modified:
            return None
        return Validators(href=href, etag=etag, last_modified=last_modified)


def _sendable(header: str | None) -> str | None:
    """Return a header that can go back as it came; others were mended to be stored as text."""
    return header if header and header.isascii() and header.isprintable() else None
