"""The knobs of a fetch."""

from dataclasses import fields
from ipaddress import ip_network
from typing import Any

import dagster as dg
import pytest

from fetch_pipeline.core.host_headers import HostHeader
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import AUTO, Delay, Politeness
from fetch_pipeline.defs.fetcher import Fetcher
from fetch_pipeline.engine.robots import product_token


def test_the_defaults_are_the_policys() -> None:
    """They are written down once."""
    assert Fetcher().policy() == FetchPolicy()
    assert Fetcher().politeness() == Politeness()


def test_every_knob_of_the_policy_can_be_turned() -> None:
    """And has a description for the Launchpad."""
    knobs = {name: field.description for name, field in Fetcher.model_fields.items()}

    of_policies = {field.name for part in (FetchPolicy, Politeness) for field in fields(part)}
    assert set(knobs) == {*of_policies, "contact"}
    assert all(knobs.values())


def test_networks_are_parsed() -> None:
    """In CIDR form, IPv4 and IPv6."""
    policy = Fetcher(allow_addresses=["127.0.0.0/8", "fc00::/7"]).policy()

    assert policy.allow_addresses == (ip_network("127.0.0.0/8"), ip_network("fc00::/7"))


@pytest.mark.parametrize(
    ("knob", "value"),
    [
        ("allow_addresses", ["localhost"]),
        ("allow_addresses", ["10.0.0.1/8"]),
        ("total_timeout_s", 0),
        ("max_attempts", 0),
        ("max_atempts", 1),
        ("max_body_bytes", -1),
        ("user_agent", ""),
        ("user_agent", "a\nInjected: header"),
        ("user_agent", "naïve"),
        ("ca_file", "/nowhere/ca.pem"),
        ("proxy", "proxy.example:3128"),
        ("proxy", "socks5://proxy.example"),
        ("contact", "a\nb: c"),
        ("headers", {"https://a.example/path": {"X-Key": "1"}}),
        ("headers", {"https://a.example": {"Host": "b.example"}}),
        ("headers", {"https://a.example": {"X-Key": "a\nb: c"}}),
        ("headers", {"https://a.example": {"X-Key": 1}}),
        ("headers", {"https://a.example": "X-Key"}),
        ("headers", None),
        ("per_host_concurrency", 0),
        ("per_host_delay_s", -0.1),
        ("per_host_delay_s", "fast"),
        ("per_host_delay_s", float("inf")),
        ("per_host_delay_s", True),
        ("per_host_delay_s", None),
        ("max_cooldown_s", -1),
        ("max_host_failures", 0),
        ("max_host_pauses", -1),
        ("requests_per_s", 0),
        ("deadline_s", 0),
    ],
)
def test_nonsense_is_refused_by_name(knob: str, value: Any) -> None:
    """With the knob and the value in the message."""
    with pytest.raises(dg.DagsterInvalidConfigError, match=knob):
        Fetcher(**{knob: value})


@pytest.mark.parametrize(("delay", "taken"), [("auto", AUTO), (0, 0.0), (2, 2.0), (0.25, 0.25)])
def test_a_delay_is_seconds_or_follows_the_host(delay: Any, taken: Delay) -> None:
    """In the form that a run config has."""
    assert Fetcher(per_host_delay_s=delay).politeness().per_host_delay_s == taken


def test_the_contact_is_part_of_the_user_agent() -> None:
    """So that somebody who is bothered knows whom to tell; the name before it stays."""
    policy = Fetcher(contact="mailto:web@acme.example").policy()

    assert policy.user_agent == "fetch_pipeline/0.1 (+mailto:web@acme.example)"
    assert product_token(policy.user_agent) == "fetch_pipeline"


def test_a_proxy_must_be_meant() -> None:
    """It resolves the names, so the guard does not see where they lead."""
    with pytest.raises(dg.DagsterInvalidConfigError, match="unguarded_proxy"):
        Fetcher(proxy="http://proxy.example:3128")

    policy = Fetcher(proxy="http://proxy.example:3128", unguarded_proxy=True).policy()
    assert policy.proxy == "http://proxy.example:3128"


def test_a_refused_proxy_does_not_tell_its_password() -> None:
    """Neither where it is no URL nor where it was not meant."""
    for url in ("socks5://u:secret@proxy.example", "http://u:secret@proxy.example"):
        with pytest.raises(dg.DagsterInvalidConfigError) as caught:
            Fetcher(proxy=url)
        assert "secret" not in str(caught.value)


def test_headers_are_read_by_host() -> None:
    """However the host is written."""
    policy = Fetcher(headers={"https://API.example.org:443/": {"X-Key": "1"}}).policy()

    assert policy.headers == (HostHeader("https://api.example.org", "X-Key", "1"),)


@pytest.mark.parametrize(
    "headers",
    [
        {"https://a.example": {"Authorization": "Bearer hunter2\n"}},
        {"https://a.example": {"Host": "hunter2"}},
        {"https://a.example": {"Authorization: hunter2": ""}},
        {"https://a.example": {"Authorization": ["hunter2"]}},
        {"https://a.example": "hunter2"},
        {"https://u:hunter2@a.example": {"Authorization": 2}},
        {"https://a.example?key=hunter2": {"Authorization": "x"}},
        "hunter2",
    ],
)
def test_refused_headers_do_not_tell_their_values(headers: Any) -> None:
    """Whatever is wrong with them, and wherever a value was put."""
    with pytest.raises(dg.DagsterInvalidConfigError, match="headers: ") as caught:
        Fetcher(headers=headers)

    assert "hunter" not in f"{caught.value!r} {caught.value}"


def test_a_fetcher_that_is_printed_does_not_tell_its_headers() -> None:
    """Nor does its policy."""
    fetcher = Fetcher(headers={"https://a.example": {"X-Key": "hunter2"}})

    assert "hunter" not in f"{fetcher!r} {fetcher} {fetcher.policy()!r}"


def test_a_header_that_is_not_yet_read_from_the_environment_is_not_sent_as_it_is() -> None:
    """Dagster puts the value in its place when a run begins."""
    fetcher = Fetcher(headers={"https://a.example": {"X-Key": dg.EnvVar("API_TOKEN")}})

    with pytest.raises(RuntimeError, match="API_TOKEN"):
        fetcher.policy()


def used(fetcher: Fetcher, **config: object) -> Fetcher:
    """Return the fetcher that an op gets of a resource and a run config."""
    got: list[Fetcher] = []

    @dg.op
    def take(fetcher: Fetcher) -> None:
        got.append(fetcher)

    @dg.job(resource_defs={"fetcher": fetcher})
    def job() -> None:
        take()

    job.execute_in_process({"resources": {"fetcher": {"config": config}}} if config else {})
    return got[0]


def test_a_run_config_that_names_one_knob_leaves_the_others_as_they_were_given() -> None:
    """Or a longer timeout for one run would have the default politeness, and refuse loopback."""
    given = Fetcher(per_host_concurrency=None, obey_robots=False, allow_addresses=["127.0.0.0/8"])

    got = used(given, total_timeout_s=5.0)

    assert got == Fetcher(
        per_host_concurrency=None,
        obey_robots=False,
        allow_addresses=["127.0.0.0/8"],
        total_timeout_s=5.0,
    )


def test_without_a_run_config_all_knobs_are_as_given() -> None:
    """And those that were not given have their defaults."""
    assert used(Fetcher(max_attempts=7)) == Fetcher(max_attempts=7)


def test_a_run_config_can_turn_a_limit_off_and_on() -> None:
    """Null is a value."""
    assert used(Fetcher(), deadline_s=None, per_host_concurrency=None).per_host_concurrency is None
    assert used(Fetcher(per_host_concurrency=None), per_host_concurrency=3) == Fetcher(
        per_host_concurrency=3
    )


def test_a_proxy_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """With its password; checked when it is known."""
    given = Fetcher(proxy=dg.EnvVar("PROXY"), unguarded_proxy=True)
    monkeypatch.setenv("PROXY", "http://user:s3cret@proxy.example:3128")

    assert used(given).proxy == "http://user:s3cret@proxy.example:3128"

    monkeypatch.setenv("PROXY", "socks5://user:s3cret@proxy.example")
    with pytest.raises(dg.DagsterInvalidConfigError, match=r"proxy: a proxy is an http:// URL$"):
        used(given)
