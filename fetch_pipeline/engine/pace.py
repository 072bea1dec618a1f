"""How slow a body may come."""

from __future__ import annotations

from fetch_pipeline.core.policy import FetchPolicy


class TooSlowError(TimeoutError):
    """The body came more slowly than the policy waits for: a drip can hold a worker for hours."""


class Pace:
    """Averages over windows of `read_timeout_s`, as curl's --speed-limit does over --speed-time.

    Only time spent waiting counts: a decoder of ours that is busy is not the server's fault.
    """

    def __init__(self, policy: FetchPolicy) -> None:
        self._least, self._window_s = policy.min_bytes_per_s, policy.read_timeout_s
        self._waited_s = 0.0
        self._bytes = 0

    def note(self, count: int, waited_s: float) -> None:
        """Book `count` bytes that were waited for.

        Raises:
            TooSlowError: A whole window brought fewer than it must.
        """
        self._waited_s += waited_s
        self._bytes += count
        if self._waited_s < self._window_s:
            return
        if self._bytes < self._least * self._waited_s:
            msg = f"fewer than min_bytes_per_s={self._least} over {self._window_s:g} s"
            raise TooSlowError(msg)
        self._waited_s, self._bytes = 0.0, 0
