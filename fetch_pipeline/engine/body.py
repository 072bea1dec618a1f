"""Reading one body: in pieces, within both caps, to the end that was promised."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Iterator
from time import perf_counter

from fetch_pipeline.core.outcome import Body
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.engine.attempt import Attempt
from fetch_pipeline.engine.charset import TextCounter
from fetch_pipeline.engine.coding import BodyDecoder
from fetch_pipeline.engine.pace import Pace
from fetch_pipeline.engine.session import PageResponse


class TooLargeError(Exception):
    """The body passed a cap of the policy."""


class CutBodyError(Exception):
    """The transfer seemed to end well, but the body is not whole."""


async def read_body(response: PageResponse, attempt: Attempt, policy: FetchPolicy) -> Body:
    """Read the whole body and return what it was; `attempt.body` tells how far it came meanwhile.

    Memory: one piece at a time, whatever the size of the page.

    Raises:
        TooLargeError: A cap was passed; nothing more is read.
        TooSlowError: It came more slowly than `min_bytes_per_s`.
        CutBodyError: The content coding did not reach its end, or the connection broke.
        CodingError: The body is not what its Content-Encoding says.
        aiohttp.ClientError, TimeoutError: As `engine.classify` lists them.
    """
    reader, pace = _Reader(response, policy, keep=attempt.text), Pace(policy)
    try:
        asked = perf_counter()
        while chunk := await response.content.readany():
            pace.note(len(chunk), perf_counter() - asked)
            for _ in reader.take(chunk):
                await asyncio.sleep(0)  # a few bytes may be megabytes; others want the loop too
            asked = perf_counter()
    finally:
        attempt.body = reader.partial()
    if response.was_reset():
        msg = "the connection was reset before the end of the body"
        raise CutBodyError(msg)
    attempt.body = reader.whole()
    return attempt.body


class _Reader:
    """The sums and hashes of a body that streams by."""

    def __init__(
        self, response: PageResponse, policy: FetchPolicy, *, keep: bytearray | None
    ) -> None:
        self._policy = policy
        self._keep = keep
        self._decoder = BodyDecoder(
            response.header_list("Content-Encoding"), response.header_list("Transfer-Encoding")
        )
        self._text = TextCounter(response.headers.get("Content-Type"))
        self._digest = hashlib.sha256()
        self._wire_bytes = self._body_bytes = 0

    def take(self, chunk: bytes) -> Iterator[None]:
        """Count what `chunk` decodes to, one piece at each step of the iteration."""
        self._wire_bytes += len(chunk)
        if self._wire_bytes > self._policy.max_wire_bytes:
            msg = f"more than max_wire_bytes={self._policy.max_wire_bytes} transferred"
            raise TooLargeError(msg)
        yield from self._count(self._decoder.feed(chunk))

    def _count(self, pieces: Iterable[bytes]) -> Iterator[None]:
        for piece in pieces:
            self._body_bytes += len(piece)
            if self._keep is not None:
                self._keep += piece
            if self._body_bytes > self._policy.max_body_bytes:
                msg = f"more than max_body_bytes={self._policy.max_body_bytes} after decoding"
                raise TooLargeError(msg)
            self._digest.update(piece)
            self._text.feed(piece)
            yield

    def partial(self) -> Body:
        return Body(wire_bytes=self._wire_bytes, body_bytes=self._body_bytes)

    def whole(self) -> Body:
        for _ in self._count(self._decoder.finish()):
            pass
        if not self._decoder.complete:
            msg = f"the compressed body ends early, after {self._wire_bytes} bytes"
            raise CutBodyError(msg)
        text = None if self._decoder.unknown else self._text.finish()
        return Body(
            wire_bytes=self._wire_bytes,
            body_bytes=self._body_bytes,
            sha256=self._digest.hexdigest(),
            remark=self._decoder.remark,
            length=text.length if text else None,
            charset=text.charset if text else None,
            charset_source=text.source if text else None,
        )
