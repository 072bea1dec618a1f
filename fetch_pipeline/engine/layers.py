"""One class per content coding; each undoes it within bounds.

Rules of this file:

1. A layer yields pieces of `PIECE_BYTES` at most (brotli: less than twice that); what was not asked
   for is not inflated. Whoever stops iterating stops a decompression bomb.
2. `complete` is true only after the end that the format itself marks. aiohttp, curl and browsers
   take a gzip body that was cut in the middle for a whole one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from typing import Final, Protocol

import brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

PIECE_BYTES: Final = 256 * 1024

_MOST_MEMBERS: Final = 1024  # gzip members or zstd frames; aiohttp's number
_GZIP: Final = 16 + zlib.MAX_WBITS  # zlib's way to ask for the gzip wrapper
GZIP_MAGIC: Final = (b"\x1f\x8b",)  # RFC 1952 §2.3.1
# RFC 8878 §3.1: a frame, and the sixteen kinds of skippable ones.
ZSTD_MAGIC: Final = (
    b"\x28\xb5\x2f\xfd",
    *(bytes([first]) + b"\x2a\x4d\x18" for first in range(0x50, 0x60)),
)
_ZLIB_HEADER_BYTES: Final = 2  # RFC 1950 §2.2
_ZSTD_WINDOW_LOG: Final = 23  # RFC 9659 §3: 8 MB is what a client must offer on the web


class CodingError(Exception):
    """The body is not what its Content-Encoding says."""


class Layer(Protocol):
    """Undoes one coding; may hold back input until it is asked for more."""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to; iterate to the end before feeding more."""

    @property
    def complete(self) -> bool:
        """Whether the end that the format marks was seen."""


class _Zlib:
    """Gzip and deflate share zlib; only what stands around the stream differs."""

    def __init__(self, wbits: int) -> None:
        self._stream = zlib.decompressobj(wbits)

    @property
    def complete(self) -> bool:
        return self._stream.eof

    def _inflate(self, data: bytes) -> Iterator[bytes]:
        while not self._stream.eof:
            try:
                piece = self._stream.decompress(data, PIECE_BYTES)
            except zlib.error as error:
                raise CodingError(str(error)) from error
            data = self._stream.unconsumed_tail
            if piece:
                yield piece
            if not data and len(piece) < PIECE_BYTES:  # a full piece: zlib may hold back more
                return


class _Behind:
    """What stands behind a member: another one, or nothing that counts, as for gzip(1).

    Args:
        magic: What another member may begin with, all of one length.
    """

    def __init__(self, magic: tuple[bytes, ...]) -> None:
        self._magic = magic
        self._held = b""
        self._members = 1
        self.over = False

    def take(self, data: bytes) -> bytes:
        """Return the bytes of another member, once it is sure that there is one."""
        self._held += data
        if len(self._held) < len(self._magic[0]):
            return b""
        self.over = not self._held.startswith(self._magic)
        if self.over:
            return b""
        self._members += 1
        if self._members > _MOST_MEMBERS:
            msg = f"more than {_MOST_MEMBERS} members"
            raise CodingError(msg)
        member, self._held = self._held, b""
        return member


class _Gzip(_Zlib):
    """One or more members (RFC 1952 §2.2)."""

    def __init__(self) -> None:
        super().__init__(_GZIP)
        self._behind = _Behind(GZIP_MAGIC)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._behind.over:
            if self._stream.eof:
                data = self._behind.take(data)
                self._stream = zlib.decompressobj(_GZIP) if data else self._stream
            yield from self._inflate(data)
            data = self._stream.unused_data if data else b""


class _Deflate(_Zlib):
    """The zlib format (RFC 1950), or what servers send under its name: raw deflate, or gzip."""

    def __init__(self) -> None:
        super().__init__(zlib.MAX_WBITS)
        self._held: bytes | None = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        if self._held is not None:
            data = self._held + data
            self._held = None if len(data) >= _ZLIB_HEADER_BYTES else data
            if self._held is not None:
                return
            if data.startswith(GZIP_MAGIC):  # no raw stream begins so: block type 3 is reserved
                self._stream = zlib.decompressobj(_GZIP)
            elif not _has_zlib_header(data):
                self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
        yield from self._inflate(data)


def _has_zlib_header(data: bytes) -> bool:
    """RFC 1950 §2.2: method 8, and a check that makes the two bytes a multiple of 31."""
    return data[0] & 0x0F == zlib.DEFLATED and int.from_bytes(data[:2], "big") % 31 == 0


class _Brotli:
    def __init__(self) -> None:
        self._stream = brotli.Decompressor()

    @property
    def complete(self) -> bool:
        return bool(self._stream.is_finished())

    def feed(self, data: bytes) -> Iterator[bytes]:
        while not self._stream.is_finished():
            try:
                piece = self._stream.process(data, output_buffer_limit=PIECE_BYTES)
            except brotli.error as error:
                raise CodingError(str(error)) from error
            data = b""
            if not piece:  # can_accept_more_data() is also true while it holds back output
                return
            yield piece


class _Zstd:
    """One or more frames (RFC 8878 §3.1)."""

    def __init__(self) -> None:
        self._stream = _zstd_stream()
        self._behind = _Behind(ZSTD_MAGIC)

    @property
    def complete(self) -> bool:
        return bool(self._stream.eof)

    def feed(self, data: bytes) -> Iterator[bytes]:
        while data and not self._behind.over:
            if self._stream.eof:
                data = self._behind.take(data)
                self._stream = _zstd_stream() if data else self._stream
            if data:
                yield from self._inflate(data)
                data = self._stream.unused_data

    def _inflate(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._stream.decompress(data, PIECE_BYTES)
            except zstd.ZstdError as error:
                raise CodingError(str(error)) from error
            data = b""
            if piece:
                yield piece
            if self._stream.eof or self._stream.needs_input:
                return


def _zstd_stream() -> zstd.ZstdDecompressor:
    window: int = zstd.DecompressionParameter.window_log_max
    return zstd.ZstdDecompressor(options={window: _ZSTD_WINDOW_LOG})


LAYERS: Final[dict[str, type[Layer]]] = {
    "gzip": _Gzip,
    "x-gzip": _Gzip,  # RFC 9110 §8.4.1.3
    "deflate": _Deflate,
    "br": _Brotli,  # RFC 7932
    "zstd": _Zstd,  # RFC 8878
}
"""The codings of the web, by the names of the IANA registry (RFC 9110 §8.4.1), in lower case."""
