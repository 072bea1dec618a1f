"""What the origin can do, by the first part of the path. Numbers are query parameters.

/page/7?bytes=20000&latency_s=0.1   an HTML page of so many bytes, after so long
/gzip/7?bytes=20000                 the same, compressed
/redirect/3                         three redirects, then a page
/status/404                         that status, with a small page
/loop                               a redirect to itself
/hangup                             the connection is closed without a word
/cut                                fewer bytes than Content-Length promised
/cutgzip                            a compressed body without its end
/endless                            a body without an end
/silent                             no answer at all
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from functools import cache
from typing import Final, TypeAlias
from urllib.parse import parse_qs, urlsplit

_HTML: Final = "text/html; charset=utf-8"
_LONGER_THAN_ANYBODY_WAITS_S: Final = 86_400
_SENTENCE: Final = "<p>Ein Blatt Papier, naïve façade, 21 °C, and the rest of the page.</p>\n"


class Request:
    """A request target, taken apart."""

    def __init__(self, target: str) -> None:
        parts = urlsplit(target)
        self.path = parts.path
        _, self.behaviour, *rest = parts.path.split("/")
        self.argument = rest[0] if rest else ""
        self._query = parse_qs(parts.query)

    def number(self, name: str, default: float) -> float:
        """Return a query parameter."""
        return float(self._query.get(name, [default])[0])


Behaviour: TypeAlias = Callable[[Request, asyncio.StreamWriter], Awaitable[bool]]


async def answer(request: Request, writer: asyncio.StreamWriter) -> bool:
    """Do what the path asks for; return whether the connection may be used again."""
    await asyncio.sleep(request.number("latency_s", 0))
    return await _BEHAVIOURS.get(request.behaviour, _missing)(request, writer)


def html(title: str, size: int) -> bytes:
    """Return a page of exactly `size` bytes of UTF-8, more of them than characters."""
    start = f"<!doctype html><title>{title}</title>\n".encode()
    return (start + _filler(max(0, size - len(start))))[:size]


@cache
def _filler(size: int) -> bytes:
    """Sentences cut at `size` bytes, filled up where the cut went through a character."""
    sentences = _SENTENCE.encode() * (size // len(_SENTENCE) + 1)
    whole = sentences[:size].decode(errors="ignore").encode()
    return whole + b" " * (size - len(whole))


async def _page(request: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, _body(request))
    return True


async def _gzip(request: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, gzip.compress(_body(request)), "Content-Encoding: gzip")
    return True


async def _status(request: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, _body(request), status=f"{request.argument} As Asked")
    return True


async def _missing(_: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, html("nothing here", 200), status="404 Not Found")
    return True


async def _redirect(request: Request, writer: asyncio.StreamWriter) -> bool:
    hops = int(request.argument)
    target = f"/redirect/{hops - 1}" if hops > 1 else "/page/redirected"
    _send(writer, b"", f"Location: {target}", status="302 Found")
    return True


async def _loop(request: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, b"", f"Location: {request.path}", status="302 Found")
    return True


async def _hangup(_: Request, __: asyncio.StreamWriter) -> bool:
    return False


async def _cut(request: Request, writer: asyncio.StreamWriter) -> bool:
    body = _body(request)
    _send(writer, body[: len(body) // 2], promised=len(body))
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    return False


async def _cutgzip(request: Request, writer: asyncio.StreamWriter) -> bool:
    _send(writer, gzip.compress(_body(request))[:-20], "Content-Encoding: gzip")
    return True


async def _endless(_: Request, writer: asyncio.StreamWriter) -> bool:
    writer.write(f"HTTP/1.1 200 OK\r\nContent-Type: {_HTML}\r\n\r\n".encode())
    while not writer.is_closing():
        writer.write(_SENTENCE.encode() * 1000)
        await writer.drain()
    return False


async def _silent(_: Request, __: asyncio.StreamWriter) -> bool:
    await asyncio.sleep(_LONGER_THAN_ANYBODY_WAITS_S)
    return False


def _body(request: Request) -> bytes:
    return html(request.path, int(request.number("bytes", 1000)))


def _send(
    writer: asyncio.StreamWriter,
    body: bytes,
    *headers: str,
    status: str = "200 OK",
    promised: int | None = None,
) -> None:
    length = len(body) if promised is None else promised
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {_HTML}", f"Content-Length: {length}", *headers]
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


_BEHAVIOURS: Final[dict[str, Behaviour]] = {
    "page": _page,
    "gzip": _gzip,
    "status": _status,
    "redirect": _redirect,
    "loop": _loop,
    "hangup": _hangup,
    "cut": _cut,
    "cutgzip": _cutgzip,
    "endless": _endless,
    "silent": _silent,
}
