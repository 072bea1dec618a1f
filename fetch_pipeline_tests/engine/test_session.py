"""The session: what aiohttp must not do for us."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import aiohttp

from fetch_pipeline.demo.origin import Origin
from fetch_pipeline.engine.session import open_session
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row, fetch_rows

_T = TypeVar("_T")


def of_session(look: Callable[[aiohttp.ClientSession], _T]) -> _T:
    """Look at an open session."""

    async def run() -> _T:
        async with open_session(IMPATIENT, max_idle=8) as session:
            return look(session)

    return asyncio.run(run())


def test_nothing_is_sent_twice_in_secret(origin: Origin) -> None:
    """Aiohttp repeats idempotent requests on a lost connection unless its switch is off."""
    row = fetch_row(f"{origin.url}/hangup")

    assert (row["outcome"], row["attempts"]) == ("connect_error", 1)
    assert origin.requests["/hangup"] == 1


def test_a_used_connection_that_fails_is_forgiven_once(origin: Origin) -> None:
    """The server may just have closed it; on a new one the failure is the page's own."""
    rows = fetch_rows([f"{origin.url}/page/1", f"{origin.url}/hangup"], concurrency=1)

    assert [row["outcome"] for row in rows] == ["fetched", "connect_error"]
    assert rows[1]["attempts"] == 1
    assert origin.requests["/hangup"] == 2


def test_the_crew_is_the_only_limit() -> None:
    """Aiohttp's pool would make waiting look like a slow server."""

    def limits(session: aiohttp.ClientSession) -> tuple[int, int]:
        connector = session.connector
        assert connector
        return connector.limit, connector.limit_per_host

    assert of_session(limits) == (0, 0)


def test_cookies_are_not_kept() -> None:
    """A row must not depend on which page was fetched before it."""
    assert of_session(lambda session: type(session.cookie_jar)) is aiohttp.DummyCookieJar
