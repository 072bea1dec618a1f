"""What a Content-Type header says of a body (RFC 9110 §8.3), and how far it is believed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

_TEXT_TYPES: Final = frozenset(
    {
        "application/ecmascript",
        "application/graphql",
        "application/javascript",
        "application/json",
        "application/rtf",
        "application/toml",
        "application/x-ecmascript",
        "application/x-javascript",
        "application/x-ndjson",
        "application/x-sh",
        "application/x-www-form-urlencoded",
        "application/x-yaml",
        "application/xml",
        "application/xml-dtd",
        "application/yaml",
    }
)
# What servers say of whatever they do not know, letter by letter (MIME Sniffing §5.1).
_DOUBTFUL: Final = frozenset(
    {
        "text/plain",
        "text/plain; charset=ISO-8859-1",
        "text/plain; charset=iso-8859-1",
        "text/plain; charset=UTF-8",
    }
)
_UNKNOWN_TYPES: Final = frozenset({"*/*", "unknown/unknown", "application/unknown"})  # §7
_TEXT_SUFFIXES: Final = ("+json", "+xml", "+yaml")

# A value may be quoted, and then hold anything (RFC 9110 §5.6.6).
_PARAMETER: Final = re.compile(r';\s*([^;=\s]+)\s*=\s*("(?:[^"\\]|\\.)*"?|[^;,]*)')
_UNQUOTED: Final = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentType:
    """A header, taken apart.

    Attributes:
        media_type: In lower case; empty for none, and for those that say nothing.
        charset: Label as written, without quotes; empty for none.
        is_doubtful: Whether servers say this of whatever they do not know.
    """

    media_type: str
    charset: str
    is_doubtful: bool

    @classmethod
    def read(cls, header: str) -> Self:
        """Take `header` apart, as well as it can be."""
        named = header.partition(";")[0].strip().lower()
        media_type = "" if named in _UNKNOWN_TYPES or "/" not in named else named
        return cls(
            media_type=media_type,
            charset=_charset(header),
            is_doubtful=not media_type or header in _DOUBTFUL,
        )

    @property
    def may_be_text(self) -> bool:
        """Whether the type is one of text; without a type, the bytes will tell."""
        return (
            not self.media_type
            or self.media_type.startswith("text/")
            or self.media_type in _TEXT_TYPES
            or self.media_type.endswith(_TEXT_SUFFIXES)
        )


def _charset(content_type: str) -> str:
    """Return the first charset parameter; empty for none."""
    parameters = _PARAMETER.findall(content_type)
    value = next((value for name, value in parameters if name.lower() == "charset"), "")
    unquoted = _UNQUOTED.sub(r"\1", value[1:].removesuffix('"')) if value[:1] == '"' else value
    return unquoted.strip(" \t\r\n'")
