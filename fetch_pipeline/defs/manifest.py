"""What a fetch is called, what its steps tell each other, and what it was in the end."""

from __future__ import annotations

from dataclasses import dataclass

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import Politeness
from fetch_pipeline.core.timing import FetchRun


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchId:
    """Which fetch this is.

    Attributes:
        asset: Asset key, its parts joined by "/".
        run_id: Dagster run.
        policy: How its pages are fetched.
        politeness: What limits its requests.
    """

    asset: str
    run_id: str
    policy: FetchPolicy
    politeness: Politeness


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What one step tells the next.

    Attributes:
        journal: File of the journal.
        urls: How many distinct URLs are to be fetched in all.
        done: How many of them had an outcome when the step ended.
        host: Host key of the first of them; empty when there is none.
    """

    journal: str
    urls: int
    done: int
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFetch:
    """What a stored fetch was, for whoever looks at it.

    Attributes:
        run: As stored.
        outcomes: Rows per outcome word, most first.
        changes: Rows per word of `changed`; none when nothing was stored before.
        failures: Line, URL, outcome and detail of the first rows without a page.
    """

    run: FetchRun
    outcomes: dict[str, int]
    changes: dict[str, int]
    failures: list[tuple[int, str, str, str]]

    def told(self) -> str:
        """Return the outcomes and the first failure in a sentence or two."""
        counts = ", ".join(f"{rows} {word}" for word, rows in self.outcomes.items())
        first = "".join(
            f"; line {line} is {outcome}: {detail} ({url})"
            for line, url, outcome, detail in self.failures[:1]
        )
        return f"{self.run.urls} rows: {counts}{first}"
