"""Looking into pictures."""

from __future__ import annotations

from urllib.parse import unquote
from xml.etree import ElementTree as ET


def drawn(markdown: str) -> ET.Element:
    """Return an inline picture, which must be well-formed after what Markdown does to it."""
    picture = markdown.partition("data:image/svg+xml,")[2].removesuffix(")")
    assert "&" not in picture, "Markdown would take it for an entity"
    return ET.fromstring(unquote(picture))


def words(markdown: str) -> list[str]:
    """Return the texts of a picture, in the order they are drawn."""
    return ["".join(text.itertext()) for text in drawn(markdown).iter(f"{SVG}text")]


def strokes(markdown: str, colour: str) -> list[str]:
    """Return the strokes of a colour, each from where it starts."""
    paths = [path for path in drawn(markdown).iter() if path.get("stroke") == colour]
    return [bar for path in paths for bar in (path.get("d") or "").split("M")[1:]]


SVG = "{http://www.w3.org/2000/svg}"
