"""Content codings (RFC 9110 §8.4.1), undone from last applied to first, piece by piece."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fetch_pipeline.engine.layers import LAYERS, CodingError

ACCEPT_ENCODING: Final = "gzip, deflate, br, zstd"

_MOST_LAYERS: Final = 3  # curl stops at 5; real servers stack 2 by mistake


class BodyDecoder:
    """Undo all codings of one body, piece by piece.

    Attributes:
        unknown: The coding nobody here knows; the body is then passed on as it came.

    Raises:
        CodingError: More codings are stacked than any honest server would.
    """

    def __init__(self, content_encoding: str | None) -> None:
        parts = (part.strip().lower() for part in (content_encoding or "").split(","))
        names = [name for name in parts if name not in {"", "identity"}]
        if len(names) > _MOST_LAYERS:
            msg = f"{len(names)} content codings on top of each other"
            raise CodingError(msg)
        self.unknown = next((name for name in names if name not in LAYERS), None)
        self._layers = [] if self.unknown else [LAYERS[name]() for name in reversed(names)]
        self._fed = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to, in pieces; iterate to the end before feeding more.

        Raises:
            CodingError: The bytes are not of the coding that was announced.
        """
        self._fed = self._fed or bool(data)
        return self._run(0, data)

    @property
    def complete(self) -> bool:
        """Whether every coding saw its end mark; an empty body has nothing to end."""
        return not self._fed or all(layer.complete for layer in self._layers)

    def _run(self, depth: int, data: bytes) -> Iterator[bytes]:
        if depth == len(self._layers):
            yield data
            return
        for piece in self._layers[depth].feed(data):
            yield from self._run(depth + 1, piece)
