"""How many characters a body has, without ever holding it.

The order is the one of the HTML standard (§13.2.3) and of WHATWG Encoding's "decode":
byte order mark, Content-Type header, `<meta>`, XML declaration, strict UTF-8, windows-1252.
Labels count only if WHATWG lists them: Python's codecs also know `zlib`, `idna` and `utf-7`.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import Final

import webencodings

from fetch_pipeline.engine.content_type import ContentType
from fetch_pipeline.engine.prescan import declared_labels
from fetch_pipeline.engine.sniff import has_binary, is_other_media

PRESCAN_BYTES: Final = 4096
"""What is looked at for a declaration; HTML asks for 1024 and lets clients look further."""

_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16le"),
    (codecs.BOM_UTF16_BE, "utf-16be"),
)

# An XML declaration that can only be read as what it is (HTML §13.2.3.2, XML appendix F).
_WIDE_XML: Final = ((b"<\0?\0x\0", "utf-16le"), (b"\0<\0?\0x", "utf-16be"))

# Where a decoder gives up (below), the length must not depend on how the network cut the page.
_BLOCK_BYTES: Final = {"iso-2022-jp": 4096}

# WHATWG's decoders know more characters than Python's codecs of the same name.
_WIDER_CODECS: Final = {
    "gbk": "gb18030",  # Encoding §10.1.1: the very same decoder
    "euc-jp": "euc_jis_2004",  # NEC's and IBM's rows
    "iso-2022-jp": "iso2022_jp_ext",  # half-width katakana
}

_XML: Final = re.compile(rb"\A\s*<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A whole body as text.

    Attributes:
        length: Characters (Unicode code points); a byte order mark is none.
        charset: WHATWG name of the encoding.
        source: bom, header, meta, xml, utf-8 or fallback.
    """

    length: int
    charset: str
    source: str


class TextCounter:
    """Count the characters of a body while it streams by.

    Holds the first `PRESCAN_BYTES` until it is known what they are, and nothing after that.
    """

    def __init__(self, content_type: str | None) -> None:
        self._type = ContentType.read(content_type or "")
        self._held = bytearray()
        self._count: _Count | None = None
        self._binary = not self._type.may_be_text

    def feed(self, piece: bytes) -> None:
        """Take the next decoded bytes."""
        if not self._binary and not self._count:
            piece = self._hold(piece)
        if self._count:
            self._count.feed(piece)

    def finish(self) -> Text | None:
        """Return what the whole body was; null when it was not text."""
        if not self._binary and not self._count:
            self._begin()
        return self._count.finish() if self._count else None

    def _hold(self, piece: bytes) -> bytes:
        """Keep what belongs to the prescan, however the network cut it; return the rest."""
        wanted = PRESCAN_BYTES - len(self._held)
        self._held += piece[:wanted]
        if len(self._held) == PRESCAN_BYTES:
            self._begin()
        return piece[wanted:]

    def _begin(self) -> None:
        head = bytes(self._held)
        self._held.clear()
        bom = next(((mark, name) for mark, name in _BOMS if head.startswith(mark)), None)
        if not bom and self._is_no_text(head):
            self._binary = True
            return
        self._count = self._choose(head, bom)
        self._count.feed(head.removeprefix(bom[0]) if bom else head)

    def _is_no_text(self, head: bytes) -> bool:
        """Tell whether the bytes contradict the type; a doubtful one needs the least proof."""
        doubtful = self._type.is_doubtful and not _wide_xml(head)
        return is_other_media(head) or (doubtful and has_binary(head))

    def _choose(self, head: bytes, bom: tuple[bytes, str] | None) -> _Count:
        if bom:
            return _Declared(bom[1], "bom")
        if name := _known(self._type.charset):
            return _Declared(name, "header")
        if name := _wide_xml(head):
            return _Declared(name, "xml")
        if self._may_declare("html") and (name := _of_meta(head)):
            return _Declared(_readable_by_ascii(name), "meta")
        if self._may_declare("html", "xml") and (name := _of_xml(head)):
            return _Declared(_readable_by_ascii(name), "xml")
        return _Guessed()

    def _may_declare(self, *languages: str) -> bool:
        media_type = self._type.media_type
        return not media_type or any(language in media_type for language in languages)


def _of_meta(head: bytes) -> str | None:
    """Return the encoding that the first usable `<meta>` declares."""
    return next(filter(None, map(_known, declared_labels(head))), None)


def _known(label: str) -> str | None:
    """Return WHATWG's name for `label`; null for labels it does not list or tells to refuse."""
    encoding = webencodings.lookup(label) if label.isascii() else None
    return str(encoding.name) if encoding and encoding.name != "replacement" else None


def _of_xml(head: bytes) -> str | None:
    """Return the encoding that an XML declaration names."""
    found = _XML.search(head)
    return _known(found[1].decode("ascii", "replace")) if found else None


def _wide_xml(head: bytes) -> str | None:
    return next((name for mark, name in _WIDE_XML if head.startswith(mark)), None)


def _readable_by_ascii(name: str) -> str:
    """Correct a declaration that could not have been read if it were true (HTML §13.2.3.2)."""
    return {"utf-16le": "utf-8", "utf-16be": "utf-8", "x-user-defined": "windows-1252"}.get(
        name, name
    )


class _Declared:
    """Counts in an encoding that somebody named; bad bytes count as U+FFFD, as in browsers."""

    def __init__(self, name: str, source: str) -> None:
        self._name, self._source = name, source
        other = _WIDER_CODECS.get(name)
        self._codec = codecs.lookup(other) if other else webencodings.lookup(name).codec_info
        self._decoder = self._codec.incrementaldecoder(errors="replace")
        self._block = _BLOCK_BYTES.get(name, 0)
        self._waiting = b""
        self._length = 0

    def feed(self, piece: bytes) -> None:
        if not self._block:
            self._decode(piece, final=False)
            return
        self._waiting += piece
        whole = len(self._waiting) - len(self._waiting) % self._block
        for at in range(0, whole, self._block):
            self._decode(self._waiting[at : at + self._block], final=False)
        self._waiting = self._waiting[whole:]

    def finish(self) -> Text:
        self._decode(self._waiting, final=True)
        return Text(length=self._length, charset=self._name, source=self._source)

    def _decode(self, piece: bytes, *, final: bool) -> None:
        try:
            self._length += len(self._decoder.decode(piece, final))
        except UnicodeError:  # ISO-2022-JP "replaces" until its buffer of 8 bytes is full
            self._decoder.reset()
            self._length += len(self._codec.decode(piece, "replace")[0])


class _Guessed:
    """Counts as UTF-8, and as windows-1252 from the first byte that is not.

    Nothing needs to be read again: windows-1252 has one character per byte.
    """

    def __init__(self) -> None:
        self._decoder: codecs.IncrementalDecoder | None = codecs.getincrementaldecoder("utf-8")()
        self._length = self._bytes = 0

    def feed(self, piece: bytes) -> None:
        self._bytes += len(piece)
        self._decode(piece, final=False)

    def finish(self) -> Text:
        self._decode(b"", final=True)
        if self._decoder:
            return Text(length=self._length, charset="utf-8", source="utf-8")
        return Text(length=self._bytes, charset="windows-1252", source="fallback")

    def _decode(self, piece: bytes, *, final: bool) -> None:
        if not self._decoder:
            return
        try:
            self._length += len(self._decoder.decode(piece, final))
        except UnicodeDecodeError:
            self._decoder = None


_Count = _Declared | _Guessed
