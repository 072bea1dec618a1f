"""The ticks of an axis of time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

_UNITS: Final = ((3600, "h"), (60, "min"), (1, "s"), (0.001, "ms"))
_MOST_TICKS: Final = 8
_FEWEST_OF_A_UNIT: Final = 2  # an axis of 100 s is better read in seconds than in minutes


def ticks(span_s: float) -> Iterator[tuple[float, str]]:
    """Yield round times from 0 to `span_s`, in seconds and as words; all in the same unit.

    Round is 1, 2 or 5 times a power of ten. There are three ticks at least, and nine at most.

    Args:
        span_s: More than 0.
    """
    unit_s, name = next(
        (unit for unit in _UNITS if span_s >= _FEWEST_OF_A_UNIT * unit[0]), _UNITS[-1]
    )
    span = span_s / unit_s
    steps = (float(f"{digit}e{power}") for power in range(-9, 12) for digit in (1, 2, 5))
    step = next(step for step in steps if span / step <= _MOST_TICKS)
    for number in range(int(span / step + 1e-9) + 1):
        yield number * step * unit_s, f"{number * step:.10g} {name}"
