"""Every way a server can answer, over real sockets: one row each, and the whole row is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from fetch_pipeline.core.outcome import Failed, FailureKind, Timing
from fetch_pipeline.core.outcome_row import OutcomeRow, to_row
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_rows
from fetch_pipeline_tests.hostile_cases import CASES, Case
from fetch_pipeline_tests.hostile_origin import hostile

POLICY = replace(IMPATIENT, read_timeout_s=0.5, max_wire_bytes=1_000_000, max_body_bytes=4_000_000)
SECONDS = {name for name in OutcomeRow.__annotations__ if name.endswith("_s")} - {"retry_after_s"}
NOTHING = to_row(Failed(kind=FailureKind.TIMEOUT, detail="", timing=Timing(attempts=1)))
ASKED = [case for case in CASES if "#" not in case.name]


@pytest.fixture(scope="module")
def rows() -> Iterator[dict[str, OutcomeRow]]:
    """Ask for them; the rows have the origin's URL as {url}.

    All at once, but those that ask for the host to be left alone: the others are of that host.
    """
    with hostile({case.name: case.script for case in CASES}) as origin:
        alone = [case for case in ASKED if "Retry-After" in repr(case.script)]
        together = [case for case in ASKED if case not in alone]
        rows: dict[str, OutcomeRow] = {}
        for cases in (together, *([case] for case in alone)):
            urls = [f"{origin.url}/{case.name}" for case in cases]
            fetched = fetch_rows(urls, POLICY, concurrency=8)
            names = [case.name for case in cases]
            rows |= dict(zip(names, (_anywhere(row, origin.url) for row in fetched), strict=True))
        yield rows


@pytest.mark.parametrize("case", ASKED, ids=lambda case: f"{case.number}-{case.name}")
def test_the_whole_row_is_right(case: Case, rows: dict[str, OutcomeRow]) -> None:
    """Every column but the seconds, which only have to be there."""
    row: dict[str, Any] = {**rows[case.name]}
    seconds = {name: row.pop(name) for name in SECONDS}
    expected = _whole(case)

    assert {name for name, value in expected.items() if value is ... and row[name] is None} == set()
    assert row == {name: row[name] if value is ... else value for name, value in expected.items()}
    assert all(value is None or 0 <= value < 5 for value in seconds.values())
    assert row["started_at"]


def _whole(case: Case) -> dict[str, Any]:
    """Fill up what a case says with what holds for all."""
    answered = {"final_url": f"{{url}}/{case.name}", "redirects": 0, "remote_ip": "127.0.0.1"}
    whole: dict[str, Any] = {**NOTHING, "detail": None, "started_at": ..., **answered, **case.row}
    return {name: value for name, value in whole.items() if name not in SECONDS}


def _anywhere(row: OutcomeRow, url: str) -> OutcomeRow:
    """Write {url} for the origin's, which has another port each time."""
    texts: Any = {
        name: value.replace(url, "{url}") for name, value in row.items() if isinstance(value, str)
    }
    whole: OutcomeRow = {**row, **texts}
    return whole
