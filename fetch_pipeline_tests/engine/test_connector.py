"""Connections, and the private hooks of aiohttp that we depend upon."""

import asyncio
import inspect
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import trustme

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline.engine.attempt import Attempt
from fetch_pipeline.engine.connector import tls_context
from fetch_pipeline.engine.session import open_session
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row, fetch_rows
from fetch_pipeline_tests.raw_origin import raw_origin

PAGE = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def https_origin(certificate: trustme.LeafCert) -> Iterator[str]:
    """Serve one small page over TLS; yields the URL with the name localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    with raw_origin(PAGE, tls=context) as url:
        yield url.replace("http://127.0.0.1", "https://localhost")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make a certificate authority nobody knows."""
    return trustme.CA()


def test_a_certificate_of_an_unknown_authority_is_a_tls_error(authority: trustme.CA) -> None:
    """The default is to check."""
    with https_origin(authority.issue_cert("localhost")) as url:
        row = fetch_row(url)

    assert (row["outcome"], row["status"]) == ("tls_error", None)
    assert "certificate verify failed" in (row["detail"] or "")


def test_an_authority_from_a_file_is_trusted(authority: trustme.CA, tmp_path: Path) -> None:
    """Beside those of the system."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))

    with https_origin(authority.issue_cert("localhost")) as url:
        row = fetch_row(url, replace(IMPATIENT, ca_file=str(file)))

    assert (row["outcome"], row["length"]) == ("fetched", 2)


def test_a_certificate_of_another_host_is_a_tls_error(
    authority: trustme.CA, tmp_path: Path
) -> None:
    """Trusted, but not for this name."""
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))

    with https_origin(authority.issue_cert("other.example")) as url:
        row = fetch_row(url, replace(IMPATIENT, ca_file=str(file)))

    assert row["outcome"] == "tls_error"


def test_certificates_are_not_checked_when_told_so(authority: trustme.CA) -> None:
    """Neither authority nor name."""
    with https_origin(authority.issue_cert("other.example")) as url:
        row = fetch_row(url, replace(IMPATIENT, verify_tls=False))

    assert row["outcome"] == "fetched"


def test_certificates_are_loaded_once_per_policy() -> None:
    """It takes 50 ms, which a session without https URLs need not spend."""
    assert tls_context(FetchPolicy()) is tls_context(FetchPolicy())


def test_a_connection_with_leftovers_is_never_used_again(origin: Origin) -> None:
    """Bytes nobody asked for are not the next page (RFC 9112 §6.3)."""

    async def two_requests() -> list[int]:
        async with open_session(IMPATIENT) as session:
            connector = session.connector
            assert connector
            return [await get(session, connector) for _ in range(2)]

    async def get(session: aiohttp.ClientSession, connector: aiohttp.BaseConnector) -> int:
        """Fetch a page, then let unsolicited bytes arrive on the idle connection."""
        url = f"{origin.url}/page/1"
        async with session.get(url, trace_request_ctx=Attempt(visited=[url])) as response:
            await response.read()
        (idle,) = connector._conns.values()
        protocol = idle[0][0]
        protocol.data_received(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison")
        return id(protocol)

    first, second = asyncio.run(two_requests())

    assert first != second


def test_clean_connections_are_used_again(origin: Origin) -> None:
    """The guard does not cost the connection of every page."""
    rows = fetch_rows([f"{origin.url}/page/{n}" for n in range(5)], concurrency=1)

    assert [row["connect_s"] is None for row in rows] == [False, True, True, True, True]


def test_the_private_hooks_of_aiohttp_are_still_there() -> None:
    """An aiohttp that renames them would silently bring back what they turn off."""
    version = aiohttp.__version__
    hook = inspect.signature(aiohttp.TCPConnector._get)

    assert list(hook.parameters) == ["self", "key", "traces"], version
    assert inspect.iscoroutinefunction(aiohttp.TCPConnector._get), version
    assert "self._factory()" in inspect.getsource(aiohttp.TCPConnector), version
    assert "self._retry_connection" in inspect.getsource(aiohttp.ClientSession._request), version
