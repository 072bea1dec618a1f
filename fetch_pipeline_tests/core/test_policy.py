"""The policy and its fingerprint."""

from dataclasses import fields
from ipaddress import ip_network

import pytest

from fetch_pipeline.core.host_headers import HostHeader
from fetch_pipeline.core.policy import FetchPolicy

KEYS = tuple(HostHeader(f"https://{host}.example", "X-Key", "hunter2") for host in "ab")
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
    "headers": KEYS,
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


def test_the_value_of_a_header_changes_the_fingerprint_and_is_not_shown() -> None:
    """Another token may see other pages; who prints a policy must not see either."""
    policy = FetchPolicy(headers=KEYS)
    rotated = FetchPolicy(headers=tuple(key._replace(value="hunter3") for key in KEYS))

    assert policy.fingerprint() != rotated.fingerprint()
    assert "hunter" not in repr(policy) + policy.fingerprint()


def test_the_order_of_headers_is_no_other_policy() -> None:
    """A journal of a run whose YAML had them in another order is continued."""
    policy, reversed_ = FetchPolicy(headers=KEYS), FetchPolicy(headers=KEYS[::-1])

    assert policy == reversed_
    assert hash(policy) == hash(reversed_)
    assert policy.fingerprint() == reversed_.fingerprint()
