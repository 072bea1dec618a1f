"""The lines of a text file, decoded one by one, none of them longer than memory allows."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# What people put under the name of a list: gzip, zip (spreadsheets too), Parquet, zstd, bzip2, xz,
# PDF, SQLite, old spreadsheets.
_BINARY: Final = (
    *(b"\x1f\x8b", b"PK\x03\x04", b"PAR1", b"\x28\xb5\x2f\xfd", b"BZh", b"\xfd7zXZ\x00"),
    *(b"%PDF-", b"SQLite format 3\x00", b"\xd0\xcf\x11\xe0"),
)
_SNIFFED_BYTES: Final = 4096


class NoTextError(Exception):
    """The file is not one of lines of text."""


def open_text(file: BinaryIO, newline: str | None) -> io.TextIOWrapper:
    """Decode by byte order mark, else as UTF-8, where a bad byte spoils its own line only.

    Raises:
        NoTextError: The file begins with what is no text; each line of it would be a bad URL.
    """
    buffered = io.BufferedReader(cast("io.RawIOBase", file), _SNIFFED_BYTES)
    start = buffered.peek(_SNIFFED_BYTES)
    encoding = next((name for mark, name in _BOMS if start.startswith(mark)), None)
    if start.startswith(_BINARY):
        msg = "it is no text, but a file of another kind"
        raise NoTextError(msg)
    if not encoding and start.count(0) * 3 > len(start):
        msg = "every other byte is NUL: UTF-16 without its mark? Save it as UTF-8"
        raise NoTextError(msg)
    return io.TextIOWrapper(
        buffered, encoding or "utf-8", errors="surrogateescape", newline=newline
    )


def bounded_lines(text: io.TextIOWrapper, longest: int) -> Iterator[tuple[str, int]]:
    """Yield each line, cut at `longest` characters, and how many it really has, its end included.

    A file without line ends is one line, and may be larger than memory.
    """
    while line := text.readline(longest):
        length = len(line)
        rest = line
        while len(rest) == longest and not rest.endswith(("\n", "\r")):
            rest = text.readline(longest)
            length += len(rest)
        yield line, length
