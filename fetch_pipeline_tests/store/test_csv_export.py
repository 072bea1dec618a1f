"""Tables as CSV that a spreadsheet opens without running any of it."""

from __future__ import annotations

import csv
import io

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.text import printable
from fetch_pipeline.store.csv_export import write_csv


def exported(*texts: str | None) -> list[list[str]]:
    """Export one column of text and read it back as a spreadsheet would."""
    rows = pa.table({"text": pa.array(texts, pa.string()), "n": [-1.5] * len(texts)})
    file = io.StringIO(newline="")

    assert write_csv(rows.to_batches(), file) == len(texts)

    file.seek(0)
    return list(csv.reader(file, strict=True))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0", "＝1"],  # noqa: RUF001
)
def test_a_formula_is_text(text: str) -> None:
    """OWASP's list of first characters; a number is a number, below zero too."""
    assert exported(text) == [["text", "n"], [f"'{text}", "-1.5"]]


@pytest.mark.parametrize("text", ["http://a.org/?a=1", "a,b", 'say "x"', "two\nlines", "é💩", ""])
def test_everything_else_is_as_it_was(text: str) -> None:
    """Commas, quotes and line ends are quoted."""
    assert exported(text)[1][0] == text


def test_an_empty_batch_is_no_second_header() -> None:
    """Readers of databases give such batches."""
    batches = [pa.record_batch({"a": pa.array(rows, pa.string())}) for rows in ([], ["x"])]
    file = io.StringIO(newline="")

    rows = write_csv(batches, file)

    assert (rows, file.getvalue()) == (1, "a\r\nx\r\n")


def test_null_is_an_empty_cell() -> None:
    """There is nothing to say."""
    assert exported(None)[1] == ["", "-1.5"]


@given(st.lists(st.text().map(printable), min_size=1, max_size=5))
def test_whatever_a_table_holds_comes_back(texts: list[str]) -> None:
    """Nothing splits a row, and nothing begins as a formula does."""
    _, *rows = exported(*texts)

    assert [row[0].removeprefix("'") for row in rows] == [text.removeprefix("'") for text in texts]
    assert not [row for row in rows if row[0][:1] in {*"=+-@\t\r"} - {""}]
