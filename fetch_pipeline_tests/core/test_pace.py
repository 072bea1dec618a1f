"""What runs must share to be compared."""

from dataclasses import replace
from typing import Any

import pytest

from fetch_pipeline.core.host_headers import HostHeader
from fetch_pipeline.core.pace import pace_sha256
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import Politeness

POLICY, POLITE = FetchPolicy(), Politeness()


@pytest.mark.parametrize(
    "knob",
    [{"total_timeout_s": 61.0}, {"max_attempts": 1}, {"obey_robots": False}, {"revalidate": True}],
)
def test_another_policy_is_another_pace(knob: dict[str, Any]) -> None:
    """It may take longer, or less."""
    assert pace_sha256(replace(POLICY, **knob), POLITE) != pace_sha256(POLICY, POLITE)


@pytest.mark.parametrize(
    "knob", [{"per_host_delay_s": 0.0}, {"per_host_concurrency": None}, {"requests_per_s": 9.0}]
)
def test_another_politeness_is_another_pace(knob: dict[str, Any]) -> None:
    """That is what it is for."""
    assert pace_sha256(POLICY, replace(POLITE, **knob)) != pace_sha256(POLICY, POLITE)


def test_who_asks_does_not_matter() -> None:
    """Nor does a token that is another one every day, which no table may tell anything of."""
    header = HostHeader("https://a.org", "Authorization", "Bearer s3cret")
    ours = replace(POLICY, user_agent="acme/1.0", headers=(header,))

    assert pace_sha256(ours, POLITE) == pace_sha256(POLICY, POLITE)
