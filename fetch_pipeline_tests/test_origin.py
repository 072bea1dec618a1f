"""The demo origin: what the tests and the benchmarks stand on."""

import http.client
import subprocess
import sys
import threading
import time
from contextlib import closing
from urllib.parse import urlsplit

import pytest

from fetch_pipeline.demo.behaviours import html
from fetch_pipeline.demo.origin import Origin, serving
from fetch_pipeline.demo.pages import demo_urls, free_port


def get(url: str) -> tuple[int, bytes]:
    """Ask with the standard library's client: the origin is not made for ours alone."""
    parts = urlsplit(url)
    with closing(http.client.HTTPConnection(parts.netloc, timeout=5)) as connection:
        connection.request("GET", f"{parts.path}?{parts.query}")
        response = connection.getresponse()
        return response.status, response.read()


@pytest.mark.parametrize("size", [0, 10, 50, 117, 118, 119, 5000])
def test_a_page_has_exactly_the_bytes_asked_for(origin: Origin, size: int) -> None:
    """All of them valid UTF-8, wherever the cut falls."""
    status, body = get(f"{origin.url}/page/1?bytes={size}")

    assert (status, len(body)) == (200, size)
    assert body == html("/page/1", size)
    assert body.decode()[:9] == "<!doctype"[:size]


def test_the_books_tell_what_was_asked_for(origin: Origin) -> None:
    """Path and query, as often as they came."""
    for _ in range(2):
        get(f"{origin.url}/page/1?bytes=7")

    assert origin.requests == {"/page/1?bytes=7": 2}


def test_what_is_not_known_is_not_there(origin: Origin) -> None:
    """An ordinary 404."""
    assert get(f"{origin.url}/nothing/like/it?")[0] == 404


def test_the_origin_ends_with_its_block_though_clients_are_connected() -> None:
    """Also the ones that wait for an answer that never comes."""
    with serving() as origin:
        parts = urlsplit(origin.url)
        waiting = http.client.HTTPConnection(parts.netloc, timeout=5)
        waiting.request("GET", "/silent")
        while not origin.requests:  # until it was heard
            time.sleep(0.001)

    assert "demo-origin" not in [thread.name for thread in threading.enumerate()]
    with closing(waiting), pytest.raises(ConnectionError):
        waiting.getresponse()


def test_a_taken_port_is_an_error() -> None:
    """Not a second server that gets half of the requests."""
    with (
        serving() as origin,
        pytest.raises(OSError, match="in use"),
        serving(urlsplit(origin.url).port or 0),
    ):
        pass


def test_the_demo_takes_the_next_port_when_one_is_taken() -> None:
    """And the same as last time when none is."""
    with serving() as origin:
        taken = urlsplit(origin.url).port or 0
        ports = range(taken, taken + 50)  # other tests have some of them

        assert free_port(ports) in ports[1:]
        with pytest.raises(OSError, match=f"no free port for the demo on 127.0.0.1 from {taken}"):
            free_port(ports[:1])
    assert free_port(ports) == taken


def test_the_list_of_the_demo_is_always_the_same() -> None:
    """So runs of different days are runs of the same list."""
    urls = demo_urls("http://127.0.0.1:1")

    assert urls == demo_urls("http://127.0.0.1:1")
    assert (len(urls), len(set(urls))) == (45, 44)


def test_the_origin_can_be_a_process_of_its_own() -> None:
    """The benchmarks start it so, and read where it is from its first line."""
    command = [sys.executable, "-m", "fetch_pipeline.demo.origin"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        status, _ = get(f"{url}/page/1")
        process.terminate()

    assert status == 200
