"""Connections, and the private hooks of aiohttp that we depend upon."""

import asyncio
import inspect
import select
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
import trustme

from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.redirect import Hop
from fetch_pipeline.demo.origin import Origin, serving
from fetch_pipeline.engine import connector
from fetch_pipeline.engine.attempt import Attempt
from fetch_pipeline.engine.connector import CleanConnector, tls_context
from fetch_pipeline.engine.handler import ConnectionHandler
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


def test_certificates_that_cannot_be_read_stop_the_fetch_at_once() -> None:
    """Not at the first https page, a thousand rows later."""
    with pytest.raises(FileNotFoundError):
        fetch_row("http://127.0.0.1:9/", replace(IMPATIENT, ca_file="/nowhere/ca.pem"))


def test_certificates_are_loaded_once() -> None:
    """It takes 50 ms, which a policy that trusts the same authorities need not spend again."""
    assert tls_context(FetchPolicy()) is tls_context(FetchPolicy(max_redirects=1))


STRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"


@pytest.mark.parametrize("stray", [STRAY, b"x", b"\r\n\r\nx"])
def test_a_host_that_speaks_unasked_gets_a_new_connection_for_each_page(
    origin: Origin, stray: bytes
) -> None:
    """Bytes nobody asked for are not the next page (RFC 9112 §6.3)."""

    async def reused() -> tuple[list[bool], int]:
        async with open_session(IMPATIENT, max_idle=8) as session:
            connector = session.connector
            assert isinstance(connector, CleanConnector)
            first = await get(session)
            (idle,) = connector._conns.values()
            idle[0][0].data_received(stray)
            return [first, await get(session), await get(session)], len(connector._conns)

    async def get(session: aiohttp.ClientSession) -> bool:
        attempt = Attempt(hops=[Hop(f"{origin.url}/page/1", origin.url)])
        async with session.get(attempt.hops[0].href, trace_request_ctx=attempt) as response:
            await response.read()
        return attempt.reused

    assert asyncio.run(reused()) == ([False, False, False], 0)


@pytest.mark.parametrize("stray", [STRAY, b"x"])
def test_a_page_that_is_asked_for_at_once_does_not_get_what_comes_behind_the_last(
    origin: Origin, monkeypatch: pytest.MonkeyPatch, stray: bytes
) -> None:
    """It waits the moment that the next packet takes; here longer than a slow machine between."""
    monkeypatch.setattr(connector, "_QUIET_S", 0.2)

    async def lengths() -> list[int]:
        async with open_session(IMPATIENT, max_idle=8) as session:
            clean = session.connector
            assert isinstance(clean, CleanConnector)
            first = await length(session, f"{origin.url}/page/1?bytes=100")
            (idle,) = clean._conns.values()
            asyncio.get_running_loop().call_soon(idle[0][0].data_received, stray)
            return [first, await length(session, f"{origin.url}/page/1?bytes=200")]

    async def length(session: aiohttp.ClientSession, url: str) -> int:
        context = Attempt(hops=[Hop(url, origin.url)])
        async with session.get(url, trace_request_ctx=context) as response:
            return len(await response.read())

    assert asyncio.run(lengths()) == [100, 200]


@pytest.mark.parametrize(("path", "stray"), [("/hangup", False), ("/page/2", True)])
def test_what_waits_in_the_socket_is_seen_before_the_loop_reads_it(
    origin: Origin,
    path: str,
    stray: bool,  # noqa: FBT001 - pytest passes it
) -> None:
    """The end of a connection, or stray bytes, which tell of the host what it does."""

    async def usable() -> list[bool]:
        async with open_session(IMPATIENT, max_idle=8) as session:
            connector = session.connector
            assert isinstance(connector, CleanConnector)
            url = f"{origin.url}/page/1"
            context = Attempt(hops=[Hop(url, origin.url)])
            async with session.get(url, trace_request_ctx=context) as response:
                await response.read()
            (idle,) = connector._conns.values()
            handler = idle[0][0]
            assert isinstance(handler, ConnectionHandler)
            before = handler.may_be_used_again()
            handler.transport.write(f"GET {path} HTTP/1.1\r\n\r\n".encode())  # type: ignore[union-attr]
            ready, *_ = select.select([handler.transport.get_extra_info("socket")], [], [], 5)  # type: ignore[union-attr]
            return [before, bool(ready), handler.may_be_used_again(), handler.spoke_unasked]

    assert asyncio.run(usable()) == [True, True, False, stray]


def test_connections_that_wait_for_another_page_are_bounded() -> None:
    """Over all hosts together: a list of a million hosts is no million open sockets."""

    async def idle() -> tuple[int, list[str]]:
        async with open_session(IMPATIENT, max_idle=2) as session:
            connector = session.connector
            assert isinstance(connector, CleanConnector)
            for url in urls:
                context = Attempt(hops=[Hop(url, url)])
                async with session.get(url, trace_request_ctx=context) as response:
                    await response.read()
            kept = [key.host for key in connector._conns]
            connector.drop_idle()
            return len(connector._conns), kept

    with serving() as running:
        port = running.url.rpartition(":")[2]
        urls = [f"http://{host}:{port}/page/1" for host in ("127.0.0.1", "localhost")]
        with serving() as other:
            urls.append(f"{other.url}/page/1")
            left, kept = asyncio.run(idle())

    assert kept == ["localhost", "127.0.0.1"]
    assert left == 0


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
    release = inspect.signature(aiohttp.TCPConnector._release)
    assert list(release.parameters) == ["self", "key", "protocol", "should_close"], version
    assert "self._factory()" in inspect.getsource(aiohttp.TCPConnector), version
    assert "self._retry_connection" in inspect.getsource(aiohttp.ClientSession._request), version
