"""One URL over real sockets: every way it can end is one row."""

import gzip
import hashlib
import socket
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fetch_pipeline.demo.behaviours import html
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline_tests.fetching import IMPATIENT, fetch_row, fetch_rows
from fetch_pipeline_tests.raw_origin import raw_origin


def test_a_page_fills_its_whole_row(origin: Origin) -> None:
    """Every column that a page has is what the origin sent."""
    before = datetime.now(UTC)
    url = f"{origin.url}/page/7?bytes=5000"

    row = fetch_row(url)

    body = html("/page/7", 5000)
    assert row["outcome"] == "fetched"
    assert row["detail"] is None
    assert (row["status"], row["final_url"], row["redirects"]) == (200, url, 0)
    assert (row["wire_bytes"], row["body_bytes"]) == (5000, 5000)
    assert row["length"] == len(body.decode())
    assert row["sha256"] == hashlib.sha256(body).hexdigest()
    assert (row["charset"], row["charset_source"]) == ("utf-8", "header")
    assert row["content_type"] == "text/html; charset=utf-8"
    assert row["remote_ip"] == "127.0.0.1"
    assert row["attempts"] == 1
    assert row["started_at"] is not None
    assert before <= row["started_at"] <= datetime.now(UTC)


def test_phases_add_up_to_the_elapsed_time(origin: Origin) -> None:
    """Every phase that occurred has its seconds; the wait for the first byte is the latency."""
    row = fetch_row(f"{origin.url}/page/7?latency_s=0.2")

    phases = [row["queue_s"], row["connect_s"], row["first_byte_s"], row["download_s"]]
    spent_s = [seconds for seconds in phases if seconds is not None]
    assert len(spent_s) == len(phases)
    assert row["dns_s"] is None
    assert row["elapsed_s"] is not None
    assert sum(spent_s) <= row["elapsed_s"] < sum(spent_s) + 0.1
    assert 0.2 <= (row["first_byte_s"] or 0) <= row["elapsed_s"]


def test_a_second_page_uses_the_connection_of_the_first(origin: Origin) -> None:
    """It has no connect phase."""
    first, second = fetch_rows([f"{origin.url}/page/{n}" for n in (1, 2)], concurrency=1)

    assert first["connect_s"] is not None
    assert second["connect_s"] is None


def test_a_compressed_page_counts_both_kinds_of_bytes(origin: Origin) -> None:
    """Wire bytes as transferred, body bytes as decoded."""
    row = fetch_row(f"{origin.url}/gzip/7?bytes=5000")

    body = html("/gzip/7", 5000)
    assert row["outcome"] == "fetched"
    assert (row["content_encoding"], row["body_bytes"]) == ("gzip", 5000)
    assert row["wire_bytes"] == len(gzip.compress(body))
    assert row["length"] == len(body.decode())


@pytest.mark.parametrize("status", [400, 404, 410, 451, 500, 503])
def test_an_error_page_is_a_whole_response(origin: Origin, status: int) -> None:
    """Not a page, but its length is known all the same."""
    row = fetch_row(f"{origin.url}/status/{status}")

    assert (row["outcome"], row["status"], row["detail"]) == (
        "http_error",
        status,
        f"status {status}",
    )
    assert row["length"] is not None


def test_redirects_are_followed_and_counted(origin: Origin) -> None:
    """The row tells where it ended."""
    row = fetch_row(f"{origin.url}/redirect/3")

    assert (row["outcome"], row["redirects"]) == ("fetched", 3)
    assert row["final_url"] == f"{origin.url}/page/redirected"
    assert row["attempts"] == 1


def test_a_redirect_loop_ends_at_its_first_repetition(origin: Origin) -> None:
    """The origin is asked once, and the status that led there is told."""
    row = fetch_row(f"{origin.url}/loop")

    assert (row["outcome"], row["status"]) == ("redirect_error", 302)
    assert origin.requests["/loop"] == 1


def test_too_many_redirects_are_an_error(origin: Origin) -> None:
    """The policy says how many are too many."""
    row = fetch_row(f"{origin.url}/redirect/5", replace(IMPATIENT, max_redirects=4))

    assert (row["outcome"], row["detail"]) == ("redirect_error", "more than 4 redirects")


def test_a_redirect_to_a_refused_address_is_refused() -> None:
    """Every hop passes the address guard, and nothing of the first response is told as the last."""
    answer = (
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/x\r\nContent-Length: 0\r\n\r\n"
    )

    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert (row["outcome"], row["status"]) == ("refused_address", None)


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::ffff:10.0.0.1]/"],
)
def test_addresses_that_are_not_public_are_refused(url: str) -> None:
    """Nothing is sent, and nothing is tried again."""
    row = fetch_row(url, replace(IMPATIENT, max_attempts=3))

    assert (row["outcome"], row["status"], row["attempts"]) == ("refused_address", None, 1)


def test_a_name_that_leads_to_a_refused_address_is_refused() -> None:
    """It is the address dialled that counts, not what was written."""
    row = fetch_row("http://localhost:9/", replace(IMPATIENT, allow_addresses=()))

    assert row["outcome"] == "refused_address"


def test_a_closed_port_is_a_connect_error() -> None:
    """No status, no address; the system's own words."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]

    row = fetch_row(f"http://127.0.0.1:{port}/")

    assert (row["outcome"], row["status"], row["remote_ip"]) == ("connect_error", None, None)


def test_a_name_that_does_not_exist_is_a_dns_error() -> None:
    """RFC 6761: no `.invalid` name ever resolves."""
    row = fetch_row("http://nowhere.invalid/")

    assert (row["outcome"], row["status"]) == ("dns_error", None)
    assert row["detail"]


def test_a_label_too_long_for_dns_is_a_dns_error() -> None:
    """Python's codec raises its own kind of error for it."""
    row = fetch_row(f"http://{'a' * 64}.example/")

    assert row["outcome"] == "dns_error"


def test_plain_http_where_tls_is_spoken_is_a_tls_error() -> None:
    """The origin answers the handshake with words."""
    with raw_origin(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n") as url:
        row = fetch_row(url.replace("http://", "https://"))

    assert (row["outcome"], row["status"]) == ("tls_error", None)


def test_a_hangup_without_a_word_is_a_connect_error(origin: Origin) -> None:
    """One request was sent and, with one attempt allowed, not a second one in secret."""
    row = fetch_row(f"{origin.url}/hangup")

    assert (row["outcome"], row["status"]) == ("connect_error", None)
    assert origin.requests["/hangup"] == 1


def test_what_may_get_better_is_tried_again(origin: Origin) -> None:
    """Three attempts, each of them in the origin's books."""
    row = fetch_row(f"{origin.url}/status/503", replace(IMPATIENT, max_attempts=3))

    assert (row["outcome"], row["attempts"]) == ("http_error", 3)
    assert origin.requests["/status/503"] == 3


def test_what_will_not_get_better_is_not(origin: Origin) -> None:
    """One attempt, however many are allowed."""
    row = fetch_row(f"{origin.url}/status/404", replace(IMPATIENT, max_attempts=3))

    assert (row["attempts"], origin.requests["/status/404"]) == (1, 1)


def test_a_silent_server_is_a_timeout(origin: Origin) -> None:
    """The detail tells what was waited for."""
    row = fetch_row(f"{origin.url}/silent")

    assert (row["outcome"], row["detail"], row["status"]) == (
        "timeout",
        "timeout while waiting for the first byte",
        None,
    )
    assert (row["first_byte_s"] or 0) >= 0.3


def test_the_total_timeout_bounds_an_endless_body(origin: Origin) -> None:
    """A server that always has another byte is given up too; the status was real."""
    patient = replace(IMPATIENT, total_timeout_s=0.5, max_wire_bytes=2**60, max_body_bytes=2**60)

    row = fetch_row(f"{origin.url}/endless", patient)

    assert (row["outcome"], row["detail"], row["status"]) == (
        "timeout",
        "timeout while reading the body",
        200,
    )
    assert (row["length"], row["sha256"]) == (None, None)
    assert (row["body_bytes"] or 0) > 0


def test_a_body_shorter_than_promised_is_incomplete(origin: Origin) -> None:
    """What came is counted, but it has no length and no hash."""
    row = fetch_row(f"{origin.url}/cut?bytes=4000")

    assert (row["outcome"], row["status"]) == ("incomplete_body", 200)
    assert (row["body_bytes"], row["length"], row["sha256"]) == (2000, None, None)


def test_a_cut_gzip_body_is_incomplete(origin: Origin) -> None:
    """Its Content-Length was right, so nobody but the decoder can tell."""
    row = fetch_row(f"{origin.url}/cutgzip?bytes=4000")

    assert (row["outcome"], row["length"]) == ("incomplete_body", None)


def test_the_wire_cap_stops_a_long_body(origin: Origin) -> None:
    """At most one more piece is read."""
    row = fetch_row(f"{origin.url}/endless", replace(IMPATIENT, max_wire_bytes=100_000))

    assert (row["outcome"], row["status"]) == ("too_large", 200)
    assert 100_000 < (row["wire_bytes"] or 0) < 400_000


def test_the_body_cap_stops_a_bomb(origin: Origin) -> None:
    """Decoded bytes are counted while they come out, not afterwards."""
    row = fetch_row(f"{origin.url}/gzip/1?bytes=5000000", replace(IMPATIENT, max_body_bytes=10**6))

    assert (row["outcome"], row["length"]) == ("too_large", None)
    assert (row["body_bytes"] or 0) < 10**6 + 300_000


@pytest.mark.parametrize(
    ("answer", "outcome", "status"),
    [
        (b"ICY 200 OK\r\n\r\n", "protocol_error", None),
        (b"HTTP/1.1 2 OK\r\n\r\n", "protocol_error", None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "protocol_error", None),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "protocol_error", None),
        (b"HTTP/1.1 200 OK\r\n", "connect_error", None),
        (
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
            "incomplete_body",
            200,
        ),
        (b"HTTP/1.1 204 No Content\r\n\r\n", "fetched", 204),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil the end", "fetched", 200),
    ],
)
def test_what_a_peer_says_is_told_as_it_is(answer: bytes, outcome: str, status: int | None) -> None:
    """A broken peer is a row, and no status is invented for it."""
    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert (row["outcome"], row["status"]) == (outcome, status)


@pytest.mark.parametrize(
    ("framing", "outcome"),
    [(b"", "incomplete_body"), (b"Content-Length: 4\r\n", "fetched")],
)
def test_a_reset_is_no_end_of_a_body_without_a_length(framing: bytes, outcome: str) -> None:
    """Where the length is known and all came, a reset afterwards is nobody's business."""
    with raw_origin(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\nbody", reset=True) as url:
        row = fetch_row(url)

    assert (row["outcome"], row["status"], row["body_bytes"]) == (outcome, 200, 4)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=SECRET",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: sid=SECRET\x00\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"SECRET" * 20_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nSECRET\r\n\r\n",
        b"SECRET\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nSECRET\r\n",
    ],
    ids=["cut", "nul", "long", "no-colon", "no-http", "chunk"],
)
def test_a_detail_never_quotes_the_server(answer: bytes) -> None:
    """Its headers may be credentials, and the table is for everybody."""
    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert row["outcome"] in {"connect_error", "protocol_error", "incomplete_body"}
    assert 0 < len(row["detail"] or "") <= 100
    assert "SECRET" not in str(row)


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (b"ICY 200 OK\r\n\r\n", "broken HTTP: no valid status line"),
        (b"HTTP/1.1 200 OK\r\nX: a\x00\r\n\r\n", "broken HTTP: "),
        (b"HTTP/1.1 200 OK\r\nX: %b\r\n\r\n" % (b"a" * 10**5), "broken HTTP: a header line"),
    ],
    ids=["status", "header", "long"],
)
def test_a_detail_says_how_http_was_broken(answer: bytes, detail: str) -> None:
    """In words of our own."""
    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert (row["detail"] or "").startswith(detail)


def test_headers_that_text_cannot_hold_are_made_storable() -> None:
    """Latin-1 bytes and controls of a server reach no table."""
    answer = b'HTTP/1.1 200 OK\r\nETag: "caf\xe9"\r\nContent-Length: 0\r\n\r\n'

    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert row["etag"] == '"caf\N{LATIN SMALL LETTER E WITH ACUTE}"'


def test_validators_and_retry_after_are_kept() -> None:
    """As the server wrote them, seconds as a number."""
    answer = (
        b'HTTP/1.1 503 Busy\r\nETag: W/"7"\r\nLast-Modified: Mon, 23 Nov 2026 12:00:00 GMT\r\n'
        b"Retry-After: 120\r\nContent-Length: 0\r\n\r\n"
    )

    with raw_origin(answer) as url:
        row = fetch_row(url)

    assert (row["etag"], row["last_modified"], row["retry_after_s"]) == (
        'W/"7"',
        "Mon, 23 Nov 2026 12:00:00 GMT",
        120.0,
    )


def test_the_request_says_what_the_policy_says() -> None:
    """Our name, the codings we can undo, and nothing of whoever runs us."""
    received: list[bytes] = []
    with raw_origin(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", received) as url:
        fetch_row(f"{url}a%2Fb?sig=%2B", replace(IMPATIENT, user_agent="tests (+mailto:a@b.org)"))

    request, *headers = received[0].decode().split("\r\n")
    assert request == "GET /a%2Fb?sig=%2B HTTP/1.1"
    assert "User-Agent: tests (+mailto:a@b.org)" in headers
    assert "Accept-Encoding: gzip, deflate, br, zstd" in headers
    assert not [name for name in headers if name.startswith(("Cookie", "Authorization"))]


@pytest.mark.parametrize("size", [2**16, 2**18, 2**20, 2**22])
def test_a_long_page_comes_whole(origin: Origin, size: int) -> None:
    """Past aiohttp's buffer it is read in turns: stop, empty, go on."""
    rows = fetch_rows([f"{origin.url}/page/1?bytes={size}", f"{origin.url}/page/2"], concurrency=1)

    assert [(row["outcome"], row["body_bytes"]) for row in rows] == [
        ("fetched", size),
        ("fetched", 1000),
    ]
