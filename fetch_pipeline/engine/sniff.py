"""What a body is by its first bytes, where headers may lie (https://mimesniff.spec.whatwg.org)."""

from __future__ import annotations

import codecs
import re
from typing import Final

# §6 and §7.1: the patterns that hardly any text begins with, whatever the header says.
_SIGNATURES: Final = re.compile(
    rb"\x89PNG\r\n\x1a\n|\xff\xd8\xff[\xdb\xe0-\xef]|GIF8[79]a|RIFF....(?:WEBPVP|AVI |WAVE)"
    rb"|\x00\x00[\x01\x02]\x00"
    rb"|%PDF-|OggS\x00|\x1aE\xdf\xa3|MThd\x00\x00\x00\x06|\x00\x00..ftyp"
    rb"|\x1f\x8b\x08|PK\x03\x04|Rar!\x1a\x07|7z\xbc\xaf\x27\x1c|\x28\xb5\x2f\xfd|\xfd7zXZ\x00"
    rb"|wOF[F2]|\x00\x01\x00\x00|OTTO\x00|\x00asm|\x7fELF|SQLite format 3\x00|PAR1[\x15\x19]",
    re.DOTALL,
)
# What text never contains (§3, binary data byte).
_BINARY: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")


def is_other_media(start: bytes) -> bool:
    """Tell whether a body begins as pictures, archives, fonts and programs do."""
    return _SIGNATURES.match(start) is not None


def has_binary(start: bytes) -> bool:
    """Tell whether there are bytes that text in an encoding based on ASCII does not contain."""
    return _BINARY.search(start) is not None


def looks_like_text(start: bytes) -> bool:
    """Tell whether these are clearly the first bytes of text: UTF-8 without control characters."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return False
    return bool(text) and not has_binary(start) and "\x1b" not in text and "\x7f" not in text
