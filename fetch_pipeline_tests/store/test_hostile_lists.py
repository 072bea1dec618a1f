"""Lists as people have them: a row with a reason for each bad line, or one clear error."""

from __future__ import annotations

import codecs
import gzip
import tracemalloc
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fetch_pipeline.core.plan import ListedUrl, make_plan
from fetch_pipeline.core.text import printable
from fetch_pipeline.core.url import LONGEST_URL
from fetch_pipeline.store.url_list import UrlListError, read_entries
from fetch_pipeline.store.url_rows import store_url_list
from fetch_pipeline.store.warehouse import Place
from fetch_pipeline_tests.fetching import Folder

A, B = "http://a.org/", "http://b.org/"


def listed(tmp_path: Path, name: str, content: bytes) -> list[ListedUrl]:
    """Return the plan of a list with this content."""
    path = tmp_path / name
    path.write_bytes(content)
    return list(make_plan(read_entries(str(path))))


def sent(tmp_path: Path, line: str) -> str | None:
    """Return what is sent for a line; null for what is no URL."""
    (row,) = listed(tmp_path, "l.txt", line.encode("utf-8", "surrogateescape"))
    return row.target.href if row.target else None


@pytest.mark.parametrize(
    ("number", "line", "href"),
    [
        (10, "example.com/x", None),
        (10, "//host/x", None),
        (11, "http:/h", "http://h/"),
        (11, "http:h", "http://h/"),
        (11, r"http:\\h", "http://h/"),
        (12, "ftp://h/", None),
        (12, "file:///etc/passwd", None),
        (12, "data:text/html,x", None),
        (12, "javascript:alert(1)", None),
        (12, "mailto:a@b.org", None),
        (12, "about:blank", None),
        (13, "ws://h/", None),
        (13, "tcp://h/", None),
        (14, "http://user:secret@h/", "http://h/"),
        (15, "http://good.com@evil.com/", "http://evil.com/"),
        (15, "http://a@b@h/", "http://h/"),
        (16, "http://h:0/", None),
        (16, "http://h:65536/", None),
        (16, "http://h:-1/", None),
        (16, "http://h:abc/", None),
        (16, "http://h:/", "http://h/"),
        (17, "http://h/a#x", "http://h/a"),
        (18, "http://h/a b\tc", "http://h/a%20bc"),
        (18, "http://h/?a b+c", "http://h/?a%20b+c"),
        (19, "http://h/%0d%0aX:1", "http://h/%0d%0aX:1"),
        (20, "http://h/a%00b", "http://h/a%00b"),
        (20, "http://h%00/", None),
        (21, "http://h/é?ü", "http://h/%C3%A9?%C3%BC"),
        (22, "http://h/\udcff", None),
        (23, "http://h/a%2Fb?c=%2B%2f", "http://h/a%2Fb?c=%2B%2f"),
        (24, "http://h/%zz%", "http://h/%zz%"),
        (25, "http://h/a/../b//c/./d", "http://h/b//c/d"),
        (26, "http://faß.de/", "http://xn--fa-hia.de/"),
        (26, "http://💩.la/", "http://xn--ls8h.la/"),
        (27, "http://\u0430pple.com/", "http://xn--pple-43d.com/"),
        (28, "http://a\u00adb.org/", "http://ab.org/"),
        (28, "http://a\u200db.org/", None),
        (29, "http://ex ample.com/", None),
        (29, "http://exa<mple.com/", None),
        (29, "http://%20x/", None),
        (31, "http://example.com./", "http://example.com./"),
        (32, "http://a_b.example.com/", "http://a_b.example.com/"),
        (34, "http://2130706433/", "http://127.0.0.1/"),
        (37, "http://①②⑦。0.0.1/", "http://127.0.0.1/"),
        (38, "http://[fe80::1%25eth0]/", None),
    ],
)
def test_a_line_is_sent_as_browsers_would_or_has_a_problem(
    tmp_path: Path,
    number: int,  # noqa: ARG001 - says which of the 104 cases it is
    line: str,
    href: str | None,
) -> None:
    """WHATWG's reading, byte for byte; what it does not read, nobody is asked for."""
    assert sent(tmp_path, line) == href


@pytest.mark.parametrize("host", ["a" * 64 + ".org", "a" * 254, "a..b", ".com"])
def test_a_host_that_dns_cannot_hold_is_a_row_all_the_same(tmp_path: Path, host: str) -> None:
    """A problem, or a `dns_error` when it is looked up (case 30)."""
    assert len(listed(tmp_path, "l.txt", f"http://{host}/\n{A}".encode())) == 2


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "utf-16-le bom", "utf-16-be bom"]
)
def test_line_ends_and_encodings_of_any_system(tmp_path: Path, end: str, encoding: str) -> None:
    """Marks and blanks are no part of a URL (cases 1 to 4)."""
    text = end.join(["# list", "", f" {A}\t", B, ""])
    mark = {"utf-16-le bom": codecs.BOM_UTF16_LE, "utf-16-be bom": codecs.BOM_UTF16_BE}
    content = mark.get(encoding, b"") + text.encode(encoding.partition(" ")[0])

    rows = listed(tmp_path, "l.txt", content)

    assert [(row.line, row.url) for row in rows] == [(3, A), (4, B)]


def test_a_bad_byte_spoils_one_line(tmp_path: Path) -> None:
    """The line before it and the line after it are fetched."""
    rows = listed(tmp_path, "l.txt", f"{A}\nhttp://caf\xe9.org/\n{B}".encode("latin-1"))

    assert [row.problem is None for row in rows] == [True, False, True]
    assert rows[1].problem == "not text: bytes that are not valid in the encoding of the list"


def test_duplicates_are_found_by_what_is_sent(tmp_path: Path) -> None:
    """Fragment, default port, letter case of the host, userinfo (case 9)."""
    lines = f"{A}\n{A}#x\nHTTP://A.org:80\nhttp://u:p@a.org/\n{B}"

    rows = listed(tmp_path, "l.txt", lines.encode())

    assert [row.duplicate_of for row in rows] == [None, 1, 1, 1, None]


LONG = 10**8


@pytest.mark.parametrize(
    ("name", "start", "problem"),
    [
        ("l.txt", "http://a.org/", "too long: 100000014 characters"),
        ("l.jsonl", '{"url": "', "too long: 100000010 characters"),
    ],
)
def test_a_line_of_100_mb_is_one_row_and_no_memory(
    tmp_path: Path, name: str, start: str, problem: str
) -> None:
    """It is read in pieces, and its neighbours are read as ever (case 8)."""
    path = tmp_path / name
    with path.open("w", encoding="ascii") as file:
        file.write(start)
        for _ in range(100):
            file.write("a" * (LONG // 100))
        file.write(f'\n"{B}"\n' if name == "l.jsonl" else f"\n{B}\n")

    tracemalloc.start()
    try:
        rows = list(make_plan(read_entries(str(path))))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert [row.problem for row in rows] == [problem, None]
    assert len(rows[0].url) <= LONGEST_URL
    assert peak < (110 if name == "l.jsonl" else 4) * 2**20


def test_a_csv_file_without_line_ends_is_one_error(tmp_path: Path) -> None:
    """It names the line and its length."""
    with pytest.raises(UrlListError, match=r"line 2 has 20000000 characters: has the file line"):
        listed(tmp_path, "l.csv", b"url\n" + b"a" * 20_000_000)


def test_a_csv_file_keeps_to_its_quotes(tmp_path: Path) -> None:
    """Commas and line ends in cells, quotes in quotes, other columns, a row too short (case 5)."""
    content = f'id,url,note\n1,"{A}?a,b","say ""x""\n or y"\n2,{B},\n3\n'

    rows = listed(tmp_path, "l.csv", content.encode())

    assert [(row.line, row.url) for row in rows] == [(2, f"{A}?a,b"), (4, B), (5, "")]
    assert rows[2].problem == "empty"


def test_a_damaged_gz_file_is_one_error(tmp_path: Path) -> None:
    """Not an error of zlib's, which names no file."""
    content = bytearray(gzip.compress("".join(f"{A}{n * n}\n" for n in range(5000)).encode()))
    for at in range(1000, 1040):
        content[at] ^= 0xFF

    with pytest.raises(UrlListError, match=r"l\.txt\.gz cannot be read as its name says"):
        listed(tmp_path, "l.txt.gz", bytes(content))


@pytest.mark.parametrize("secret", ["S3cret" * 400, "S3cret" * 20_000])
@pytest.mark.parametrize("after", ["@h/", "@h:99999/", "#x@h/"])
def test_a_long_password_is_not_shown(tmp_path: Path, secret: str, after: str) -> None:
    """Tokens as passwords are longer than what is shown of a URL."""
    (row,) = listed(tmp_path, "l.txt", f"https://user:{secret}{after}".encode())

    assert "S3cret" not in row.url + (row.problem or "")


def test_numbers_and_nothing_are_rows_with_a_reason(tmp_path: Path) -> None:
    """What pandas makes of an empty cell (case 7)."""
    path = tmp_path / "l.parquet"
    pd.DataFrame({"url": [A, None, float("nan")]}).to_parquet(path)
    numbers = tmp_path / "n.parquet"
    pd.DataFrame({"url": np.array([1.5, np.nan])}).to_parquet(numbers)
    words = tmp_path / "w.jsonl"
    words.write_text('{"url": NaN}\n{"url": 7}\n{"url": null}\n"nan"\n', encoding="ascii")

    problems = [
        [row.problem for row in make_plan(read_entries(str(each)))]
        for each in (path, numbers, words)
    ]

    assert problems == [
        [None, "url is no text but NoneType", "url is no text but NoneType"],
        ["url is no text but float", "url is no text but NoneType"],
        [
            "url is no text but float",
            "url is no text but int",
            "url is no text but NoneType",
            "no scheme: write it as https://...",
        ],
    ]


def zipped() -> bytes:
    """Return a zip file, as spreadsheets are."""
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", A * 100)
    return buffer.getvalue()


def parquet() -> bytes:
    """Return a Parquet file."""
    buffer = BytesIO()
    pd.DataFrame({"url": [A]}).to_parquet(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("name", ["l.txt", "l.csv", "l.tsv", "l.jsonl"])
@pytest.mark.parametrize(
    "make",
    [zipped, parquet, lambda: f"url\n{A}".encode("utf-16-le")],
    ids=["zip", "parquet", "wide"],
)
def test_a_file_that_is_no_text_is_one_error(
    tmp_path: Path, name: str, make: Callable[[], bytes]
) -> None:
    """Not a thousand rows of rubbish."""
    with pytest.raises(
        UrlListError, match=r"l\.\w+ cannot be read as its name says.* (no text|NUL)"
    ):
        listed(tmp_path, name, make())


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        (
            "l.parquet",
            b"url\nhttp://a.org/\n",
            r" cannot be read as its name says, after 0 URLs: .",
        ),
        ("l.txt.gz", b"http://a.org/\n", r" cannot be read as its name says, after 0 URLs: ."),
        ("l.csv", b"<!doctype html><title>Sign in</title>,x\n", r": no column 'url' among '<!doc"),
        ("l.csv", b"id\turl\n1\thttp://a.org/\n", r": its one column is 'id\\turl': separate"),
    ],
)
def test_a_file_that_is_something_else_is_one_error(
    tmp_path: Path, name: str, content: bytes, why: str
) -> None:
    """It names the file, and what would help."""
    with pytest.raises(UrlListError, match=name + why):
        listed(tmp_path, name, content)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    content=st.binary(max_size=200)
    | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.lists(st.sampled_from([A, B, '"', ",", "\n", "\r", "{", "}", "[", '"url":', "#", " "]))
    .map("".join)
    .map(str.encode),
    name=st.sampled_from(["l.txt", "l.csv", "l.tsv", "l.jsonl", "l.parquet", "l.txt.gz"]),
)
def test_any_bytes_are_rows_or_one_error(folder: Folder, content: bytes, name: str) -> None:
    """Whatever a file holds, the table takes it, or the error names the file."""
    path = folder.path / name
    path.write_bytes(content)
    try:
        rows = list(make_plan(read_entries(str(path))))
    except UrlListError as error:
        rows = []
        named = str(error)
    else:
        named = str(path)

    assert str(path) in named

    assert [row.line for row in rows] == sorted({row.line for row in rows})
    assert all((row.target is None) != (row.problem is None) for row in rows)
    assert all(row.url == printable(row.url) for row in rows)
    texts = [text for row in rows for text in (row.url, row.problem)]
    assert pa.array(texts, pa.string()).to_pylist() == texts


def test_ten_thousand_bad_lines_are_stored_as_they_are(folder: Folder) -> None:
    """Formulas, controls, quotes, wide characters: a table is no spreadsheet."""
    bad = ["=cmd()|x", "@SUM(1)", "\x1b[31m", "\0", "\u202ehttp", '"', "'; DROP TABLE x; --", "💩"]
    path = folder.write_list(bad * 1250)

    counts = store_url_list(
        folder.warehouse, Place(schema=None, table="url_list"), make_plan(read_entries(str(path)))
    )

    assert (counts.rows, counts.problems) == (10_000, 10_000)
    assert folder.table("url_list")["url"].nunique() == len(bad)
