"""Pictures as text: SVG in a Markdown image, which Dagster's UI shows without asking anybody.

Colours are seen on light and dark ground alike, because an image does not know which it is on.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

SEQUENTIAL: Final = "#8a94a6"
ASYNC: Final = "#3d7eff"
IDEAL: Final = "#2ea36b"
FAILED: Final = "#e5484d"
INK: Final = "#7d8794"

# What a data URI may hold as it is (RFC 3986 §3.3), and Markdown too: that would take "&amp;" for
# "&", and a parenthesis for the end.
_SAFE: Final = "/:='!$*+,;@~"


def svg(width: int, height: int, *parts: str) -> str:
    """Wrap shapes into a picture of so many pixels."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}'"
        f" font-family='sans-serif' font-size='13' fill='{INK}'>{''.join(parts)}</svg>"
    )


def image(about: str, picture: str) -> str:
    """Return the Markdown that shows `picture`."""
    return f"![{about}](data:image/svg+xml,{quote(picture, safe=_SAFE)})"


def text(x: float, y: float, words: str, more: str = "") -> str:
    """Place words; their baseline is at `y`. `more` are further attributes, such as END."""
    escaped = words.replace("&", "&amp;").replace("<", "&lt;")
    return f"<text x='{x:g}' y='{y:g}'{more}>{escaped}</text>"


END: Final = " text-anchor='end'"
MIDDLE: Final = " text-anchor='middle'"
