"""Outcomes and their rows."""

from fetch_pipeline.core.outcome import (
    Body,
    Failed,
    FailureKind,
    Fetched,
    Head,
    NotModified,
    Timing,
)
from fetch_pipeline.core.outcome_row import OutcomeRow, to_row
from fetch_pipeline.store.tables import PAGE_LENGTHS

HEAD = Head(status=200, final_url="http://a.org/")
BODY = Body(wire_bytes=3, body_bytes=3, length=3, sha256="00")


def test_a_row_has_the_columns_of_the_table() -> None:
    """In the same order; what is missing comes from the plan and the run."""
    columns = [column.name for column in PAGE_LENGTHS.columns]
    elsewhere = {"line", "url", "duplicate_of", "href", "changed", "length_before", "run_id"}

    assert list(OutcomeRow.__annotations__) == [c for c in columns if c not in elsewhere]


def test_a_page_is_a_row_without_detail() -> None:
    """Head, body and timing side by side."""
    row = to_row(Fetched(head=HEAD, body=BODY, timing=Timing(attempts=1)))

    assert (row["outcome"], row["detail"], row["status"], row["length"], row["attempts"]) == (
        "fetched",
        None,
        200,
        3,
        1,
    )
    assert list(row) == list(OutcomeRow.__annotations__)


def test_a_page_that_is_not_modified_transferred_nothing() -> None:
    """What it has in common with the stored page, the store knows."""
    head = Head(status=304, final_url="http://a.org/", etag='"2"')

    row = to_row(NotModified(head=head, timing=Timing(attempts=1)))

    assert (row["outcome"], row["status"], row["etag"]) == ("not_modified", 304, '"2"')
    assert (row["wire_bytes"], row["length"], row["sha256"]) == (0, None, None)


def test_a_failure_without_an_answer_has_no_status() -> None:
    """No status is ever invented."""
    row = to_row(Failed(kind=FailureKind.DNS_ERROR, detail="no such name", timing=Timing()))

    assert (row["outcome"], row["detail"], row["status"]) == ("dns_error", "no such name", None)
    assert (row["final_url"], row["body_bytes"], row["attempts"]) == (None, None, 0)


def test_failure_kinds_are_words_of_the_closed_list() -> None:
    """The contract's words, and none of our own."""
    assert {kind.value for kind in FailureKind} == {
        "http_error",
        "invalid_url",
        "refused_address",
        "refused_robots",
        "host_down",
        "not_reached",
        "dns_error",
        "connect_error",
        "tls_error",
        "timeout",
        "protocol_error",
        "incomplete_body",
        "too_large",
        "redirect_error",
    }
