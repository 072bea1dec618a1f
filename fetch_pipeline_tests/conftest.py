"""What every test stands on: a clean environment, a real origin, a way to fetch."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from fetch_pipeline.demo.origin import Origin, serving
from fetch_pipeline_tests.fetching import Folder
from fetch_pipeline_tests.names import Names


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No proxy, certificate or Dagster setting of whoever runs the tests leaks in."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith(("SSL_CERT_", "DAGSTER_")):
            monkeypatch.delenv(name)


@pytest.fixture
def origin() -> Iterator[Origin]:
    """Serve the demo origin on a free port, with books of its own."""
    with serving() as running:
        yield running


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Answer for the system's name servers."""
    answering = Names()
    monkeypatch.setattr(socket, "getaddrinfo", answering.getaddrinfo)
    return answering


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Give the tables and journals of one test a place of their own."""
    return Folder(tmp_path)
