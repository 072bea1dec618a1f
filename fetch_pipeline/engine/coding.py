"""Content codings (RFC 9110 §8.4.1), undone from last applied to first, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fetch_pipeline.engine.layers import LAYERS, CodingError
from fetch_pipeline.engine.pretence import Suspicious

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"

_MOST_LAYERS: Final = 3  # curl stops at 5; real servers stack 2 by mistake
_NONE: Final = frozenset({"", "identity"})
_FRAMING: Final = "chunked"  # as the last coding of a transfer; undone by now


class BodyDecoder:
    """Undo all codings of one body, piece by piece.

    Args:
        content_encoding: What was done to the representation, first to last.
        transfer_encoding: What was done to it after that, for the transfer (RFC 9112 §7).

    Attributes:
        unknown: The coding nobody here knows; the body is then passed on as it came.

    Raises:
        CodingError: More codings are stacked than any honest server would.
    """

    def __init__(self, content_encoding: str | None, transfer_encoding: str | None = None) -> None:
        transfer = _names(transfer_encoding)
        if transfer[-1:] == [_FRAMING]:
            transfer.pop()
        names = _names(content_encoding) + transfer
        if len(names) > _MOST_LAYERS:
            msg = f"{len(names)} content codings on top of each other"
            raise CodingError(msg)
        self.unknown = next((name for name in names if name not in LAYERS), None)
        undone = [] if self.unknown else list(reversed(names))
        self._layers = [Suspicious(name) for name in undone]
        self._names = undone
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, in pieces; iterate to the end before feeding more.

        Raises:
            CodingError: The bytes are not of the coding that was announced.
        """
        self._fed = self._fed or bool(data)
        return self._run(0, data)

    def finish(self) -> Iterator[bytes]:
        """Yield what was held back until it was sure that nothing follows."""
        for depth, layer in enumerate(self._layers):
            for piece in layer.finish():
                yield from self._run(depth + 1, piece)

    @property
    def complete(self) -> bool:
        """Whether every coding saw its end mark; an empty body has nothing to end."""
        return not self._fed or all(layer.complete for layer in self._layers)

    @property
    def remark(self) -> str | None:
        """What was announced and not found, for people."""
        if self.unknown:
            return "in a content coding that is not known here: bytes as they came"
        plain = [
            name
            for name, layer in zip(self._names, self._layers, strict=True)
            if layer.was_pretence
        ]
        return f"said to be {plain[0]}, but is not" if plain else None

    def _run(self, depth: int, data: bytes) -> Iterator[bytes]:
        if depth == len(self._layers):
            yield data
            return
        for piece in self._layers[depth].feed(data):
            yield from self._run(depth + 1, piece)


def _names(header: str | None) -> list[str]:
    """Return the codings that a header lists, first applied first; identity is none."""
    parts = (part.strip(" \t").lower() for part in (header or "").split(","))
    return [name for name in parts if name not in _NONE]
