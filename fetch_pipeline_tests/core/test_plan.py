"""The plan: ordered, parsed, deduplicated."""

from hypothesis import given
from hypothesis import strategies as st

from fetch_pipeline.core.plan import Entry, Target, make_plan, to_row


def plan(*texts: str) -> list[tuple[str | None, int | None, str | None]]:
    """Return href, duplicate_of and problem of each row."""
    rows = map(to_row, make_plan(Entry(line, text) for line, text in enumerate(texts, 1)))
    return [(row["href"], row["duplicate_of"], row["problem"]) for row in rows]


def test_every_entry_is_one_row_in_order() -> None:
    """Good or bad, nothing is dropped and nothing moves."""
    rows = list(make_plan([Entry(3, "https://b.org"), Entry(7, "nonsense"), Entry(8, "")]))

    assert [row.line for row in rows] == [3, 7, 8]
    assert [row.problem is None for row in rows] == [True, False, False]


def test_the_same_page_listed_again_is_a_duplicate_of_the_first() -> None:
    """Fragment, default port and the case of the host make no other page; the path does."""
    assert plan(
        "https://example.com/a", "HTTPS://EXAMPLE.com:443/a#top", "https://example.com/A"
    ) == [
        ("https://example.com/a", None, None),
        ("https://example.com/a", 1, None),
        ("https://example.com/A", None, None),
    ]


def test_lines_that_are_no_url_are_not_duplicates_of_each_other() -> None:
    """There is nothing to fetch once for both."""
    assert [duplicate_of for _, duplicate_of, _ in plan("nonsense", "nonsense")] == [None, None]


def test_a_duplicate_points_to_the_target_of_its_first_line() -> None:
    """The outcome of that line answers both."""
    _, second = make_plan([Entry(4, "http://a.org"), Entry(9, "http://a.org/")])

    assert second.target == Target(line=4, href="http://a.org/", host="http://a.org")


def test_a_problem_found_by_the_reader_is_kept() -> None:
    """Who read the file knows better than the parser why there is no text."""
    (row,) = make_plan([Entry(1, "", "url is no text but None")])

    assert (row.target, row.problem) == (None, "url is no text but None")


@given(st.lists(st.text()))
def test_any_text_gives_one_storable_row(texts: list[str]) -> None:
    """Whatever stands in a list, each line has a row that UTF-8 can hold, and a reason or a URL."""
    rows = list(map(to_row, make_plan(Entry(i, text) for i, text in enumerate(texts, 1))))

    assert [row["line"] for row in rows] == list(range(1, len(texts) + 1))
    assert all((row["href"] is None) == (row["problem"] is not None) for row in rows)
    assert all(row["url"].encode() is not None for row in rows)
