"""A page as a bar on the time axis of its fetch, in the colours of its phases."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple


class Phase(NamedTuple):
    """What a page is busy with for some time."""

    name: str
    colour: str


# In the order in which they come. Blue and orange are told apart by everybody, as are light and
# dark; https://jfly.uni-koeln.de/color/ is where most of them are from.
PHASES: Final = (
    Phase("earlier attempts", "#b9a3d9"),
    Phase("queue", "#a9b2bf"),
    Phase("DNS", "#8c6d31"),
    Phase("connect", "#e69f00"),
    Phase("first byte", "#56a8e8"),
    Phase("download", "#1f9e77"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One page.

    Attributes:
        url: As listed.
        start_s: From the start of the first page to the start of this one.
        phases_s: Seconds in each of `PHASES`, one after the other.
        failed: Its outcome where it has no page; else empty.
    """

    url: str
    start_s: float
    phases_s: tuple[float, ...]
    failed: str

    @property
    def end_s(self) -> float:
        """From the start of the first page to the end of this one."""
        return self.start_s + sum(self.phases_s)

    def segments(self) -> Iterator[tuple[int, float, float]]:
        """Yield the phases that took any time: place in `PHASES`, start and end in seconds."""
        start_s = self.start_s
        for place, phase_s in enumerate(self.phases_s):
            if phase_s > 0:
                yield place, start_s, start_s + phase_s
            start_s += phase_s
