"""Random bytes as responses: never an exception, never a hang, always one row."""

from __future__ import annotations

import gzip
import random
from collections import Counter
from dataclasses import replace

import pytest

from fetch_pipeline.core.outcome import FETCHED, FailureKind
from fetch_pipeline.core.text import printable
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_rows
from fetch_pipeline_tests.hostile_cases import CASES, HTML, chunked, coded, head, redirect, sized
from fetch_pipeline_tests.hostile_origin import Do, Script, Step, hostile

WORDS = {FETCHED, *FailureKind}
PATIENCE = replace(IMPATIENT, read_timeout_s=0.2, total_timeout_s=2, max_redirects=3)
SEEDS = [
    sized(HTML, "Content-Type: text/html; charset=utf-8"),
    head("Transfer-Encoding: chunked") + chunked(HTML[:20], HTML[20:]),
    coded("gzip", gzip.compress(HTML, mtime=0)),
    redirect(b"/0"),
    *(
        b"".join(step for step in case.script if isinstance(step, bytes))
        for case in CASES
        if all(isinstance(step, bytes) and len(step) < 10_000 for step in case.script)
    ),
]
TOKENS = [
    b"\r\n",
    b"\n",
    b"\0",
    b"\xff",
    b":",
    b" ",
    b"HTTP/1.1 200 OK\r\n",
    b"\r\n\r\n",
    b"0",
    b"-",
]
TOKENS += [b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Content-Encoding: br\r\n"]
TOKENS += [b"Location: /1\r\n", b"Set-Cookie: a=b\r\n", b"\x1f\x8b\x08", b"\xc3\x28", b"9" * 30]


def mutate(said: bytes, chance: random.Random) -> bytes:
    """Cut, repeat, insert or overwrite a few places."""
    broken = bytearray(said)
    for _ in range(chance.randrange(1, 5)):
        at, length = chance.randrange(len(broken) + 1), chance.randrange(1, 20)
        match chance.randrange(5):
            case 0:
                del broken[at : at + length]
            case 1:
                broken[at:at] = broken[at : at + length]
            case 2:
                broken[at:at] = chance.choice(TOKENS)
            case 3:
                broken[at : at + length] = chance.randbytes(length)
            case _:
                del broken[at:]
    return bytes(broken)


def script(chance: random.Random) -> Script:
    """Say something broken, in one piece or two, and go on listening, hang up or break off."""
    said = mutate(chance.choice(SEEDS), chance)
    said = chance.randbytes(chance.randrange(300)) if chance.random() < 0.1 else said
    cut = chance.randrange(len(said) + 1)
    pieces: list[list[Step]] = [[said], [said[:cut], Do.WAIT, said[cut:]]]
    ends: list[list[Step]] = [[], [Do.AGAIN], [Do.RESET]]
    return [*chance.choice(pieces), *chance.choice(ends)]


@pytest.mark.parametrize("seed", range(4))
def test_random_responses_make_one_row_each(seed: int) -> None:
    """The same ones each time; whatever comes of them, the fetch goes on to its end."""
    chance = random.Random(seed)  # noqa: S311 - only has to be varied
    scripts = {str(number): script(chance) for number in range(250)}

    with hostile(scripts) as origin:
        rows = fetch_rows([f"{origin.url}/{name}" for name in scripts], PATIENCE, concurrency=50)

    assert len(rows) == len(scripts)
    counted = Counter(row["outcome"] for row in rows)
    assert counted.keys() <= WORDS
    assert counted[FETCHED] > 5
    for row in rows:
        whole = row["outcome"] in {FETCHED, "http_error"}
        assert (row["sha256"] is not None) == whole
        assert row["length"] is None or whole
        assert all(text == printable(text) for text in row.values() if isinstance(text, str))
