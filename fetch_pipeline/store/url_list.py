"""Reading a URL list: any of five formats, compressed or not, from any file system, streamed."""

from __future__ import annotations

import csv
import io
import json
import zlib
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import PurePosixPath
from typing import BinaryIO, Final, TypeAlias

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from fetch_pipeline.core.plan import Entry
from fetch_pipeline.core.url import LONGEST_URL, without_userinfo
from fetch_pipeline.store.lines import NoTextError, bounded_lines, open_text

DEFAULT_COLUMN: Final = "url"

# A line that holds more than a URL. Longer ones are no lines but a file without line ends.
_LONGEST_LINE: Final = 2**24
csv.field_size_limit(_LONGEST_LINE)  # 128 KiB would fail a list for the long cell beside a URL

_Reader: TypeAlias = Callable[[BinaryIO, "str | None"], Iterator[Entry]]

_SEPARATORS: Final = frozenset("\t;|,")
_UNREADABLE: Final = (
    *(OSError, EOFError, UnicodeError, zlib.error),
    *(csv.Error, pa.ArrowException, NoTextError),
)


class UrlListError(Exception):
    """The list as a whole cannot be read; the message names the file, the place and the fix."""


def read_entries(path: str, column: str | None = None) -> Iterator[Entry]:
    """Yield the line number and text of every listed URL, in order; nothing else is judged here.

    Args:
        path: Local path or fsspec URL; its ending tells the format (.txt, .csv, .tsv, .jsonl,
            .parquet, each also .gz).
        column: Where the URLs are in a file that has columns; null for the one named "url", or
            for the only one.

    Raises:
        UrlListError: The file is missing, not of the format its name says, lacks the column, or
            lists nothing.
    """
    read, shown = _reader(path), without_userinfo(path)
    listed = 0
    try:
        with fsspec.open(path, "rb", compression="gzip" if path.endswith(".gz") else None) as file:
            for listed, entry in enumerate(read(file, column), 1):  # noqa: B007 - counted
                yield entry
    except FileNotFoundError as error:
        msg = f"{shown} does not exist: put a URL list there, or configure url_list with its path"
        raise UrlListError(msg) from error
    except _ColumnError as error:
        msg = f"{shown}: {error}"
        raise UrlListError(msg) from error
    except _UNREADABLE as error:
        msg = f"{shown} cannot be read as its name says, after {listed} URLs: {error}"
        raise UrlListError(msg) from error
    if not listed:
        msg = f"{shown} has no URLs: one per line (or row) expected"
        raise UrlListError(msg)


def list_version(path: str) -> str | None:
    """Return what differs whenever the list at `path` was changed; null where there is none.

    Made of all the file system tells: size and time of a file, size and ETag of an object. Not
    fsspec's `ukey`, which over HTTP is the URL alone.
    """
    filesystem, name = fsspec.url_to_fs(path)
    if not filesystem.exists(name):
        return None
    facts = sorted((key, str(value)) for key, value in filesystem.info(name).items())
    return sha256(repr(facts).encode()).hexdigest()


class _ColumnError(Exception):
    """There is no column to take the URLs from."""


def _reader(path: str) -> _Reader:
    suffix = PurePosixPath(path.removesuffix(".gz")).suffix.lower()
    if suffix not in _READERS:
        known, shown = " ".join(_READERS), without_userinfo(path)
        msg = f"{shown} ends in {suffix or 'nothing'}: one of {known} expected, each also .gz"
        raise UrlListError(msg)
    return _READERS[suffix]


def _txt(file: BinaryIO, _: str | None) -> Iterator[Entry]:
    with open_text(file, newline=None) as text:
        for line, (raw, length) in enumerate(bounded_lines(text, LONGEST_URL + 1), 1):
            url = raw.strip()
            if url and not url.startswith("#"):
                yield Entry(line, url, _too_long(length, LONGEST_URL + 1))


def _too_long(length: int, longest: int) -> str | None:
    return f"too long: {length} characters" if length > longest else None


def _csv(file: BinaryIO, column: str | None) -> Iterator[Entry]:
    return _delimited(file, column, delimiter=",")


def _tsv(file: BinaryIO, column: str | None) -> Iterator[Entry]:
    return _delimited(file, column, delimiter="\t")


def _delimited(file: BinaryIO, column: str | None, *, delimiter: str) -> Iterator[Entry]:
    with open_text(file, newline="") as text:
        # strict: else an unbalanced quote eats the lines behind it.
        rows = csv.reader(_csv_lines(text), delimiter=delimiter, strict=True)
        header = next(rows, None)
        if header is None:
            return
        index, before = header.index(_chosen(column, header)), rows.line_num
        for row in rows:
            line, before = before + 1, rows.line_num  # a quoted cell may span lines
            if row:
                yield Entry(line, row[index] if index < len(row) else "")


def _csv_lines(text: io.TextIOWrapper) -> Iterator[str]:
    for number, (line, length) in enumerate(bounded_lines(text, _LONGEST_LINE), 1):
        if length > _LONGEST_LINE:
            msg = f"line {number} has {length} characters: has the file line ends?"
            raise NoTextError(msg)
        yield line


def _jsonl(file: BinaryIO, column: str | None) -> Iterator[Entry]:
    with open_text(file, newline=None) as text:
        for line, (raw, length) in enumerate(bounded_lines(text, _LONGEST_LINE), 1):
            if problem := _too_long(length, _LONGEST_LINE):
                yield Entry(line, "", problem)
            elif raw.strip():
                yield _json_entry(line, raw, column or DEFAULT_COLUMN)


def _json_entry(line: int, raw: str, column: str) -> Entry:
    """Read one line: an object with the column, or a bare string."""
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError) as error:
        return Entry(line, "", f"not JSON: {error}")
    found = value.get(column) if isinstance(value, dict) else value
    return _entry(line, found, column)


def _parquet(file: BinaryIO, column: str | None) -> Iterator[Entry]:
    parquet = pq.ParquetFile(file)
    chosen = _chosen(column, parquet.schema_arrow.names)
    line = 0
    for batch in parquet.iter_batches(columns=[chosen]):
        for value in batch.column(0).to_pylist():
            line += 1
            yield _entry(line, value, chosen)


def _entry(line: int, value: object, column: str) -> Entry:
    if isinstance(value, str):
        return Entry(line, value)
    # Not the value: it may hold a password.
    return Entry(line, "", f"{column} is no text but {type(value).__name__}")


def _chosen(column: str | None, names: list[str]) -> str:
    """Return the column that holds the URLs."""
    wanted = column or (names[0] if len(names) == 1 else DEFAULT_COLUMN)
    if not column and "://" in wanted:
        msg = "the first line is a URL, not the names of columns: add them, or call the file .txt"
        raise _ColumnError(msg)
    if len(names) == 1 and _SEPARATORS & set(wanted):
        msg = f"its one column is {wanted!r}: separate columns by commas, or by tabs in a .tsv"
        raise _ColumnError(msg)
    if wanted in names:
        return wanted
    msg = f"no column {wanted!r} among {', '.join(map(repr, names))}: configure `column`"
    raise _ColumnError(msg)


_READERS: Final[dict[str, _Reader]] = {
    ".txt": _txt,
    ".csv": _csv,
    ".tsv": _tsv,
    ".jsonl": _jsonl,
    ".parquet": _parquet,
}
