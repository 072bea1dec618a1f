"""Text that every table, log and screen can hold."""

from __future__ import annotations

import re
from typing import Final

# C0 and C1 controls (terminals obey them, XML and Parquet readers choke on them) and lone
# surrogates (no UTF-8 form: Unicode 16, D92).
_UNSAFE: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def printable(text: str) -> str:
    """Replace each control character and lone surrogate by U+FFFD."""
    return text if text.isprintable() else _UNSAFE.sub("\N{REPLACEMENT CHARACTER}", text)
