"""Our end of a connection: it bounds the head of a response and notices what nobody asked for."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Iterator
from typing import Any, Final

from aiohttp import ClientError, SocketTimeoutError
from aiohttp.client_proto import ResponseHandler
from aiohttp.http_exceptions import BadStatusLine, HttpProcessingError
from aiohttp.streams import StreamReader

# Of a head, or between two bytes of a body. Browsers: 256 KiB (Chrome), 384 KiB (Firefox).
_LONGEST_FRAMING_BYTES: Final = 256 * 1024
_BLANK_LINE: Final = b"\r\n\r\n"
_HTTP: Final = b"HTTP/"
_TLS_DATA: Final = b"\x17"  # RFC 8446 §5.1
_PEEKED_BYTES: Final = 64


class HeadTooLargeError(HttpProcessingError):
    """The headers, interim responses included, have no end that we wait for."""


class BrokenFramingError(ClientError):
    """What comes after the head is not what the head announced."""


class ConnectionHandler(ResponseHandler):
    """aiohttp's protocol of one connection, stricter in five places.

    - A head may have so many bytes, and take `read_timeout` from its first to its last. Interim
      responses (RFC 9110 §15.2) count: a server can send them for ever.
    - The head is parsed apart from what follows it. In one piece, bytes behind the promised end of
      the body would spoil the response itself (RFC 9112 §6.3).
    - A body whose framing breaks, or is most of it (chunk extensions, trailers), ends with an
      error. aiohttp forgets to wake who waits for it, and keeps endless trailers in memory.
    - Bytes that arrive between responses are remembered: they are not the next response.
    - A connection that breaks is told from one that ends.

    Attributes:
        was_reset: Whether the connection broke instead of ending.
        spoke_unasked: Whether bytes came that no request had asked for.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.was_reset = self.spoke_unasked = False
        self._awaiting_head = False
        self._head_bytes = 0
        self._head_end = b""
        self._head_began: float | None = None
        self._body_bytes = self._framing_bytes = 0

    def set_response_params(self, **params: Any) -> None:  # noqa: ANN401 - aiohttp's own
        """Begin to wait for the response to a new request."""
        self._awaiting_head = True
        self._head_bytes, self._head_end, self._head_began = 0, b"", None
        self._body_bytes = self._framing_bytes = 0
        super().set_response_params(**params)

    def data_received(self, data: bytes) -> None:
        """Hand on what came, the head by itself."""
        # A line end too much is common, and harmless before a status line (RFC 9112 §2.2).
        stray = data.strip(b"\r\n") if self._is_over() else b""
        self.spoke_unasked = self.spoke_unasked or bool(stray)
        body = self._payload
        for piece in self._pieces(data):
            super().data_received(piece)
            body = self._payload or body
            if self.exception():
                break
        if body and not body.is_eof() and not body.exception():
            self._watch(body, len(data))

    def feed_data(self, data: Any, size: int = 0) -> None:  # noqa: ANN401 - aiohttp's own
        """Take a parsed head; interim ones are not what we wait for."""
        message, _ = data
        self._awaiting_head = self._awaiting_head and 100 <= message.code < 200  # noqa: PLR2004
        super().feed_data(data, size)

    def connection_lost(self, exc: BaseException | None) -> None:
        """Note whether the peer closed (no error) or the connection broke."""
        self.was_reset = exc is not None
        super().connection_lost(exc)

    def may_be_used_again(self) -> bool:
        """Tell whether the next request can be sent here: all is quiet, on the socket too.

        The loop may not yet have read what waits in the socket: the end, or stray bytes.
        """
        unread = self._unread()
        # Over TLS only the kind of the record shows: 23 is data, all else the end or housekeeping.
        encrypted = self.transport is not None and self.transport.get_extra_info("ssl_object")
        self.spoke_unasked = self.spoke_unasked or (
            unread is not None
            and (unread.startswith(_TLS_DATA) if encrypted else bool(unread.strip(b"\r\n")))
        )
        return self.is_connected() and not self.should_close and unread is None

    def _watch(self, body: StreamReader, received: int) -> None:
        """End a body whose framing broke, or has no end."""
        moved = body.total_bytes > self._body_bytes
        self._body_bytes = body.total_bytes
        self._framing_bytes = 0 if moved else self._framing_bytes + received
        if self._framing_bytes > _LONGEST_FRAMING_BYTES:
            self._give_up(HttpProcessingError())
        if self.exception():
            body.set_exception(BrokenFramingError("broken HTTP: invalid framing of the body"))

    def _is_over(self) -> bool:
        """Tell whether the response that was asked for has been read to its end."""
        return not self._awaiting_head and (self._payload is None or self._payload.is_eof())

    def _pieces(self, data: bytes) -> Iterator[bytes]:
        """Yield heads one by one, then the rest; no data at all is aiohttp's way to go on."""
        if self._awaiting_head and not self._head_bytes and not _begins_http(data):
            self._give_up(BadStatusLine())
            return
        while self._awaiting_head and data:
            cut = self._cut(data)
            if not self._may_take(cut):
                return
            yield data[:cut]
            data = data[cut:]
            if not data:
                return
        yield data

    def _cut(self, data: bytes) -> int:
        """Return how much of `data` is head; its blank line may have come in two parts."""
        before = len(self._head_end)
        seen = self._head_end + data
        end = seen.find(_BLANK_LINE)
        self._head_end = seen[-len(_BLANK_LINE) + 1 :] if end < 0 else b""
        return end + len(_BLANK_LINE) - before if end >= 0 else len(data)

    def _may_take(self, head_bytes: int) -> bool:
        """Count bytes of a head; give the response up when there are too many, or too late."""
        now = self._loop.time()
        self._head_began = now if self._head_began is None else self._head_began
        self._head_bytes += head_bytes
        if self._head_bytes > _LONGEST_FRAMING_BYTES:
            self._give_up(HeadTooLargeError(message="head too large"))
        elif self._read_timeout and now - self._head_began > self._read_timeout:
            self._give_up(SocketTimeoutError("the head took too long"))
        return not self.exception()

    def _give_up(self, error: Exception) -> None:
        self.set_exception(error)
        if self.transport:
            self.transport.close()

    def _unread(self) -> bytes | None:
        """Return the first bytes that wait in the socket; empty for its end, null for silence."""
        held = self.transport and self.transport.get_extra_info("socket")
        if not held or held.fileno() < 0:
            return b""
        poller = select.poll()
        poller.register(held.fileno(), select.POLLIN)
        return _peek(held.fileno()) if poller.poll(0) else None


def _peek(descriptor: int) -> bytes:
    try:
        with socket.fromfd(descriptor, socket.AF_INET, socket.SOCK_STREAM) as other:
            return other.recv(_PEEKED_BYTES, socket.MSG_PEEK)
    except OSError:  # a reset, or no descriptor left: the connection is of no more use
        return b""


def _begins_http(data: bytes) -> bool:
    """Tell whether these may be the first bytes of a status line.

    aiohttp's parser in Python would wait for the end of the line, and find no word in it.
    """
    start = data.lstrip(b"\r\n")[: len(_HTTP)]
    return start == _HTTP[: len(start)]
