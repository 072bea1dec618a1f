"""What a fetch makes of the table that is stored: kept rows, unchanged pages, and what changed."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest

from fetch_pipeline.core.plan import Entry, make_plan
from fetch_pipeline.core.politeness import UNLIMITED, Politeness
from fetch_pipeline.defs.fetching import fetch_pending, plan_fetch, store_fetch
from fetch_pipeline.defs.manifest import FetchId, Manifest, StoredFetch
from fetch_pipeline.store.url_rows import store_url_list
from fetch_pipeline.store.warehouse import Place, TableScan
from fetch_pipeline_tests.book_origin import BookOrigin, Reply, Visit, booked
from fetch_pipeline_tests.fetching import IMPATIENT, Folder

LIST, PAGES = Place(schema=None, table="url_list"), Place(schema=None, table="page_lengths")


class Days:
    """Fetches of one list, one a day."""

    def __init__(self, folder: Folder, origin: BookOrigin) -> None:
        self.folder, self.origin = folder, origin
        self.number = 0

    def fetch(self, *paths: str, **how: Any) -> StoredFetch:
        """Fetch these paths, and store their pages."""
        manifest, fetch = self.fetch_only(*paths, **how)
        warehouse = self.folder.warehouse
        return store_fetch(manifest, fetch, warehouse=warehouse, place=PAGES, strategy="async")

    def fetch_only(
        self,
        *paths: str,
        revalidate: bool = False,
        keep_pages: bool = False,
        politeness: Politeness = UNLIMITED,
    ) -> tuple[Manifest, FetchId]:
        """Fetch these paths, and be killed before anything is stored."""
        self.number += 1
        listed = [f"{self.origin.urls[0]}{path}" for path in paths]
        warehouse = self.folder.warehouse
        store_url_list(warehouse, LIST, make_plan(Entry(n, u) for n, u in enumerate(listed, 1)))
        fetch = FetchId(
            asset="page_lengths",
            run_id=f"day {self.number}",
            policy=replace(IMPATIENT, revalidate=revalidate),
            politeness=politeness,
        )
        manifest = plan_fetch(
            TableScan(warehouse=warehouse, place=LIST),
            fetch,
            directory=self.folder.path / "journals",
            resume_within_s=3600,
            keep_pages=keep_pages,
        )
        fetching = fetch_pending(manifest, fetch, concurrency=4, watch=lambda _: None)
        return asyncio.run(fetching), fetch

    def column(self, name: str) -> list[Any]:
        """Return a column of the table, with None for null."""
        column: pd.Series[Any] = self.folder.table("page_lengths")[name]
        return [None if pd.isna(value) else value for value in column]


def versions(body: Callable[[Visit], bytes | None]) -> Callable[[Visit], Reply]:
    """Serve pages with the hash of their body as ETag, and 404 where there is none."""

    def reply(visit: Visit) -> Reply:
        page = body(visit)
        if page is None:
            return Reply(status=404)
        tag = f'"{sha256(page).hexdigest()[:8]}"'
        if visit.headers.get("if-none-match") == tag:
            return Reply(status=304, headers={"ETag": tag})
        return Reply(body=page, headers={"ETag": tag})

    return reply


def test_the_first_day_has_nothing_to_compare_with(folder: Folder) -> None:
    """Null, and no count."""
    with booked(versions(lambda _: b"page")) as origin:
        day = Days(folder, origin)
        stored = day.fetch("/a", "/b")

    assert day.column("changed") == [None, None]
    assert stored.changes == {}


def test_each_row_tells_whether_its_page_changed(folder: Folder) -> None:
    """By URL, wherever it stands in the list today; duplicates as their first line."""

    def body(visit: Visit) -> bytes | None:
        later = visit.times > 0
        pages = {"/same": b"s", "/moves": b"2" if later else b"1", "/gone": None if later else b"g"}
        return pages.get(visit.path, b"n")

    with booked(versions(body)) as origin:
        day = Days(folder, origin)
        day.fetch("/same", "/moves", "/gone", "/dropped")
        stored = day.fetch("/new", "/gone", "/moves", "/same", "/moves#again")

    assert day.column("changed") == ["new", "gone", "changed", "same", "changed"]
    assert stored.changes == {"changed": 2, "gone": 1, "new": 1, "same": 1}


def test_of_a_page_that_merely_failed_nothing_is_known_and_nothing_forgotten(
    folder: Folder,
) -> None:
    """Bad days are not the end of a page: it is compared, and asked about, as it last was."""

    def reply(visit: Visit) -> Reply:
        if 1 <= visit.times <= 2:
            return Reply(status=500)
        known = visit.headers.get("if-none-match") == '"1"'
        body = b"other" if visit.path == "/b" and visit.times else b"page"
        return Reply(status=304 if known else 200, body=body, headers={"ETag": '"1"'})

    with booked(reply) as origin:
        day = Days(folder, origin)
        for _ in range(3):
            day.fetch("/a", "/b", "/gone", keep_pages=False)
        bad = day.column("changed")
        day.fetch("/b", "/new")
        back = day.column("changed")
        day.fetch("/a", revalidate=True)

    assert bad == [None] * 3
    assert back == ["changed", "new"]
    assert day.column("changed") == ["new"]  # it was not listed in between


def test_a_bad_day_does_not_cost_the_transfer(folder: Folder) -> None:
    """The validators of the last page are those to ask with; a kept row is one that has a page."""

    def reply(visit: Visit) -> Reply:
        if visit.times == 1:
            return Reply(status=503)
        known = visit.headers.get("if-none-match") == '"1"'
        return Reply(status=304 if known else 200, headers={"ETag": '"1"'})

    with booked(reply) as origin:
        day = Days(folder, origin)
        day.fetch("/a")
        length = day.column("length")
        day.fetch("/a", revalidate=True)
        day.fetch("/a", revalidate=True, keep_pages=True)

    assert day.column("outcome") == ["not_modified"]
    assert day.column("changed") == ["same"]
    assert day.column("length") == length
    assert len(origin.visits) == 3


def test_a_page_that_is_gone_is_new_when_it_comes_back(folder: Folder) -> None:
    """Its server said that there is none."""

    def reply(visit: Visit) -> Reply:
        return Reply(status=404 if visit.times == 1 else 200)

    with booked(reply) as origin:
        day = Days(folder, origin)
        words = []
        for _ in range(3):
            day.fetch("/a")
            words += day.column("changed")

    assert words == [None, "gone", "new"]


def pages_of_length(lengths: Mapping[str, Sequence[int | None]]) -> Callable[[Visit], Reply]:
    """Serve a page of so many characters at each visit; null is a 503, and the last goes on."""

    def reply(visit: Visit) -> Reply:
        days = lengths[visit.path]
        length = days[min(visit.times, len(days) - 1)]
        return Reply(status=503) if length is None else Reply(body=b"x" * length)

    return reply


def test_each_page_stands_beside_its_length_before(folder: Folder) -> None:
    """Null for a page that is new, and on every row of the first day."""
    with booked(pages_of_length({"/grows": [3, 5], "/same": [4], "/new": [6]})) as origin:
        day = Days(folder, origin)
        day.fetch("/grows", "/same")
        first = day.column("length_before")
        day.fetch("/new", "/same", "/grows", "/grows#again", "nonsense://")

    assert first == [None, None]
    assert day.column("length") == [6, 4, 5, 5, None]
    assert day.column("length_before") == [None, 4, 3, 3, None]


def test_an_unchanged_page_was_as_long_before(folder: Folder) -> None:
    """A 304 carries the length over, into both columns."""
    with booked(versions(lambda _: b"page")) as origin:
        day = Days(folder, origin)
        day.fetch("/a")
        day.fetch("/a", revalidate=True)

    assert day.column("outcome") == ["not_modified"]
    assert (day.column("length"), day.column("length_before")) == ([4], [4])


def test_the_length_before_is_remembered_through_days_without_a_page(folder: Folder) -> None:
    """An error page has a length, but none that is worth comparing."""
    with booked(pages_of_length({"/a": [3, None, None, 7, 9]})) as origin:
        day = Days(folder, origin)
        days = []
        for _ in range(5):
            day.fetch("/a")
            days += day.column("length_before")

    assert days == [None, None, None, 3, 7]


def test_a_page_that_had_no_length_has_none_before(folder: Folder) -> None:
    """What is no text is not counted."""

    def reply(visit: Visit) -> Reply:
        kind = "text/html" if visit.times else "image/png"
        return Reply(body=b"page", headers={"Content-Type": kind})

    with booked(reply) as origin:
        day = Days(folder, origin)
        day.fetch("/a")
        day.fetch("/a")

    assert day.column("changed") == ["same"]
    assert (day.column("length"), day.column("length_before")) == ([4], [None])


def test_a_kept_row_keeps_its_length_before(folder: Folder) -> None:
    """It tells of the day on which the page was fetched; a page mended since, of its last one."""
    with booked(pages_of_length({"/a": [3, 5], "/b": [2, None, 8]})) as origin:
        day = Days(folder, origin)
        day.fetch("/a", "/b")
        day.fetch("/a", "/b")
        day.fetch("/a", "/b", keep_pages=True)

    assert day.column("run_id") == ["day 2", "day 3"]
    assert day.column("length_before") == [3, 2]


def test_revalidation_transfers_next_to_nothing_and_loses_nothing(folder: Folder) -> None:
    """The row is the stored one, with what the 304 told."""
    with booked(versions(lambda _: b"<!doctype html>" + b"x" * 20_000)) as origin:
        day = Days(folder, origin)
        day.fetch(*(f"/{n}" for n in range(20)))
        first_bytes = sum(origin.sent_bytes)
        before = folder.table("page_lengths")
        stored = day.fetch(*(f"/{n}" for n in range(20)), revalidate=True)
        second_bytes = sum(origin.sent_bytes) - first_bytes
        after = folder.table("page_lengths")
        third = day.fetch(*(f"/{n}" for n in range(20)), revalidate=True)

    carried = ["url", "length", "body_bytes", "content_type", "charset", "sha256", "etag"]
    assert second_bytes < 0.05 * first_bytes
    pd.testing.assert_frame_equal(before[carried], after[carried])
    assert set(after["outcome"]) == {"not_modified"}
    assert set(after["status"]) == {304}
    assert set(after["wire_bytes"]) == {0}
    assert set(after["changed"]) == {"same"}
    assert set(after["run_id"]) == {"day 2"}
    assert (stored.run.fetched, stored.run.failed, stored.run.not_modified) == (20, 0, 20)
    assert stored.run.body_bytes == 0
    assert stored.failures == []
    assert third.run.not_modified == 20


def test_a_new_tag_of_the_same_page_is_the_one_to_ask_with(folder: Folder) -> None:
    """A 304 updates what is stored of its headers (RFC 9111 §3.2)."""

    def reply(visit: Visit) -> Reply:
        known = visit.headers.get("if-none-match")
        if known:
            return Reply(status=304, headers={"Last-Modified": "Monday"})
        return Reply(headers={"ETag": '"1"'})

    with booked(reply) as origin:
        day = Days(folder, origin)
        day.fetch("/a")
        day.fetch("/a", revalidate=True)

    assert day.column("etag") == ['"1"']
    assert day.column("last_modified") == ["Monday"]


def test_a_page_is_never_carried_over_to_another_url(folder: Folder) -> None:
    """Two URLs that look the same once they are cut are two."""
    with booked(versions(lambda visit: visit.path[-9:].encode())) as origin:
        day = Days(folder, origin)
        day.fetch(f"/{'x' * 3000}-one-----")
        day.fetch(f"/{'x' * 3000}-two-----", revalidate=True)

    assert day.column("sha256") == [sha256(b"-two-----").hexdigest()]
    assert day.column("changed") == ["new"]
    assert all("if-none-match" not in visit.headers for visit in origin.visits)


@pytest.mark.parametrize(
    ("one", "other"),
    [("/x\u00a0", "/x"), ("/x\ufffd", "/x\u0001"), ("/a\tb", "/ab?")],
    ids=["blank", "mended", "tab"],
)
def test_a_page_is_kept_for_its_own_url_only(folder: Folder, one: str, other: str) -> None:
    """Whatever two of them look like in a table."""
    with booked(lambda visit: Reply(body=visit.path.encode())) as origin:
        day = Days(folder, origin)
        day.fetch(one)
        day.fetch(other, keep_pages=True)

    assert len(origin.visits) == 2
    assert day.column("sha256") == [sha256(origin.visits[1].path.encode()).hexdigest()]


def test_a_journal_that_is_older_than_the_table_is_not_continued(folder: Folder) -> None:
    """Its pages would go over newer ones, and be called changed."""

    def reply(visit: Visit) -> Reply:
        return Reply(body=b"%d" % min(visit.times, 1))

    with booked(reply) as origin:
        day = Days(folder, origin)
        day.fetch_only("/a")
        day.fetch("/a", revalidate=True)
        newer = day.column("sha256")
        day.fetch("/a")

    assert day.column("sha256") == newer
    assert day.column("changed") == ["same"]


def test_only_what_failed_is_fetched_again(folder: Folder) -> None:
    """The rest stands as it is, with the run that fetched it and what had changed."""

    def reply(visit: Visit) -> Reply:
        broken = visit.path == "/broken" and visit.times < 2
        body = b"<!doctype html>%d" % min(visit.times, 1)
        return Reply(status=503 if broken else 200, body=body)

    with booked(reply) as origin:
        day = Days(folder, origin)
        day.fetch("/a", "/broken", "/a#again", "nonsense")
        day.fetch("/a", "/broken", "/a#again", "nonsense")
        asked = len(origin.visits)
        stored = day.fetch("/a", "/broken", "/a#again", "/new", keep_pages=True)

    assert [visit.path for visit in origin.visits[asked:]] in (
        ["/broken", "/new"],
        ["/new", "/broken"],
    )
    assert day.column("outcome") == ["fetched"] * 4
    assert day.column("run_id") == ["day 2", "day 3", "day 2", "day 3"]
    assert day.column("changed") == ["changed", "new", "changed", "new"]
    assert (stored.run.urls, stored.run.fetched, stored.run.requested) == (4, 4, 2)


def test_when_all_is_well_nothing_is_fetched_again(folder: Folder) -> None:
    """And the table stays as it was."""
    with booked(lambda _: Reply()) as origin:
        day = Days(folder, origin)
        day.fetch("/a", "/b")
        before = folder.table("page_lengths")
        stored = day.fetch("/a", "/b", keep_pages=True)

    pd.testing.assert_frame_equal(before, folder.table("page_lengths"))
    assert len(origin.visits) == 2
    assert (stored.run.requested, stored.run.busy_s) == (0, 0)


def test_keeping_pages_without_a_table_fetches_all(folder: Folder) -> None:
    """There is nothing to keep."""
    with booked(lambda _: Reply()) as origin:
        day = Days(folder, origin)
        day.fetch("/a", "/b", keep_pages=True)

    assert day.column("outcome") == ["fetched", "fetched"]


def test_a_table_of_an_older_version_can_be_compared_with(folder: Folder) -> None:
    """It has no columns that tell what changed."""
    with booked(pages_of_length({"/a": [3, 5], "/b": [4]})) as origin:
        day = Days(folder, origin)
        day.fetch("/a")
        with duckdb.connect(folder.path / "warehouse.duckdb") as database:
            for column in ("changed", "length_before"):
                database.execute(f"ALTER TABLE page_lengths DROP COLUMN {column}")
        day.fetch("/a", "/b", keep_pages=True)
        kept = day.column("length_before")
        day.fetch("/a", "/b")

    assert kept == [None, None]
    assert day.column("changed") == ["changed", "same"]
    assert day.column("length_before") == [3, 4]
    assert len(origin.visits) == 4


def test_an_unfinished_journal_of_an_older_version_is_not_continued(folder: Folder) -> None:
    """It lacks a column, and is another file: the list is fetched anew, and it goes."""
    with booked(lambda _: Reply()) as origin:
        day = Days(folder, origin)
        manifest, _ = day.fetch_only("/a")
        older = Path(manifest.journal).with_name("page_lengths-0123456789abcdef.sqlite")
        Path(manifest.journal).rename(older)
        with closing(sqlite3.connect(older)) as database:
            for table in ("outcomes", "stored"):
                database.execute(f"ALTER TABLE {table} DROP COLUMN length_before")
        day.fetch("/a")

    assert day.column("run_id") == ["day 2"]
    assert len(origin.visits) == 2
    assert not older.exists()


def test_what_the_deadline_leaves_over_is_not_reached(folder: Folder) -> None:
    """Every URL has a row, and the next day fetches what is missing."""
    ends = replace(UNLIMITED, deadline_s=0.2, per_host_concurrency=1)

    def reply(visit: Visit) -> Reply:
        return Reply(after_s=60 if visit.path == "/slow" and visit.times == 0 else 0)

    with booked(reply) as origin:
        day = Days(folder, origin)
        paths = ["/a", "/slow", *(f"/{n}" for n in range(200))]
        stored = day.fetch(*paths, politeness=ends)
        words = day.column("outcome")
        day.fetch(*paths, keep_pages=True)

    assert (words[0], words[1], words[-1]) == ("fetched", "not_reached", "not_reached")
    assert stored.run.wall_s < 0.2 * 10
    assert day.column("outcome") == ["fetched"] * 202
