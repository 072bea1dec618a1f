"""What decides how fast a list is fetched, besides the list, its hosts and the concurrency."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from typing import Final

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import Politeness

_NO_MATTER: Final = frozenset({"user_agent", "headers"})  # who asks; and headers are secret


def pace_sha256(policy: FetchPolicy, politeness: Politeness) -> str:
    """Return a hash that differs whenever a knob does that runs must share to be compared."""
    knobs = [
        f"{field.name}={getattr(part, field.name)!r}"
        for part in (policy, politeness)
        for field in fields(part)
        if field.name not in _NO_MATTER
    ]
    return hashlib.sha256("\n".join(knobs).encode()).hexdigest()
