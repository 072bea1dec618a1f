"""What makes one family different from another."""

from __future__ import annotations

from dataclasses import dataclass

import dagster as dg

from fetch_pipeline.defs.lists import ListSource


@dataclass(frozen=True, slots=True, kw_only=True)
class FamilySpec:
    """A family before it is built.

    Attributes:
        source: Where its URLs come from.
        prefix: Of its asset keys, job and op names; its tables' schema. Null for the default one.
        fetcher: Resource key of its policy.
        failure_limit: Share of its rows without a page that is tolerated, unless configured.
    """

    source: ListSource
    prefix: str | None = None
    fetcher: str = "fetcher"
    failure_limit: float = 0.1

    @property
    def group(self) -> str:
        """Name the group its assets are shown in."""
        return self.prefix or "default"

    def key(self, asset: str) -> dg.AssetKey:
        """Return the key of one of its assets."""
        return dg.AssetKey([self.prefix, asset] if self.prefix else [asset])

    def name(self, word: str) -> str:
        """Return a name for an op or job that no other family has."""
        return f"{self.prefix}_{word}" if self.prefix else word
