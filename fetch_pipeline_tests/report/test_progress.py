"""The progress in one line."""

from __future__ import annotations

from dataclasses import replace

import pytest

from fetch_pipeline.core.progress import Progress
from fetch_pipeline.report.progress import progress_line

HALF = Progress(
    ended=500,
    in_flight=64,
    courtesy_s=3.0,
    slowest_host="http://a.org",
    slowest_waiting=40,
    slowest_s=20.0,
)


def test_the_line_tells_how_far_how_fast_and_how_long() -> None:
    """With what was done before, which costs no time any more."""
    line = progress_line(HALF, urls=2100, done=100, after_s=10.0)

    assert line == (
        "600 of 2100 pages, 50.0/s, 64 in flight, "
        "slowest host http://a.org with 40 waiting, about 30.0 s left"
    )


def test_the_slowest_host_may_be_what_is_waited_for() -> None:
    """Pages per second say nothing when one host has the rest of them."""
    line = progress_line(replace(HALF, slowest_s=1200), urls=600, done=0, after_s=10.0)

    assert line.endswith("about 20 min left")


@pytest.mark.parametrize("after_s", [0.0, 5.0])
def test_without_a_page_nothing_is_foretold(after_s: float) -> None:
    """Nor divided by zero."""
    nothing = Progress(ended=0, in_flight=3, courtesy_s=0.0)

    line = progress_line(nothing, urls=9, done=0, after_s=after_s)

    assert line == "0 of 9 pages, 0.0/s, 3 in flight, no page yet"
