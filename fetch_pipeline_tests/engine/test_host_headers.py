"""Headers of one host, by the books of whoever got them."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

import pytest
import trustme

from fetch_pipeline.core.host_headers import read_host_headers
from fetch_pipeline.core.plan import ListedTargets, Target, Validators
from fetch_pipeline.core.policy import FetchPolicy
from fetch_pipeline.core.politeness import UNLIMITED
from fetch_pipeline.engine.crew import fetch_all
from fetch_pipeline_tests.book_origin import BookOrigin, Reply, Visit, booked
from fetch_pipeline_tests.fetching import IMPATIENT, Rows, fetch_row, fetch_rows
from fetch_pipeline_tests.hostile_cases import OK, redirect, sized
from fetch_pipeline_tests.hostile_origin import Do, Script, hostile

WORDS = "Bearer alpha-bravo"
KEY = {"Authorization": WORDS}


def sending(headers: Mapping[str, Mapping[str, str]]) -> FetchPolicy:
    """Return a policy with these headers."""
    return replace(IMPATIENT, headers=read_host_headers(headers))


def got(origin: BookOrigin, name: str = "authorization") -> list[tuple[int, str, str | None]]:
    """Return host, path and one header of each visit."""
    return [(visit.host, visit.path, visit.headers.get(name)) for visit in origin.visits]


@contextmanager
def leading(ways: Mapping[tuple[int, str], str], hosts: int = 1) -> Iterator[BookOrigin]:
    """Serve hosts that lead on from some paths: `{n}` in a way is the URL of host n."""

    def reply(visit: Visit) -> Reply:
        way = ways.get((visit.host, visit.path))
        if way is None:
            return Reply()
        return Reply(status=302, headers={"Location": way.format(*origin.urls)})

    with booked(reply, hosts) as origin:
        yield origin


def test_a_host_gets_its_headers_and_its_neighbours_do_not() -> None:
    """Another address, and another port of the same one."""
    with booked(lambda _: Reply(), hosts=2) as origin, booked(lambda _: Reply()) as next_door:
        first, second = origin.urls
        urls = [f"{first}/a", f"{first}/b", f"{second}/", f"{next_door.urls[0]}/"]
        fetch_rows(urls, sending({first: KEY}), concurrency=1)

    assert got(origin) == [(0, "/a", WORDS), (0, "/b", WORDS), (1, "/", None)]
    assert got(next_door) == [(0, "/", None)]


def test_each_of_many_hosts_gets_its_own() -> None:
    """Whatever the order in which they are configured."""
    with booked(lambda _: Reply(), hosts=8) as origin:
        headers = {url: {"X-Key": url, "X-Who": "us"} for url in reversed(origin.urls[::2])}
        fetch_rows([f"{url}/" for url in origin.urls], sending(headers))

    assert {visit.host: visit.headers.get("x-key") for visit in origin.visits} == {
        host: None if host % 2 else url for host, url in enumerate(origin.urls)
    }


def test_a_redirect_to_another_host_does_not_carry_them_away() -> None:
    """And the host that is led to gets its own, not those of the first."""
    with leading({(0, "/"): "{1}/", (1, "/"): "{2}/"}, hosts=3) as origin:
        policy = sending({origin.urls[0]: KEY, origin.urls[2]: {"Authorization": "other"}})
        row = fetch_row(f"{origin.urls[0]}/", policy)

    assert row["redirects"] == 2
    assert got(origin) == [(0, "/", WORDS), (1, "/", None), (2, "/", "other")]


def test_a_redirect_to_another_port_does_not_carry_them_away() -> None:
    """It is another server, perhaps of somebody else."""
    with booked(lambda _: Reply()) as there, leading({(0, "/"): f"{there.urls[0]}/"}) as here:
        row = fetch_row(f"{here.urls[0]}/", sending({here.urls[0]: KEY}))

    assert row["final_url"] == f"{there.urls[0]}/"
    assert (got(here), got(there)) == ([(0, "/", WORDS)], [(0, "/", None)])


def test_what_is_for_tls_is_not_sent_in_the_clear() -> None:
    """Neither to the same port nor along a redirect: anybody on the way could read it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with booked(lambda _: Reply()) as plain:
        away = redirect(f"{plain.urls[0]}/led".encode())
        with hostile({"a": [away]}, tls=context) as secret:
            hosts = [secret.url, plain.urls[0].replace("http:", "https:")]
            policy = replace(sending(dict.fromkeys(hosts, KEY)), verify_tls=False)
            fetch_rows([f"{secret.url}/a", f"{plain.urls[0]}/"], policy, concurrency=1)

    assert f"Authorization: {WORDS}\r\n" in secret.heads["a"][0]
    assert sorted(got(plain)) == [(0, "/", None), (0, "/led", None)]


def test_a_redirect_back_gets_them_again() -> None:
    """They belong to the host, not to the place in the chain."""
    with leading({(0, "/"): "{1}/", (1, "/"): "{0}/back", (0, "/back"): "/end"}, hosts=2) as origin:
        fetch_row(f"{origin.urls[0]}/", sending({origin.urls[0]: KEY}))

    assert got(origin) == [(0, "/", WORDS), (1, "/", None), (0, "/back", WORDS), (0, "/end", WORDS)]


def test_robots_txt_is_asked_for_with_them() -> None:
    """A host that wants a token for everything wants it there too; other hosts' does without."""
    with leading({(0, "/robots.txt"): "{1}/robots.txt"}, hosts=2) as origin:
        policy = replace(sending({origin.urls[0]: KEY}), obey_robots=True)
        fetch_row(f"{origin.urls[0]}/a", policy)

    assert got(origin) == [
        (0, "/robots.txt", WORDS),
        (1, "/robots.txt", None),
        (0, "/a", WORDS),
    ]


def test_a_second_attempt_has_them_too() -> None:
    """An error says nothing of who asks."""
    with booked(lambda visit: Reply(status=200 if visit.times else 503)) as origin:
        policy = replace(sending({origin.urls[0]: KEY}), max_attempts=2)
        row = fetch_row(f"{origin.urls[0]}/", policy)

    assert row["attempts"] == 2
    assert [value for *_, value in got(origin)] == [WORDS, WORDS]


def test_a_request_that_is_sent_again_on_a_new_connection_has_them_too() -> None:
    """The used one was lost before any answer."""
    pages: dict[str, Script] = {
        "a": [sized(b"a"), Do.AGAIN],
        "b": [Do.RESET],
        "b#2": [sized(b"b"), Do.AGAIN],
    }
    with hostile(pages) as origin:
        urls = [f"{origin.url}/a", f"{origin.url}/b"]
        fetch_rows(urls, sending({origin.url: KEY}), concurrency=1)

    assert [head.count(f"Authorization: {WORDS}\r\n") for head in origin.heads["b"]] == [1, 1]


def test_userinfo_of_a_listed_url_is_dropped_and_the_configured_header_is_sent() -> None:
    """Which is what happens to it at any other host; the two are never both sent."""
    with booked(lambda _: Reply(), hosts=2) as origin:
        urls = [f"{url.replace('//', '//user:password@')}/" for url in origin.urls]
        fetch_rows(urls, sending({origin.urls[0]: KEY}), concurrency=1)

    assert got(origin) == [(0, "/", WORDS), (1, "/", None)]


def test_a_configured_accept_takes_the_place_of_ours() -> None:
    """However it is written; other hosts are asked as ever."""
    with booked(lambda _: Reply(), hosts=2) as origin:
        policy = sending({origin.urls[0]: {"accept": "application/json", "Accept-Language": "de"}})
        fetch_rows([f"{url}/" for url in origin.urls], policy, concurrency=1)

    first, second = (visit.headers for visit in origin.visits)
    assert (first["accept"], first["accept-language"]) == ("application/json", "de")
    assert second["accept"].startswith("text/html,")
    assert "accept-language" not in second


def test_a_configured_cookie_comes_before_those_of_the_chain() -> None:
    """In one header (RFC 6265 §5.4), and only at its host."""

    def reply(visit: Visit) -> Reply:
        ways = {"/": "/in", "/in": f"{origin.urls[1]}/out"}
        if visit.host or visit.path not in ways:
            return Reply()
        cookie = {"Set-Cookie": "chain=2"} if visit.path == "/" else {}
        return Reply(status=302, headers={"Location": ways[visit.path], **cookie})

    with booked(reply, hosts=2) as origin:
        fetch_row(f"{origin.urls[0]}/", sending({origin.urls[0]: {"cookie": "own=1"}}))

    assert got(origin, "cookie") == [
        (0, "/", "own=1"),
        (0, "/in", "own=1; chain=2"),
        (1, "/out", None),
    ]


def test_a_stored_page_is_asked_for_with_them_and_its_validators() -> None:
    """And with them alone where it is asked for again, without conditions."""
    with booked(lambda visit: Reply(status=200 if visit.times else 412)) as origin:
        (host,) = origin.urls
        validators = Validators(href=f"{host}/", etag='"1"', last_modified=None)
        stored = Target(line=1, href=f"{host}/", host=host, validators=validators)
        targets, policy = ListedTargets([stored]), sending({host: KEY})
        asyncio.run(fetch_all(targets, policy, UNLIMITED, books=Rows(), concurrency=1))

    assert [value for *_, value in got(origin)] == [WORDS, WORDS]
    assert [value for *_, value in got(origin, "if-none-match")] == ['"1"', None]


def test_a_proxy_does_not_see_those_of_an_https_host() -> None:
    """It only gets to know where the tunnel leads; of http pages it sees everything."""
    pages = {
        "page.example:443": [sized(b"no", status="403 Forbidden")],
        "http://page.example/a": [OK],
    }
    with hostile(pages) as proxy:
        hosts = {"https://page.example": KEY, "http://page.example": KEY}
        through = replace(sending(hosts), proxy=proxy.url, unguarded_proxy=True)
        fetch_row("https://page.example/", through)
        fetch_row("http://page.example/a", through)

    assert WORDS not in proxy.heads["page.example:443"][0]
    assert WORDS in proxy.heads["http://page.example/a"][0]


def test_no_row_and_no_log_tells_them(caplog: pytest.LogCaptureFixture) -> None:
    """Whatever becomes of the page; nor a part of them."""
    caplog.set_level(logging.DEBUG)
    pages: dict[str, Script] = {
        "good": [OK],
        "error": [sized(b"no", status="401 Unauthorized")],
        "junk": [b"junk\r\n\r\n"],
        "cut": [b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ncut"],
        "reset": [Do.RESET],
        "away": [redirect(b"http://10.0.0.1/")],
        "nowhere": [redirect(b"http://127.0.0.1:1/")],
    }
    with hostile(pages) as origin:
        rows = fetch_rows([f"{origin.url}/{path}" for path in pages], sending({origin.url: KEY}))

    assert all(
        f"Authorization: {WORDS}" in head for heads in origin.heads.values() for head in heads
    )
    assert len({row["outcome"] for row in rows}) == 6
    assert not [part for part in ("alpha", "bravo") if part in f"{rows} {caplog.text}"]
