"""What the `<meta>` tags at the start of a page say of its encoding (HTML §13.2.3.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

# A comment, a tag with its attributes, or another declaration; what stands in the quotes of one is
# none of the others. Nothing here is tried twice: a page of blanks or quotes takes no time.
_MARKUP: Final = re.compile(
    rb"""<!--(?:-?>|.*?(?:-->|\Z))
      | <(/?[a-z][^\s/>]*)((?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*)
      | <[!/?][^>]*""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)
_ATTRIBUTE: Final = re.compile(rb"""([^\s/=>"']+)\s*=\s*("[^"]*"|'[^']*'|[^\s>"']+)""")
_IN_CONTENT: Final = re.compile(rb"charset\s*=\s*(?:[\"']\s*)?([^\s;\"']+)", re.IGNORECASE)


def declared_labels(head: bytes) -> Iterator[str]:
    """Yield the labels that the `<meta>` tags in `head` name, in order, known or not."""
    for markup in _MARKUP.finditer(head):
        if (markup[1] or b"").lower() == b"meta":
            label = _label(_attributes(markup[2]))
            if label:
                yield label.decode("ascii", "replace").strip()


def _attributes(tag: bytes) -> dict[bytes, bytes]:
    """Return the attributes of a tag by lower-case name; the first of a name counts."""
    found: dict[bytes, bytes] = {}
    for name, value in _ATTRIBUTE.findall(tag):
        found.setdefault(name.lower(), value.strip(b"\"'"))
    return found


def _label(attributes: dict[bytes, bytes]) -> bytes | None:
    if b"charset" in attributes:
        return attributes[b"charset"]
    if attributes.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    named = _IN_CONTENT.search(attributes.get(b"content", b""))
    return named[1] if named else None
