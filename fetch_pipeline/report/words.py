"""Figures as people write them."""

from __future__ import annotations


def seconds(amount: float) -> str:
    """Write a time as people do: decimals where they matter, minutes where seconds are many."""
    minute, shown = 60, 0.1
    if amount < shown:
        return f"{amount * 1000:.0f} ms"
    if amount >= 10 * minute:
        return f"{amount / minute:.0f} min"
    return f"{amount:.2f} s" if amount < minute / 6 else f"{amount:.1f} s"
