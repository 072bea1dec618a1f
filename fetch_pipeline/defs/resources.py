"""The knobs: what the Launchpad and `-c run.yaml` set, and what the other rooms make of it."""
# No `from __future__ import annotations` here: Dagster reads the annotations at run time.

from ipaddress import ip_network
from pathlib import Path
from typing import Self

import dagster as dg
import pandas as pd
import pyarrow as pa
from pydantic import ConfigDict, Field, field_validator, model_validator

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.store.open_warehouse import DEFAULT_WAREHOUSE, open_warehouse
from fetch_pipeline.store.tables import from_pandas, to_pandas
from fetch_pipeline.store.warehouse import Place, TableScan, Warehouse

_DEFAULTS = FetchPolicy()


class Fetcher(dg.ConfigurableResource):  # type: ignore[type-arg]  # it is its own value
    """How pages are fetched: the policy of both fetch assets of a family."""

    # A refused value may be a proxy's URL with a password.
    model_config = ConfigDict(hide_input_in_errors=True)

    allow_addresses: list[str] = Field(
        default=[],
        description="Non-public networks that may be fetched from, in CIDR form, such as "
        "127.0.0.0/8. Everything else that is not a public address is refused.",
    )
    total_timeout_s: float = Field(
        default=_DEFAULTS.total_timeout_s,
        gt=0,
        description="Seconds for one attempt, from DNS to the last byte, redirects included.",
    )
    connect_timeout_s: float = Field(
        default=_DEFAULTS.connect_timeout_s,
        gt=0,
        description="Seconds for DNS, TCP and TLS together.",
    )
    read_timeout_s: float = Field(
        default=_DEFAULTS.read_timeout_s,
        gt=0,
        description="Seconds of silence after which a response is given up.",
    )
    min_bytes_per_s: int = Field(
        default=_DEFAULTS.min_bytes_per_s,
        ge=0,
        description="Slowest body, on average over read_timeout_s; 0 for any.",
    )
    max_attempts: int = Field(
        default=_DEFAULTS.max_attempts,
        ge=1,
        description="Requests per URL at most; only what may get better is asked for again.",
    )
    max_redirects: int = Field(
        default=_DEFAULTS.max_redirects, ge=0, description="Redirects followed at most."
    )
    max_wire_bytes: int = Field(
        default=_DEFAULTS.max_wire_bytes,
        gt=0,
        description="Longest body in bytes, as transferred.",
    )
    max_body_bytes: int = Field(
        default=_DEFAULTS.max_body_bytes,
        gt=0,
        description="Longest body in bytes, after content decoding.",
    )
    user_agent: str = Field(
        default=_DEFAULTS.user_agent,
        min_length=1,
        pattern=r"^[\x20-\x7e]+$",  # RFC 9110 §5.5: anything else would not be one header line
        description="User-Agent header: name yourself, and where to complain.",
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

    @field_validator("allow_addresses")
    @classmethod
    def _are_networks(cls, networks: list[str]) -> list[str]:
        for network in networks:
            ip_network(network)  # its ValueError names the value
        return networks

    @field_validator("proxy")
    @classmethod
    def _is_web_url(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith("http://"):
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
        """Return the knobs as plain values."""
        knobs = {name: getattr(self, name) for name in type(self).model_fields}
        networks = tuple(ip_network(network) for network in knobs.pop("allow_addresses"))
        return FetchPolicy(allow_addresses=networks, **knobs)


class Journals(dg.ConfigurableResource):  # type: ignore[type-arg]  # it is its own value
    """Where fetches that are not yet stored are recorded."""

    directory: str = Field(
        default="data/journals",
        description="Folder of the journals, on a disk of the machine that fetches.",
    )

    @property
    def path(self) -> Path:
        """The folder."""
        return Path(self.directory)


class WarehouseResource(dg.ConfigurableIOManager):
    """Tables as assets: an asset's value is a frame, its key the name of a table.

    The last part of an asset key is the table, the parts before it the schema.
    """

    url: str = Field(
        default=DEFAULT_WAREHOUSE,
        description="duckdb:///relative/path.duckdb or duckdb:////absolute/path.duckdb",
    )

    def open(self) -> Warehouse:
        """Return the warehouse the URL names."""
        return open_warehouse(self.url)

    def handle_output(
        self, context: dg.OutputContext, obj: pd.DataFrame | pa.RecordBatchReader | None
    ) -> None:
        """Replace the asset's table; null means that the asset has stored itself."""
        if obj is None:
            return
        place = place_of(context.asset_key)
        incoming = from_pandas(obj) if isinstance(obj, pd.DataFrame) else obj
        rows = self.open().replace(place, incoming)
        context.add_output_metadata({"dagster/row_count": rows})

    def load_input(self, context: dg.InputContext) -> pd.DataFrame | TableScan:
        """Read the asset's table: whole as a frame, or in batches for who asks for a scan."""
        place = place_of(context.asset_key)
        if context.dagster_type.typing_type is TableScan:
            return TableScan(warehouse=self.open(), place=place)
        return to_pandas(self.open().read(place))


def place_of(key: dg.AssetKey) -> Place:
    """Return where the table of an asset lives."""
    *prefix, table = key.path
    return Place(schema="_".join(prefix) or None, table=table)
