"""An outcome as one flat row of a table."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, assert_never

from fetch_pipeline.core.outcome import (
    FETCHED,
    NOT_MODIFIED,
    Failed,
    Fetched,
    NotModified,
    Outcome,
)


class OutcomeRow(TypedDict):
    """An outcome as one flat row; the columns are documented in `store.tables`."""

    outcome: str
    detail: str | None
    status: int | None
    final_url: str | None
    redirects: int | None
    length: int | None
    body_bytes: int | None
    wire_bytes: int | None
    content_type: str | None
    content_encoding: str | None
    charset: str | None
    charset_source: str | None
    sha256: str | None
    remote_ip: str | None
    attempts: int
    queue_s: float | None
    dns_s: float | None
    connect_s: float | None
    first_byte_s: float | None
    download_s: float | None
    elapsed_s: float | None
    started_at: datetime | None
    etag: str | None
    last_modified: str | None
    retry_after_s: float | None


def to_row(outcome: Outcome) -> OutcomeRow:
    """Flatten an outcome: `length` is never given without `fetched` or `http_error`.

    What a `not_modified` page has in common with the stored one, the store fills in.
    """
    match outcome:
        case Fetched():
            return _row(FETCHED, outcome.body.remark, outcome)
        case NotModified():
            return _row(NOT_MODIFIED, None, outcome)
        case Failed():
            return _row(outcome.kind.value, outcome.detail, outcome)
        case _:
            assert_never(outcome)


def _row(word: str, detail: str | None, outcome: Outcome) -> OutcomeRow:
    head, body, timing = outcome.head, outcome.body, outcome.timing
    return OutcomeRow(
        outcome=word,
        detail=detail,
        status=head.status if head else None,
        final_url=head.final_url if head else None,
        redirects=head.redirects if head else None,
        length=body.length if body else None,
        body_bytes=body.body_bytes if body else None,
        wire_bytes=body.wire_bytes if body else None,
        content_type=head.content_type if head else None,
        content_encoding=head.content_encoding if head else None,
        charset=body.charset if body else None,
        charset_source=body.charset_source if body else None,
        sha256=body.sha256 if body else None,
        remote_ip=head.remote_ip if head else None,
        attempts=timing.attempts,
        queue_s=timing.queue_s,
        dns_s=timing.dns_s,
        connect_s=timing.connect_s,
        first_byte_s=timing.first_byte_s,
        download_s=timing.download_s,
        elapsed_s=timing.elapsed_s,
        started_at=timing.started_at,
        etag=head.etag if head else None,
        last_modified=head.last_modified if head else None,
        retry_after_s=head.retry_after_s if head else None,
    )
