"""How far a fetch has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A fetch at one moment.

    Attributes:
        ended: Targets that got their outcome from it so far.
        in_flight: Requests that are under way.
        courtesy_s: Longest that one host had to take so far, within its limits.
        slowest_host: The one whose waiting pages will take longest; empty when none waits.
        slowest_waiting: How many wait for it.
        slowest_s: Seconds they will need, for all that is known of the host.
    """

    ended: int
    in_flight: int
    courtesy_s: float
    slowest_host: str = ""
    slowest_waiting: int = 0
    slowest_s: float = 0.0


Watch: TypeAlias = Callable[[Progress], None]
"""Takes the progress, every second or so and at the end."""
