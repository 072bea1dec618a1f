"""The policy and its fingerprint."""

from dataclasses import fields
from ipaddress import ip_network

import pytest

from fetch_pipeline.core.policy import FetchPolicy

OTHER_VALUES = {
    "allow_addresses": (ip_network("10.0.0.0/8"),),
    "total_timeout_s": 1.0,
    "connect_timeout_s": 1.0,
    "read_timeout_s": 1.0,
    "min_bytes_per_s": 1,
    "max_attempts": 7,
    "max_redirects": 7,
    "max_wire_bytes": 7,
    "max_body_bytes": 7,
    "user_agent": "other",
    "verify_tls": False,
    "ca_file": "other.pem",
    "proxy": "http://proxy.example:3128",
    "unguarded_proxy": True,
    "obey_robots": False,
    "revalidate": True,
}


def test_equal_policies_have_equal_fingerprints() -> None:
    """A journal of yesterday's process is found again."""
    assert FetchPolicy().fingerprint() == FetchPolicy().fingerprint()


@pytest.mark.parametrize("knob", [field.name for field in fields(FetchPolicy)])
def test_every_knob_changes_the_fingerprint(knob: str) -> None:
    """Answers fetched under another policy are not continued with."""
    changed = FetchPolicy(**{knob: OTHER_VALUES[knob]})  # type: ignore[arg-type]

    assert changed.fingerprint() != FetchPolicy().fingerprint()
