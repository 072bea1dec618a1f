"""Reading URL lists: five formats, compressed or not, from any file system."""

import gzip
from pathlib import Path

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from fetch_pipeline.core.plan import Entry
from fetch_pipeline.demo.origin import Origin
from fetch_pipeline.store.url_list import UrlListError, list_version, read_entries

A, B = "http://a.org/", "http://b.org/"


def write(folder: Path, name: str, content: bytes) -> str:
    """Write a list; a name that ends in .gz is compressed."""
    path = folder / name
    path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
    return str(path)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("l.txt", f"{A}\n{B}\n"),
        ("l.txt", f"{A}\r\n{B}"),
        ("l.TXT", f"{A}\n{B}\n"),
        ("l.txt.gz", f"{A}\n{B}\n"),
        ("l.csv", f"url\n{A}\n{B}\n"),
        ("l.csv", f'id,url,title\n1,{A},"x, y"\n2,"{B}",z\n'),
        ("l.csv", f"link\n{A}\n{B}\n"),
        ("l.csv.gz", f"url\n{A}\n{B}\n"),
        ("l.tsv", f"id\turl\n1\t{A}\n2\t{B}\n"),
        ("l.tsv.gz", f"id\turl\n1\t{A}\n2\t{B}\n"),
        ("l.jsonl", f'{{"url": "{A}"}}\n{{"url": "{B}", "x": 1}}\n'),
        ("l.jsonl", f'"{A}"\n"{B}"\n'),
        ("l.jsonl.gz", f'{{"url": "{A}"}}\n{{"url": "{B}"}}\n'),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_text_formats_in_any_marked_encoding(
    tmp_path: Path, name: str, content: str, encoding: str
) -> None:
    """UTF-8 with or without its mark, UTF-16 with it; line ends of any system."""
    path = write(tmp_path, name, content.encode(encoding))

    assert [entry.text for entry in read_entries(path)] == [A, B]


def test_lines_are_numbered_as_in_the_file(tmp_path: Path) -> None:
    """Comments and blank lines are left out, but counted; an indented # is still a comment."""
    path = write(tmp_path, "l.txt", f"# list\n\n{A}\n  \n  # more\n {B} \n".encode())

    assert list(read_entries(path)) == [Entry(3, A), Entry(6, B)]


def test_a_row_of_a_csv_file_has_the_number_of_its_first_line(tmp_path: Path) -> None:
    """A quoted cell may hold line ends."""
    path = write(tmp_path, "l.csv", f'note,url\n"two\nlines",{A}\n\nx,{B}\nshort\n'.encode())

    assert list(read_entries(path)) == [Entry(2, A), Entry(5, B), Entry(6, "")]


def test_the_column_can_be_named(tmp_path: Path) -> None:
    """Where it is neither called url nor the only one."""
    path = write(tmp_path, "l.csv", f"link,url\n{A},{B}\n".encode())

    assert list(read_entries(path, "link")) == [Entry(2, A)]


@pytest.mark.parametrize("name", ["l.parquet", "l.parquet.gz"])
def test_parquet(tmp_path: Path, name: str) -> None:
    """Rows are numbered from 1; what is no text is a row with a reason."""
    buffer = pa.BufferOutputStream()
    pq.write_table(pa.table({"url": [A, None, B], "n": [1, 2, 3]}), buffer)
    path = write(tmp_path, name, buffer.getvalue().to_pybytes())

    assert list(read_entries(path)) == [
        Entry(1, A),
        Entry(2, "", "url is no text but NoneType"),
        Entry(3, B),
    ]


def test_a_json_line_that_is_none_is_a_row_with_a_reason(tmp_path: Path) -> None:
    """One bad line spoils itself only."""
    path = write(tmp_path, "l.jsonl", f'{{"url": "{A}"}}\n{{oops\n\n{{"link": 1}}\n7\n'.encode())

    first, *others = read_entries(path)
    assert first == Entry(1, A)
    assert [(entry.line, (entry.problem or "")[:8]) for entry in others] == [
        (2, "not JSON"),
        (4, "url is n"),
        (5, "url is n"),
    ]


def test_a_row_never_tells_the_value_it_could_not_use(tmp_path: Path) -> None:
    """It may hold a password; so may the path of the list."""
    path = write(tmp_path, "l.jsonl", b'["https://u:secret@a.org"]\n' + b"[" * 100_000)

    assert "secret" not in str(list(read_entries(path)))
    with pytest.raises(UrlListError) as caught:
        list(read_entries("ftp://u:secret@a.org/l.xlsx"))
    assert "secret" not in str(caught.value)


def test_a_long_cell_beside_a_url_is_no_trouble(tmp_path: Path) -> None:
    """The csv module would stop at 128 KiB."""
    path = write(tmp_path, "l.csv", f"note,url\n{'x' * 200_000},{A}\n".encode())

    assert list(read_entries(path)) == [Entry(2, A)]


def test_a_bad_byte_spoils_its_own_line_only(tmp_path: Path) -> None:
    """It is passed on as a surrogate, which the plan then finds to be no text."""
    path = write(tmp_path, "l.txt", b"http://a.org/\nhttp://caf\xe9.org/\nhttp://b.org/\n")

    assert [entry.text for entry in read_entries(path)] == [A, "http://caf\udce9.org/", B]


def test_any_file_system_of_fsspec(tmp_path: Path) -> None:
    """By URL, as in `s3://bucket/urls.txt`."""
    del tmp_path
    with fsspec.open("memory://lists/l.txt", "wb") as file:
        file.write(A.encode())

    assert list(read_entries("memory://lists/l.txt")) == [Entry(1, A)]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("l.txt", b"", "has no URLs: one per line"),
        ("l.txt", b"# only\n\n", "has no URLs"),
        ("l.csv", b"", "has no URLs"),
        ("l.csv", b"url\n", "has no URLs"),
        ("l.csv", b"id,link\n1,x\n", "no column 'url' among 'id', 'link'"),
        ("l.csv", b"http://a.org/\nhttp://b.org/\n", "first line is a URL, not the names"),
        ("l.csv", b'url\n"http://a.org/\nhttp://b.org/\n', "after 0 URLs: unexpected end of data"),
        ("l.tsv", b'url\nhttp://a.org/\n"http://b.org/"x\n', "after 1 URLs: '\\t' expected"),
        ("l.parquet", b"not parquet", "cannot be read as its name says"),
        ("l.xlsx", b"", "ends in .xlsx: one of .txt .csv .tsv .jsonl .parquet expected"),
        ("list", b"", "ends in nothing"),
    ],
)
def test_a_list_that_cannot_be_read_says_what_would_help(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    """One clear error that names the file."""
    path = write(tmp_path, name, content)

    with pytest.raises(UrlListError, match=message) as caught:
        list(read_entries(path))

    assert path in str(caught.value)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    """And where it was looked for."""
    with pytest.raises(UrlListError, match=r"none\.txt does not exist"):
        list(read_entries(str(tmp_path / "none.txt")))


@pytest.mark.parametrize(
    "content", [A.encode(), gzip.compress(A.encode() * 9)[:-9]], ids=["plain", "cut"]
)
def test_a_gz_file_that_is_none_or_cut_says_so(tmp_path: Path, content: bytes) -> None:
    """Half a list is not fetched as if it were the whole."""
    path = tmp_path / "l.txt.gz"
    path.write_bytes(content)

    with pytest.raises(UrlListError, match="cannot be read as its name says"):
        list(read_entries(str(path)))


def test_a_long_list_is_not_read_ahead(tmp_path: Path) -> None:
    """The first entry is there before the rest of the file is."""
    path = tmp_path / "l.txt"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"http://a.org/{number}\n" for number in range(100_000))
        file.flush()
        entries = read_entries(str(path))
        first = next(entries)
        file.truncate(50_000)

        rest = list(entries)

    assert first == Entry(1, "http://a.org/0")
    assert len(rest) < 10_000


def test_the_version_of_a_list_changes_with_its_content(tmp_path: Path) -> None:
    """The sensor compares versions; a list that is not there has none."""
    path = tmp_path / "l.txt"
    assert list_version(str(path)) is None

    path.write_text(A, encoding="utf-8")
    first = list_version(str(path))
    assert list_version(str(path)) == first

    path.write_text(f"{A}\n{B}", encoding="utf-8")
    assert list_version(str(path)) != first


def test_the_version_of_a_list_on_the_web_changes_too(origin: Origin) -> None:
    """There, fsspec's own key is the URL alone."""
    versions = [list_version(f"{origin.url}/page/l.txt?bytes={size}") for size in (100, 100, 200)]

    assert None not in versions
    assert versions[0] != versions[2]
