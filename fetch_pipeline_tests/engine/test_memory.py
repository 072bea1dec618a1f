"""No single response makes the process grow by more than 64 MB."""

from __future__ import annotations

import gzip
import random
import subprocess
import sys
from collections.abc import Iterator

import brotli
import pytest
from backports import zstd

from fetch_pipeline_tests.hostile_cases import HTML, coded, head, redirect, sized
from fetch_pipeline_tests.hostile_origin import Drip, HostileOrigin, Script, hostile

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="/proc tells the peak since a moment"),
]

MOST_MB = 64
ZEROS = bytes(2**28)
NOISE = random.Random(1).randbytes(9 * 2**20)  # noqa: S311 - only has to be incompressible
WIDEST: dict[int, int] = {zstd.CompressionParameter.window_log: 23}


def wide_br(body: bytes) -> bytes:
    """Compress with the widest window that brotli has."""
    return bytes(brotli.compress(body, quality=3, lgwin=24))


def wide_zstd(body: bytes) -> bytes:
    """Compress with the widest window that the web allows."""
    compressor = zstd.ZstdCompressor(options=WIDEST)
    return compressor.compress(body) + compressor.flush()


SCRIPTS: dict[str, Script] = {
    "gzip": [coded("gzip", gzip.compress(ZEROS))],
    "br": [coded("br", wide_br(ZEROS))],
    "zstd": [coded("zstd", wide_zstd(ZEROS))],
    "three-gzip": [coded("gzip, gzip, gzip", gzip.compress(gzip.compress(gzip.compress(ZEROS))))],
    "three-br": [coded("br, br, br", wide_br(wide_br(wide_br(NOISE))))],
    "three-zstd": [coded("zstd, zstd, zstd", wide_zstd(wide_zstd(wide_zstd(NOISE))))],
    "members": [coded("gzip", gzip.compress(b"x") * 300_000)],
    "endless": [head("Content-Type: text/html"), Drip(b"x" * 10**6, 0)],
    "declarations": [sized(b"<meta " * 1_500_000, "Content-Type: text/html")],
    "headers": [b"HTTP/1.1 200 OK\r\n", Drip(b"X: " + b"y" * 60_000 + b"\r\n", 0)],
    "status-line": [b"HTTP/1.1 200 ", Drip(b"y" * 10**6, 0)],
    "interim": [Drip(head("X: " + "y" * 5000, status="103 Early Hints") * 100, 0)],
    "trailers": [
        head("Transfer-Encoding: chunked") + b"0\r\n",
        Drip(b"X: " + b"y" * 60_000 + b"\r\n", 0),
    ],
    "extension": [head("Transfer-Encoding: chunked") + b"1;", Drip(b"e" * 10**6, 0)],
    "tiny-chunks": [head("Transfer-Encoding: chunked"), Drip(b"1\r\nx\r\n" * 10**5, 0)],
    "cookies-and-slashes": [
        redirect(b"/x" + b"/" * 60_000).replace(
            b"Location", b"Set-Cookie: a=b; Path=/\r\n" * 900 + b"Location"
        )
    ],
}
FETCH = """
import sys
from pathlib import Path
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline_tests.fetching import LOOPBACK, fetch_row

def peak_mb():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024

policy = FetchPolicy(allow_addresses=LOOPBACK, max_attempts=1, total_timeout_s=4)
fetch_row(f"{sys.argv[1]}/page", policy)
Path("/proc/self/clear_refs").write_text("5")  # forget the peak so far (proc(5))
before = peak_mb()
row = fetch_row(f"{sys.argv[1]}/{sys.argv[2]}", policy)
print(row["outcome"], peak_mb() - before)
"""


@pytest.fixture(scope="module")
def origin() -> Iterator[HostileOrigin]:
    """Serve all of them, and a page to warm up on."""
    with hostile({**SCRIPTS, "page": [coded("gzip", gzip.compress(HTML))]}) as running:
        yield running


@pytest.mark.parametrize("name", SCRIPTS)
def test_one_response_takes_little_memory(name: str, origin: HostileOrigin) -> None:
    """In a process of its own, at the default limits."""
    program = [sys.executable, "-c", FETCH, origin.url, name]
    output = subprocess.run(program, capture_output=True, text=True, check=True).stdout

    outcome, grown_mb = output.split()
    assert outcome
    assert float(grown_mb) < MOST_MB
