"""How pages are fetched: what the Launchpad and `-c run.yaml` set, as the engine's plain values."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from dataclasses import fields
from ipaddress import ip_network
from math import inf
from pathlib import Path
from typing import Any, Self

import dagster as dg
from dagster._core.definitions.definition_config_schema import DefinitionConfigSchema
from pydantic import Field, ValidationError, field_validator, model_validator

from fetch_pipeline.core.host_headers import read_host_headers
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import AUTO, Delay, Politeness
from fetch_pipeline.defs.config import bounded, each_on_its_own, refusal, refused

_DEFAULTS, _POLITE = FetchPolicy(), Politeness()
_ONE_LINE = r"^[\x20-\x7e]+$"  # RFC 9110 §5.5: anything else would not be one header line


class Fetcher(dg.ConfigurableResource):  # type: ignore[type-arg]  # it is its own value
    """How pages are fetched: the policy and the politeness of both fetch assets of a family."""

    def __init__(self, **knobs: Any) -> None:  # noqa: ANN401 - as they are configured
        """Check the knobs.

        Raises:
            DagsterInvalidConfigError: There is no such knob, or it has no such value; the message
                says which.
        """
        unknown = sorted(knobs.keys() - type(self).model_fields.keys())
        if unknown:  # Dagster would take no notice of it
            msg = f"{', '.join(unknown)}: there is no such setting of a fetcher"
            raise refused(msg)
        try:
            super().__init__(**knobs)
        except ValidationError as error:  # what is refused may hold a password
            raise refusal(error, secrets=("headers", "proxy")) from None

    @property
    def _config_schema(self) -> DefinitionConfigSchema:
        return each_on_its_own(super()._config_schema)

    allow_addresses: list[str] = Field(
        default=[],
        description="Non-public networks that may be fetched from, in CIDR form, such as "
        "127.0.0.0/8. Everything else that is not a public address is refused.",
    )
    total_timeout_s: float = bounded(
        _DEFAULTS.total_timeout_s,
        "Seconds for one attempt, from DNS to the last byte, redirects included.",
        gt=0,
    )
    connect_timeout_s: float = bounded(
        _DEFAULTS.connect_timeout_s,
        "Seconds for DNS, TCP and TLS together.",
        gt=0,
    )
    read_timeout_s: float = bounded(
        _DEFAULTS.read_timeout_s,
        "Seconds of silence after which a response is given up.",
        gt=0,
    )
    min_bytes_per_s: int = bounded(
        _DEFAULTS.min_bytes_per_s,
        "Slowest body, on average over read_timeout_s; 0 for any.",
        ge=0,
    )
    max_attempts: int = bounded(
        _DEFAULTS.max_attempts,
        "Requests per URL at most; only what may get better is asked for again.",
        ge=1,
    )
    max_redirects: int = bounded(
        _DEFAULTS.max_redirects,
        "Redirects followed at most.",
        ge=0,
    )
    max_wire_bytes: int = bounded(
        _DEFAULTS.max_wire_bytes,
        "Longest body in bytes, as transferred.",
        gt=0,
    )
    max_body_bytes: int = bounded(
        _DEFAULTS.max_body_bytes,
        "Longest body in bytes, after content decoding.",
        gt=0,
    )
    user_agent: str = Field(
        default=_DEFAULTS.user_agent,
        min_length=1,
        pattern=_ONE_LINE,
        description="User-Agent header. Its first word is the name that robots.txt may use.",
    )
    contact: str | None = Field(
        default=None,
        pattern=_ONE_LINE,
        description="Where to complain, a URL or an address; added to the User-Agent.",
    )
    headers: dict[str, dict[str, str]] = Field(
        default={},
        repr=False,
        description="Headers for one host each, by its scheme, host and port: "
        "{https://api.example.org: {Authorization: {env: API_TOKEN}}}. They go with every request "
        "to it, robots.txt too, and along no redirect to another. Take what is secret from the "
        "environment, as here: what is written out is shown here as well.",
    )
    verify_tls: bool = Field(
        default=_DEFAULTS.verify_tls, description="Whether certificates are checked."
    )
    ca_file: str | None = Field(
        default=_DEFAULTS.ca_file,
        description="PEM file of certificate authorities to trust beside the system's.",
    )

    proxy: str | None = Field(
        default=_DEFAULTS.proxy,
        description="http:// URL of a proxy that everything is asked through; needs "
        "unguarded_proxy. With a password in it, take it from the environment: {env: NAME}.",
    )
    unguarded_proxy: bool = Field(
        default=_DEFAULTS.unguarded_proxy,
        description="Use the proxy although it resolves the names: that a name leads to a "
        "non-public address is then for the proxy to refuse.",
    )

    obey_robots: bool = Field(
        default=_DEFAULTS.obey_robots,
        description="Ask each host for robots.txt first, and obey it.",
    )
    revalidate: bool = Field(
        default=_DEFAULTS.revalidate,
        description="Ask for a stored page only if it changed (If-None-Match, If-Modified-Since).",
    )
    per_host_concurrency: int | None = bounded(
        _POLITE.per_host_concurrency,
        "Requests in flight at one host, at most; null for any number.",
        ge=1,
    )
    per_host_delay_s: Any = Field(
        default=_POLITE.per_host_delay_s,
        description="Seconds from one request to a host to the next, give or take a fifth; or "
        "auto, which follows how fast the host answers.",
    )
    max_cooldown_s: float = bounded(
        _POLITE.max_cooldown_s,
        "Longest wait that a host may ask for, by Retry-After or Crawl-delay; one that "
        "asks for more gets no further request.",
        ge=0,
    )
    max_host_failures: int | None = bounded(
        _POLITE.max_host_failures,
        "Failures in a row after which a host is left alone for a while; null: never.",
        ge=1,
    )
    max_host_pauses: int = bounded(
        _POLITE.max_host_pauses,
        "Times in a row that it is left alone, each twice as long, before it is down.",
        ge=0,
    )
    requests_per_s: float | None = bounded(
        _POLITE.requests_per_s,
        "Requests to all hosts together, at most; null for any number.",
        gt=0,
    )
    deadline_s: float | None = bounded(
        _POLITE.deadline_s,
        "Seconds after which what is not fetched is not_reached; null for none.",
        gt=0,
    )

    @field_validator("per_host_delay_s")
    @classmethod
    def _is_delay(cls, delay: object) -> Delay:
        if delay == AUTO:
            return AUTO
        if isinstance(delay, int | float) and not isinstance(delay, bool) and 0 <= delay < inf:
            return float(delay)
        msg = f"Input should be a number of seconds from 0, or {AUTO}"
        raise ValueError(msg)

    @field_validator("allow_addresses")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network)  # its ValueError names the value
        return networks

    @field_validator("headers")
    @classmethod
    def _can_be_sent(cls, headers: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
        read_host_headers(headers)  # its ValueError names host and header
        return headers  # as they came: Dagster puts an EnvVar back by its keys

    @field_validator("proxy", mode="before")  # after, an EnvVar is a text like any other
    @classmethod
    def _is_web_url(cls, url: object) -> object:
        comes_with_the_run = url is None or isinstance(url, dg.EnvVar)
        if not comes_with_the_run and not str(url).startswith("http://"):
            msg = "a proxy is an http:// URL"  # not the value: it may hold a password
            raise ValueError(msg)
        return url

    @field_validator("ca_file")
    @classmethod
    def _is_there(cls, path: str | None) -> str | None:
        if path is not None and not Path(path).is_file():
            msg = f"there is no file {path}"
            raise ValueError(msg)
        return path

    @model_validator(mode="after")
    def _proxy_is_meant(self) -> Self:
        if self.proxy is None or self.unguarded_proxy:
            return self
        msg = (
            "with a proxy, names that lead to non-public addresses cannot be refused here: set "
            "unguarded_proxy if the proxy refuses them, or if they may be fetched from"
        )
        raise ValueError(msg)

    def policy(self) -> FetchPolicy:
        """Return the knobs of what is asked for, as plain values.

        Raises:
            RuntimeError: A header is an EnvVar that Dagster did not yet replace by its value.
        """
        knobs = self._knobs_of(FetchPolicy)
        knobs["headers"] = read_host_headers(
            {
                host: {name: str(value) for name, value in values.items()}
                for host, values in self.headers.items()
            }
        )
        knobs["allow_addresses"] = tuple(map(ip_network, self.allow_addresses))
        if self.contact:
            knobs["user_agent"] = f"{self.user_agent} (+{self.contact})"
        return FetchPolicy(**knobs)

    def politeness(self) -> Politeness:
        """Return the knobs of when it is asked for, as plain values."""
        return Politeness(**self._knobs_of(Politeness))

    def _knobs_of(self, part: type[FetchPolicy | Politeness]) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(part)}
