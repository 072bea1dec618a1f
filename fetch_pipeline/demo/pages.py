"""The list of the demo: pages of varied size and latency, and some that fail, each differently."""

from __future__ import annotations

import random
import socket
from contextlib import suppress
from typing import Final

from fetch_pipeline.demo.origin import HOST

_PAGES: Final = 34
_PORTS: Final = range(18080, 18180)  # below Linux's ephemeral ports: no outgoing socket takes one

_FAILURES: Final = (
    "/status/404",
    "/status/500",
    "/hangup",
    "/cut?bytes=40000",
    "/cutgzip?bytes=40000",
    "/endless",
    "/loop",
    "/silent",
)


def free_port(ports: range = _PORTS) -> int:
    """Return a port the demo can have: the same as last time, unless somebody else took it.

    Raises:
        OSError: All of them are taken.
    """
    for port in ports:
        with socket.socket() as candidate, suppress(OSError):
            candidate.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the origin will
            candidate.bind((HOST, port))
            return port
    msg = f"no free port for the demo on {HOST} from {ports.start} to {ports.stop - 1}"
    raise OSError(msg)


def demo_urls(url: str) -> list[str]:
    """Return the URLs of the demo on the origin at `url`, always the same ones."""
    chance = random.Random(2119)  # noqa: S311 - only has to look natural, and the same each time
    pages = [
        f"{url}/{chance.choice(['page', 'page', 'gzip'])}/{number:02}"
        f"?bytes={round(chance.lognormvariate(9.5, 1))}"
        f"&latency_s={min(0.25, 0.04 + chance.expovariate(20)):.3f}"
        for number in range(_PAGES)
    ]
    others = [*(url + path for path in _FAILURES), f"{url}/redirect/2", "not a URL", pages[0]]
    for other in others:
        pages.insert(chance.randrange(len(pages)), other)
    return pages
