"""A line in the log now and then, and a bar on a terminal."""

from __future__ import annotations

import os
import pty
import re
import sys
import termios
from itertools import count
from pathlib import Path

import pytest

from fetch_pipeline.core.progress import Progress
from fetch_pipeline.defs import progress
from fetch_pipeline.defs.progress import LINE_EVERY_S, telling


def at(ended: int) -> Progress:
    """Make the progress of a fetch."""
    return Progress(ended=ended, in_flight=1, courtesy_s=0.0)


def test_the_log_gets_a_line_every_few_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the progress is told: here once a second, by a clock of our own."""
    seconds = count(0.0, 1.0)
    monkeypatch.setattr(progress, "monotonic", lambda: next(seconds))
    lines: list[str] = []

    with telling(lines.append, urls=100, done=10) as tell:
        for number in range(1, 13):
            tell(at(number))

    assert [line.partition(",")[0] for line in lines] == ["15 of 100 pages", "20 of 100 pages"]
    assert LINE_EVERY_S == 5.0


def test_a_terminal_gets_a_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was done before, and the end."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with open(theirs, "w", encoding="utf-8") as terminal:  # noqa: PTH123 - a descriptor
        monkeypatch.setattr(sys, "stderr", terminal)
        with telling(lambda _: None, urls=100, done=10) as tell:
            tell(at(90))
        shown = b""
        while b"100/100" not in shown:  # a terminal hands on what it likes; never is a timeout
            shown += os.read(ours, 100_000)
    os.close(ours)


def test_a_file_gets_none(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A bar in a log is a thousand lines."""
    log = tmp_path / "log"
    with log.open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stderr", file)
        with telling(lambda _: None, urls=100, done=0) as tell:
            tell(at(100))

    assert not re.search(r"\S", log.read_text(encoding="utf-8"))
