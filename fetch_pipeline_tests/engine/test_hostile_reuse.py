"""What one page leaves on a connection must never become another page."""

from __future__ import annotations

import subprocess
import sys

import pytest

from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.fetching import fetch_rows
from fetch_pipeline_tests.hostile_cases import head, sized
from fetch_pipeline_tests.hostile_origin import Do, Script, hostile

A, B, POISON = sized(b"this is a"), sized(b"this is b"), sized(b"nobody asked for this")
LENGTHS = [len("this is a"), len("this is b")]


@pytest.mark.parametrize(
    "script",
    [
        [A + POISON, Do.AGAIN],
        [A + b"stray", Do.AGAIN],
        [A, Do.WAIT, b"stray", Do.AGAIN],
        [A + b"\r\n", Do.AGAIN],
        [A],
        [A, Do.RESET],
        [A, Do.WAIT, Do.RESET],
        [head("Content-Length: 9") + b"this is a and more", Do.AGAIN],
        [sized(b"this is a", "Connection: close"), POISON],
    ],
    ids=lambda script: " ".join(str(step)[:14] for step in script),
)
@pytest.mark.parametrize("concurrency", [1, 2])
def test_the_next_page_is_its_own(script: Script, concurrency: int) -> None:
    """Whatever came behind the one before it, and whenever; it is nobody's failed attempt."""
    with hostile({"a": script, "b": [B, Do.AGAIN]}) as origin:
        urls = [f"{origin.url}/{name}" for name in ("a", "b", "a?2", "b?2", "a?3", "b?3")]
        rows = fetch_rows(urls, concurrency=concurrency)

    assert [row["length"] for row in rows] == LENGTHS * 3
    assert {row["attempts"] for row in rows} == {1}


def test_a_used_connection_that_dies_under_a_request_is_no_attempt() -> None:
    """The server's keep-alive ended while the request was on its way (RFC 9112 §9.3.1)."""
    with hostile({"a": [A, Do.AGAIN], "b": [Do.RESET], "b#2": [B]}) as origin:
        rows = fetch_rows([f"{origin.url}/a", f"{origin.url}/b"], concurrency=1)

    assert [row["length"] for row in rows] == LENGTHS
    assert rows[1]["attempts"] == 1
    assert len(origin.heads["b"]) == 2


def test_a_line_end_too_much_costs_no_connection() -> None:
    """Many servers send one; nothing of it can become a page."""
    with hostile({"a": [A + b"\r\n", Do.AGAIN], "b": [B, Do.WAIT, b"\r\n", Do.AGAIN]}) as origin:
        rows = fetch_rows([f"{origin.url}/{name}" for name in ("b", "a", "b?2")], concurrency=1)

    assert [row["outcome"] for row in rows] == ["fetched"] * 3


def test_silence_on_a_used_connection_is_waited_for_once() -> None:
    """It says nothing about the connection, and twice the limit is not the limit."""
    with hostile({"a": [A, Do.AGAIN], "b": [Do.HANG]}) as origin:
        _, row = fetch_rows([f"{origin.url}/a", f"{origin.url}/b"], concurrency=1)

    assert row["outcome"] == "timeout"
    assert len(origin.heads["b"]) == 1


def test_a_used_connection_is_forgiven_once_only() -> None:
    """On a new one the failure is the page's own."""
    with hostile({"a": [A, Do.AGAIN], "b": [b"garbage"]}) as origin:
        rows = fetch_rows([f"{origin.url}/a", f"{origin.url}/b"], concurrency=1)

    assert [row["outcome"] for row in rows] == ["fetched", "protocol_error"]
    assert len(origin.heads["b"]) == 2


FEW_DESCRIPTORS = """
import os, resource, sys
from collections import Counter
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_rows

# What the loop, the pool of resolver threads and eight sockets need.
limit = len(os.listdir("/proc/self/fd")) + 12
resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
rows = fetch_rows([f"{sys.argv[1]}/page/{n}?latency_s=0.05" for n in range(100)], concurrency=40)
print(Counter((row["outcome"], row["attempts"]) for row in rows))
"""


def test_a_page_waits_for_a_file_descriptor(origin: Origin) -> None:
    """That there is none is no fault of the page: it is not even an attempt."""
    program = [sys.executable, "-c", FEW_DESCRIPTORS, origin.url]
    output = subprocess.run(program, capture_output=True, text=True, check=True).stdout

    assert output == "Counter({('fetched', 1): 100})\n"
