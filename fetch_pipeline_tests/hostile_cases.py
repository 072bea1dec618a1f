"""What a server can answer, and the row that becomes of it: one line per case.

The numbers are those of the README's list of 104 ways in which the web goes wrong.
"""

from __future__ import annotations

import codecs
import gzip
import hashlib
import zlib
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

import brotli
from aiohttp.helpers import DEBUG, NO_EXTENSIONS
from backports import zstd

from fetch_pipeline_tests.hostile_origin import Do, Drip, Script, Step

gz = partial(gzip.compress, mtime=0)
br = partial(brotli.compress, quality=5)

HTML = b"<!doctype html><title>a page</title><p>caf\xc3\xa9 and more of it</p>\n" * 3
LATIN = b"<p>caf\xe9</p>"
ZEROS = bytes(2**23)
DATES = b"Mon, 23 Nov 2020 12:00:00 GMT|Monday, 23-Nov-20 12:00:00 GMT|Mon Nov 23 12:00:00 2020"


@dataclass(frozen=True, slots=True)
class Case:
    """One way to answer, and the columns that are not null in its row."""

    number: int
    name: str
    script: Script
    row: dict[str, Any]


def head(*lines: str | bytes, status: str = "200 OK") -> bytes:
    """Return a status line and headers."""
    said = [line.encode() if isinstance(line, str) else line for line in lines]
    return b"\r\n".join([f"HTTP/1.1 {status}".encode(), *said, b"", b""])


def sized(body: bytes, *lines: str | bytes, status: str = "200 OK") -> bytes:
    """Return a whole response that says how long it is."""
    return head(*lines, f"Content-Length: {len(body)}", status=status) + body


def chunked(*chunks: bytes) -> bytes:
    """Return chunks and the last one."""
    return b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))


def page(body: bytes = HTML, *, wire: int | None = None, **others: Any) -> dict[str, Any]:
    """Return the row of a whole body; its text is UTF-8 unless told otherwise."""
    return {
        "outcome": "fetched",
        "status": 200,
        "length": len(body.decode(errors="replace")),
        "body_bytes": len(body),
        "wire_bytes": len(body) if wire is None else wire,
        "charset": "utf-8",
        "charset_source": "utf-8",
        "sha256": hashlib.sha256(body).hexdigest(),
        **others,
    }


def data(body: bytes, **others: Any) -> dict[str, Any]:
    """Return the row of a whole body that is not text."""
    return page(body, **{"length": None, "charset": None, "charset_source": None, **others})


def error(status: int, body: bytes = b"", **others: Any) -> dict[str, Any]:
    """Return the row of an error page."""
    told: dict[str, Any] = {"outcome": "http_error", "detail": f"status {status}"}
    return page(body, status=status, **told, **others)


def part(count: int | None = 0, **others: Any) -> dict[str, Any]:
    """Return the row of a body that ended before its end, after `count` bytes."""
    return {
        "outcome": "incomplete_body",
        "detail": "the connection ended before the whole body had come",
        "status": 200,
        "body_bytes": count,
        "wire_bytes": count,
        **others,
    }


def broken(how: str = "", **others: Any) -> dict[str, Any]:
    """Return the row of a response that is no HTTP."""
    return {
        "outcome": "protocol_error",
        "detail": f"broken HTTP: {how}" if how else ...,  # aiohttp's two parsers differ in words
        "final_url": None,
        "redirects": None,
        "remote_ip": None,
        **others,
    }


def endless_framing() -> dict[str, Any]:
    """Return the row of a body that is given up; what came last may be lost."""
    told = "broken HTTP: invalid framing of the body"
    return part(outcome="protocol_error", detail=told, **SOME)


def framing() -> dict[str, Any]:
    """Return the row of a body whose framing breaks."""
    return by_parser(endless_framing(), part(**SOME))


def nothing(outcome: str, detail: str, **others: Any) -> dict[str, Any]:
    """Return the row of a request without any response."""
    return {**broken(), "outcome": outcome, "detail": detail, **others}


def coded(coding: str, wire: bytes) -> bytes:
    """Return a response in a content coding."""
    return sized(wire, "Content-Type: text/html", f"Content-Encoding: {coding}")


def decoded(coding: str, wire: bytes, body: bytes = HTML, **others: Any) -> dict[str, Any]:
    """Return its row."""
    return page(body, wire=len(wire), content_encoding=coding, content_type="text/html", **others)


def in_coding(number: int, name: str, coding: str, wire: bytes, **others: Any) -> Case:
    """Return the case of a body that can be decoded."""
    return Case(number, name, [coded(coding, wire)], decoded(coding, wire, **others))


def cut(coding: str, wire: bytes) -> dict[str, Any]:
    """Return the row of a compressed body without its end."""
    return part(
        body_bytes=...,
        wire_bytes=len(wire),
        detail=f"the compressed body ends early, after {len(wire)} bytes",
        content_encoding=coding,
        content_type="text/html",
    )


def labelled(number: int, name: str, body: bytes, kind: str, row: dict[str, Any]) -> Case:
    """Return the case of a body with a Content-Type."""
    return Case(number, name, [sized(body, f"Content-Type: {kind}")], {**row, "content_type": kind})


def told(value: str, seconds: float | None) -> Case:
    """Return the case of a Retry-After header."""
    script: list[Step] = [sized(b"", f"Retry-After: {value}", status="429 Too Many")]
    return Case(102, f"retry-after-{quote(value)}", script, error(429, retry_after_s=seconds))


def redirect(location: bytes, status: str = "302 Found") -> bytes:
    """Return a redirect."""
    return sized(b"", b"Location: " + location, status=status)


def led(to: str, hops: int = 1, **others: Any) -> dict[str, Any]:
    """Return the row of the page behind redirects."""
    return page(redirects=hops, final_url=to, **others)


def dead_end(detail: str, status: int = 302, **others: Any) -> dict[str, Any]:
    """Return the row of a chain that is not followed."""
    return {"outcome": "redirect_error", "detail": detail, "status": status, **others}


def lenient(row: dict[str, Any]) -> dict[str, Any]:
    """Return `row`, or what aiohttp's strict parser makes of it in Python's development mode."""
    return broken() if DEBUG else row


def by_parser(row: dict[str, Any], in_python: dict[str, Any]) -> dict[str, Any]:
    """Return what aiohttp's parser in C leads to, or the one in Python."""
    return in_python if NO_EXTENSIONS else row


def too_large(cap: str, **others: Any) -> dict[str, Any]:
    """Return the row of a body that passed a cap."""
    return part(outcome="too_large", detail=f"more than {cap}", **{**SOME, **others})


def slow(detail: str, **others: Any) -> dict[str, Any]:
    """Return the row of a body that was given up."""
    return part(outcome="timeout", detail=detail, **{**SOME, **others})


def unasked(status: int) -> dict[str, Any]:
    """Return the row of a status that answers nothing we asked."""
    told = f"status {status} was not asked for"
    return part(status=status, outcome="protocol_error", detail=told, **NO_BODY)


OK = sized(HTML)
SOME: dict[str, Any] = {"body_bytes": ..., "wire_bytes": ...}
NO_BODY: dict[str, Any] = {"body_bytes": None, "wire_bytes": None}
UNKNOWN = "in a content coding that is not known here: bytes as they came"
REFUSED = nothing("refused_address", "the address is not public and not in allow_addresses")
SLOW = "fewer than min_bytes_per_s=100 over 0.5 s while reading the body"
HUNG_UP = nothing("connect_error", "hung up while waiting for the first byte")
RESET = nothing("connect_error", "Connection reset by peer")
FIRST = nothing("timeout", "timeout while waiting for the first byte")
WINDOW: dict[int, int] = {zstd.CompressionParameter.window_log: 27}
COMPRESSOR = zstd.ZstdCompressor(options=WINDOW)
WIDE_ZSTD = COMPRESSOR.compress(HTML) + COMPRESSOR.flush()

CONNECTION = [
    Case(51, "closed-at-once", [], HUNG_UP),
    Case(51, "reset-at-once", [Do.RESET], RESET),
    Case(51, "half-a-head", [b"HTTP/1.1 200 OK\r\nConte"], HUNG_UP),
    Case(
        53, "reset-in-the-body", [head("Content-Length: 9") + b"1234", Do.WAIT, Do.RESET], part(4)
    ),
    Case(
        53,
        "reset-of-a-body-without-length",
        [head() + b"1234", Do.WAIT, Do.RESET],
        part(4, detail="the connection was reset before the end of the body"),
    ),
    Case(56, "tls-where-http-was-asked", [b"\x15\x03\x01\x00\x02\x02\x28"], broken()),
    Case(84, "no-word", [Do.HANG], FIRST),
    Case(84, "slow-head", [b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n", 0.1)], FIRST),
]

FRAMING = [
    Case(60, "length-too-large", [head("Content-Length: 999") + HTML], part(len(HTML))),
    Case(61, "length-too-small", [head("Content-Length: 5") + b"12345678"], page(b"12345")),
    Case(
        61,
        "length-too-small-apart",
        [head("Content-Length: 5"), Do.WAIT, b"12345", Do.WAIT, b"678"],
        page(b"12345"),
    ),
    Case(
        61,
        "length-too-small-split",
        [b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", Do.WAIT, b"\r\n12345678"],
        page(b"12345"),
    ),
    Case(61, "a-line-end-too-much", [sized(HTML) + b"\r\n"], page()),
    Case(
        62,
        "length-twice",
        [head("Content-Length: 2", "Content-Length: 2") + b"ok"],
        by_parser(broken(), page(b"ok")),
    ),
    Case(62, "length-list", [head("Content-Length: 2, 2") + b"ok"], broken()),
    Case(
        63,
        "length-differs",
        [head("Content-Length: 2", "Content-Length: 3") + b"ok"],
        by_parser(broken(), part(outcome="protocol_error", detail=..., **NO_BODY)),
    ),
    Case(63, "length-negative", [head("Content-Length: -2") + b"ok"], broken()),
    Case(63, "length-plus", [head("Content-Length: +2") + b"ok"], broken()),
    Case(
        63,
        "length-overflow",
        [head(f"Content-Length: {10**30}") + b"ok"],
        by_parser(broken(), part(2)),
    ),
    Case(
        64,
        "length-and-chunks",
        [head("Content-Length: 2", "Transfer-Encoding: chunked") + chunked(b"ok")],
        broken(),
    ),
    Case(
        65,
        "transfer-unknown",
        [head("Transfer-Encoding: foo") + HTML],
        data(HTML, detail=UNKNOWN),
    ),
    Case(
        65,
        "transfer-gzip",
        [head("Transfer-Encoding: gzip, chunked") + chunked(gz(HTML))],
        page(wire=len(gz(HTML))),
    ),
    Case(
        65,
        "transfer-unknown-reset",
        [head("Transfer-Encoding: foo") + b"1234", Do.WAIT, Do.RESET],
        part(4, detail="the connection was reset before the end of the body"),
    ),
    Case(66, "chunks-cut", [head("Transfer-Encoding: chunked") + b"5\r\nab"], part(2)),
    Case(66, "chunks-without-last", [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n"], part(2)),
    Case(
        67, "no-final-line-end", [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n"], part(2)
    ),
    Case(68, "chunk-size-bad", [head("Transfer-Encoding: chunked") + b"zz\r\nab\r\n"], framing()),
    Case(
        68,
        "chunk-size-later",
        [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n-1\r\n"],
        framing(),
    ),
    Case(
        68,
        "chunk-extension",
        [head("Transfer-Encoding: chunked") + b"2;a=b\r\nab\r\n0\r\n\r\n"],
        page(b"ab"),
    ),
    Case(
        69,
        "trailers",
        [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\nX: y\r\n\r\n"],
        page(b"ab"),
    ),
    Case(
        69,
        "trailers-for-ever",
        [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n", Drip(b"X: y\r\n" * 500, 0.01)],
        framing(),
    ),
    Case(
        69,
        "long-trailers-for-ever",
        [
            head("Transfer-Encoding: chunked") + b"2\r\nab\r\n0\r\n",
            Drip(b"X: %b\r\n" % (b"y" * 60_000), 0),
        ],
        endless_framing(),
    ),
    Case(
        68,
        "chunk-extension-for-ever",
        [head("Transfer-Encoding: chunked") + b"2\r\nab\r\n1;", Drip(b"y" * 60_000, 0)],
        framing(),
    ),
    Case(70, "until-the-end", [b"HTTP/1.0 200 OK\r\n\r\n" + HTML], page()),
    Case(70, "until-the-end-1.1", [head() + HTML], page()),
    Case(71, "no-http", [b"<html>hello</html>"], broken()),
    Case(71, "icy", [b"ICY 200 OK\r\n\r\n"], broken()),
    Case(71, "http2", [b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"], broken()),
    Case(71, "http-2", [b"HTTP/2 200 OK\r\n\r\n"], broken()),
    Case(72, "no-reason", [b"HTTP/1.1 200\r\nContent-Length: 2\r\n\r\nok"], page(b"ok")),
    Case(
        72,
        "line-feeds-only",
        [b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok"],
        lenient(page(b"ok")),
    ),
    Case(73, "no-colon", [head("what is this") + HTML], broken()),
    Case(73, "space-before-colon", [head("X-A : v", "Content-Length: 2") + b"ok"], broken()),
    Case(73, "nul-in-a-value", [head(b"X: a\0b", "Content-Length: 2") + b"ok"], broken()),
    Case(73, "name-beyond-ascii", [head(b"X-\xc3\xa9: v", "Content-Length: 2") + b"ok"], broken()),
    Case(74, "latin-1-in-a-value", [sized(HTML, b'ETag: "caf\xe9"')], page(etag='"café"')),
    Case(74, "utf-8-in-a-value", [sized(HTML, 'ETag: "café"')], page(etag='"café"')),
    Case(75, "a-header-of-9-kB", [sized(HTML, "X: " + "y" * 9000)], page()),
    Case(75, "two-hundred-headers", [sized(HTML, *["X: y"] * 200)], page()),
    Case(75, "a-header-of-100-kB", [sized(HTML, "X: " + "y" * 100_000)], broken()),
    Case(
        75,
        "headers-of-1-MB",
        [sized(HTML, *["X: " + "y" * 10_000] * 100)],
        broken("more headers than anybody needs"),
    ),
    Case(75, "headers-for-ever", [b"HTTP/1.1 200 OK\r\n", Drip(b"X: y\r\n" * 5000, 0)], broken()),
    Case(
        76, "a-hundred-cookies", [sized(HTML, *[f"Set-Cookie: c{n}=v" for n in range(100)])], page()
    ),
    Case(77, "early-hints", [head("Link: </a>", status="103 Early Hints") + OK], page()),
    Case(
        77,
        "interim-for-ever",
        [Drip(head("X: " + "y" * 5000, status="102 Processing"), 0)],
        broken("more headers than anybody needs"),
    ),
    Case(77, "interim-drip", [Drip(head(status="102 Processing"), 0.1)], FIRST),
    Case(79, "204-with-a-body", [head(status="204 No Content") + HTML], page(b"", status=204)),
    Case(79, "204-with-a-length", [sized(HTML, status="204 No Content")], page(b"", status=204)),
    Case(80, "status-999", [sized(b"no", status="999 Denied")], error(999, b"no")),
    Case(80, "status-600", [sized(b"no", status="600 What")], error(600, b"no")),
    Case(80, "status-000", [sized(b"no", status="000 What")], error(0, b"no")),
    Case(80, "status-20", [sized(b"no", status="20 OK")], broken()),
    Case(80, "status-word", [sized(b"no", status="OK")], broken()),
]

BODIES = [
    Case(
        82,
        "endless",
        [head(), Drip(b"x" * 10_000, 0)],
        too_large("max_wire_bytes=1000000 transferred"),
    ),
    Case(83, "slow-drip", [head(), Drip(b"x", 0.05)], slow(SLOW)),
    Case(
        83,
        "silence-in-the-body",
        [head("Content-Length: 99") + b"1234", Do.HANG],
        slow("timeout while reading the body", body_bytes=4, wire_bytes=4),
    ),
    *(
        Case(
            85,
            "bomb-" + coding.replace(", ", "-"),
            [coded(coding, bomb)],
            too_large(
                "max_body_bytes=4000000 after decoding",
                content_encoding=coding,
                content_type="text/html",
            ),
        )
        for coding, bomb in {
            "gzip": gz(ZEROS),
            "deflate": zlib.compress(ZEROS),
            "br": br(ZEROS),
            "zstd": zstd.compress(ZEROS),
            "gzip, gzip": gz(gz(ZEROS)),
            "br, gzip, zstd": zstd.compress(gz(br(ZEROS))),
        }.items()
    ),
    Case(
        86,
        "zstd-window",
        [coded("zstd", WIDE_ZSTD)],
        part(
            outcome="protocol_error",
            detail=...,
            content_encoding="zstd",
            content_type="text/html",
            **SOME,
        ),
    ),
    *(
        Case(87, f"{coding}-cut", [coded(coding, wire[:-9])], cut(coding, wire[:-9]))
        for coding, wire in {"gzip": gz(HTML), "br": br(HTML), "zstd": zstd.compress(HTML)}.items()
    ),
    in_coding(88, "gzip-twice", "gzip, gzip", gz(gz(HTML))),
    Case(
        88,
        "codings-in-two-lines",
        [
            sized(
                br(gz(HTML)),
                "Content-Type: text/html",
                "Content-Encoding: gzip",
                "Content-Encoding: br",
            )
        ],
        decoded("gzip", br(gz(HTML))),
    ),
    in_coding(88, "x-gzip", "x-gzip", gz(HTML)),
    in_coding(88, "upper-case", "GZIP", gz(HTML)),
    Case(
        88,
        "too-many-codings",
        [coded("gzip, gzip, gzip, gzip", gz(HTML))],
        part(
            outcome="protocol_error",
            detail="4 content codings on top of each other",
            content_encoding="gzip, gzip, gzip, gzip",
            content_type="text/html",
            **NO_BODY,
        ),
    ),
    in_coding(89, "gzip-is-plain", "gzip", HTML, detail="said to be gzip, but is not"),
    in_coding(89, "br-is-plain", "br", HTML, detail="said to be br, but is not"),
    in_coding(89, "zstd-is-plain", "zstd", HTML, detail="said to be zstd, but is not"),
    in_coding(89, "deflate-is-plain", "deflate", HTML, detail="said to be deflate, but is not"),
    in_coding(
        89, "gzip-once-said-twice", "gzip, gzip", gz(HTML), detail="said to be gzip, but is not"
    ),
    Case(
        89,
        "coding-unknown",
        [coded("aes128gcm", HTML)],
        decoded("aes128gcm", HTML, length=None, charset=None, charset_source=None, detail=UNKNOWN),
    ),
    in_coding(90, "deflate-raw", "deflate", zlib.compress(HTML)[2:-4]),
    in_coding(90, "gzip-members", "gzip", gz(HTML[:50]) + gz(HTML[50:])),
    in_coding(90, "gzip-padded", "gzip", gz(HTML) + bytes(99)),
    in_coding(90, "gzip-junk", "gzip", gz(HTML) + b"junk behind it"),
    Case(
        91,
        "a-gz-file",
        [sized(gz(gz(HTML)), "Content-Type: application/gzip", "Content-Encoding: gzip")],
        data(
            gz(HTML),
            wire_bytes=len(gz(gz(HTML))),
            content_type="application/gzip",
            content_encoding="gzip",
        ),
    ),
    labelled(
        92,
        "bom-over-header",
        codecs.BOM_UTF8 + HTML,
        "text/html; charset=latin1",
        page(codecs.BOM_UTF8 + HTML, length=len(HTML.decode()), charset_source="bom"),
    ),
    labelled(
        92,
        "header-over-meta",
        b"<meta charset=koi8-r>" + LATIN,
        "text/html; charset=latin1",
        page(b"<meta charset=koi8-r>" + LATIN, charset="windows-1252", charset_source="header"),
    ),
    labelled(
        92,
        "meta",
        b"<meta charset=koi8-r>" + LATIN,
        "text/html",
        page(b"<meta charset=koi8-r>" + LATIN, charset="koi8-r", charset_source="meta"),
    ),
    labelled(
        92,
        "xml",
        b"<?xml version='1.0' encoding='latin1'?>" + LATIN,
        "application/xml",
        page(
            b"<?xml version='1.0' encoding='latin1'?>" + LATIN,
            charset="windows-1252",
            charset_source="xml",
        ),
    ),
    labelled(
        92,
        "nobody-says",
        LATIN,
        "text/html",
        page(LATIN, charset="windows-1252", charset_source="fallback"),
    ),
    *(
        labelled(93, f"label-{quote(label)}", HTML, f"text/html; charset={label}", page())
        for label in ("zlib", "idna", "punycode", "utf-7", "none", "unicode_escape", '"')
    ),
    labelled(
        93, "label-semicolon", HTML, "text/html; charset=utf-8;", page(charset_source="header")
    ),
    labelled(
        94,
        "meta-says-utf-16",
        b"<meta charset=utf-16>" + HTML,
        "text/html",
        page(b"<meta charset=utf-16>" + HTML, charset_source="meta"),
    ),
    labelled(
        94,
        "wide-xml",
        "<?xml version='1.0'?><a/>".encode("utf-16-le"),
        "text/xml",
        page(
            "<?xml version='1.0'?><a/>".encode("utf-16-le"),
            length=25,
            charset="utf-16le",
            charset_source="xml",
        ),
    ),
    labelled(
        95,
        "invalid-bytes",
        b"a\xffb\xc3",
        "text/html; charset=utf-8",
        page(b"a\xffb\xc3", charset_source="header"),
    ),
    Case(96, "empty", [sized(b"")], page(b"")),
    labelled(
        98,
        "png-as-html",
        b"\x89PNG\r\n\x1a\n" + bytes(99),
        "text/html",
        data(b"\x89PNG\r\n\x1a\n" + bytes(99)),
    ),
    labelled(98, "pdf-as-text", b"%PDF-1.7\n" + HTML, "text/plain", data(b"%PDF-1.7\n" + HTML)),
    Case(
        98, "binary-without-a-type", [sized(b"\x7fELF" + bytes(99))], data(b"\x7fELF" + bytes(99))
    ),
    Case(98, "text-without-a-type", [sized(HTML)], page()),
]

SEMANTICS = [
    Case(
        78,
        "switching",
        [head("Upgrade: x", "Connection: upgrade", status="101 Switching Protocols")],
        unasked(101),
    ),
    *(
        Case(104, name, [sized(HTML, status=status)], unasked(int(status[:3])))
        for name, status in (
            ("part-unasked", "206 Partial Content"),
            ("not-modified-unasked", "304 Not Modified"),
        )
    ),
    *(
        Case(104, f"status-{status}", [sized(HTML, status=f"{status} No")], error(status, HTML))
        for status in (412, 416)
    ),
    Case(
        104,
        "odd-validators",
        [sized(HTML, 'ETag: W/"7"', "Last-Modified: Mon, 23 Nov 2099 12:00:00 GMT", "Vary: *")],
        page(etag='W/"7"', last_modified="Mon, 23 Nov 2099 12:00:00 GMT"),
    ),
    Case(104, "bare-etag", [sized(HTML, "ETag: 7")], page(etag="7")),
    *(
        Case(97, f"wall-{status}", [sized(HTML, status=f"{status} No")], error(status, HTML))
        for status in (401, 403, 407, 451)
    ),
    told("120", 120.0),
    told("0", 0.0),
    *(told(date, 0.0) for date in DATES.decode().split("|")),
    *(told(garbage, None) for garbage in ("-5", "1.5", "1e9", "soon", "")),
    Case(99, "loop", [redirect(b"/loop")], dead_end("redirect loop: {url}/loop was asked before")),
    *(
        Case(
            99,
            f"chain-{n}",
            [redirect(b"/chain-%d" % (n - 1))],
            led("{url}/chain-0", n)
            if n < 11
            else dead_end("more than 10 redirects", redirects=10, final_url="{url}/chain-1"),
        )
        for n in range(1, 12)
    ),
    Case(99, "chain-0", [OK], page()),
    Case(99, "multiple-choices", [redirect(b"/chain-0", "300 Choose")], error(300)),
    Case(99, "no-location", [sized(b"", status="302 Found")], error(302)),
    Case(99, "empty-location", [redirect(b"")], error(302)),
    Case(
        42,
        "to-a-file",
        [redirect(b"file:///etc/passwd")],
        dead_end("redirect to no page: scheme file is not http or https"),
    ),
    Case(42, "to-metadata", [redirect(b"http://169.254.169.254/latest/")], REFUSED),
    Case(
        100,
        "cookie",
        [redirect(b"/cookie").replace(b"Location", b"Set-Cookie: seen=1\r\nLocation")],
        led("{url}/cookie"),
    ),
    Case(100, "cookie#2", [OK], page()),
    Case(101, "latin-1-location", [redirect(b"/caf\xe9")], led("{url}/caf%E9")),
    Case(101, "caf%E9", [OK], page()),
    Case(101, "spaces-in-location", [redirect(b" /a b ")], led("{url}/a%20b")),
    Case(101, "a%20b", [OK], page()),
    Case(101, "missing-slash", [redirect(b"?q=1")], led("{url}/missing-slash?q=1")),
    Case(101, "missing-slash#2", [OK], page()),
]

CASES = [*CONNECTION, *FRAMING, *BODIES, *SEMANTICS]
