"""Where a family's URLs come from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol

from fetch_pipeline.core.plan import Entry
from fetch_pipeline.core.url import without_userinfo
from fetch_pipeline.store.url_list import read_entries


class ListSource(Protocol):
    """A source of URLs, and whatever must run while they are fetched."""

    @property
    def about(self) -> str:
        """Say for people where the URLs come from."""

    def entries(self) -> Iterator[Entry]:
        """Yield the listed URLs in order."""

    def serving(self, host: str) -> AbstractContextManager[object]:
        """Run what must run while the list, whose first host key is `host`, is fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListFile:
    """A file; see `store.url_list.read_entries`."""

    path: str
    column: str | None = None

    @property
    def about(self) -> str:
        """The path, without any password in it."""
        return without_userinfo(self.path)

    def entries(self) -> Iterator[Entry]:
        """Read the file."""
        return read_entries(self.path, self.column)

    def serving(self, host: str) -> AbstractContextManager[object]:
        """Do nothing: the web runs without us."""
        del host
        return nullcontext()
