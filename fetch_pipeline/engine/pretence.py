"""Codings that were announced and never applied.

Servers and caches that lose the compression and keep its header are common; so is the header twice
for one compression. What a body is, its first bytes tell.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fetch_pipeline.engine.layers import GZIP_MAGIC, LAYERS, ZSTD_MAGIC, Layer
from fetch_pipeline.engine.sniff import looks_like_text

# Enough to be sure: compressed bytes are no text, and at most one in 10^9 blocks looks like it.
_ENOUGH_BYTES: Final = 64

# These begin with a number, so there is no doubt.
_MAGIC: Final = {"gzip": GZIP_MAGIC, "x-gzip": GZIP_MAGIC, "zstd": ZSTD_MAGIC}


class Suspicious:
    """One layer, or none where the body turns out not to be in its coding.

    Brotli and deflate have no magic number, and worse: many a text decodes to a few bytes of
    nonsense. There, a body that clearly is text counts as such. A coded body that is damaged later
    is an error.

    Attributes:
        was_pretence: Whether the coding was not there.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._layer: Layer = LAYERS[name]()
        self._held: bytes | None = b""
        self.was_pretence = False

    @property
    def complete(self) -> bool:
        """Whether the end was seen that the coding marks; a plain body has none."""
        return self.was_pretence or self._layer.complete

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Yield what `data` decodes to; iterate to the end before feeding more."""
        if self._held is not None:
            self._held += data
            if len(self._held) >= _ENOUGH_BYTES:
                yield from self.finish()
        elif self.was_pretence:
            yield data
        else:
            yield from self._layer.feed(data)

    def finish(self) -> Iterator[bytes]:
        """Yield what a body decodes to that was too short to tell at once what it is."""
        held, self._held = self._held, None
        if held:
            self.was_pretence = not _is_coded(self._name, held)
            yield from self.feed(held)


def _is_coded(name: str, start: bytes) -> bool:
    if name in _MAGIC:
        return any(start[: len(magic)] == magic[: len(start)] for magic in _MAGIC[name])
    # A single byte can be a whole brotli body, and the first of any.
    return len(start) == 1 or not looks_like_text(start)
