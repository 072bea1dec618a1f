"""Making outcomes durable while they arrive."""

import asyncio
from pathlib import Path

import pytest

from fetch_pipeline.core.plan import Target
from fetch_pipeline.store.journal import Journal
from fetch_pipeline.store.journal_file import make_journal
from fetch_pipeline.store.recorder import Recorder
from fetch_pipeline_tests.store.test_journal import begin, page, pending


async def until_durable(journal: Journal, outcomes: int) -> None:
    """Wait until so many outcomes are in the file."""
    select = "SELECT count(*) FROM outcomes WHERE attempts > 0"
    while journal.one(select)[0] < outcomes:  # noqa: ASYNC110 - a file has no event
        await asyncio.sleep(0.01)


async def emit_one(recorder: Recorder, target: Target) -> bool:
    """Be a fetch of one page."""
    recorder.emit(target, page(target.href))
    return True


def test_outcomes_are_durable_while_the_fetch_goes_on(tmp_path: Path) -> None:
    """The fetch here ends only when what it emitted can be read back."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        recorder = Recorder(journal, run_id="r1", concurrency=2)

        async def fetch() -> bool:
            for number, target in enumerate(pending(journal), 1):
                recorder.emit(target, page(target.href))
                async with asyncio.timeout(10):
                    await until_durable(journal, number)
            return True

        assert asyncio.run(recorder.run(fetch()))

        assert journal.counts()[:2] == (2, 2)


@pytest.mark.parametrize("error", [KeyError("bug"), asyncio.CancelledError()])
def test_however_a_fetch_ends_its_outcomes_are_kept(tmp_path: Path, error: BaseException) -> None:
    """A bug and an interrupt both leave what was fetched."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        recorder = Recorder(journal, run_id="r1", concurrency=2)

        async def fetch() -> bool:
            for target in pending(journal):
                recorder.emit(target, page(target.href))
            raise error

        with pytest.raises((ExceptionGroup, asyncio.CancelledError)):
            asyncio.run(recorder.run(fetch()))

        assert journal.counts()[:2] == (2, 2)


def test_the_parts_of_a_fetch_are_kept_apart(tmp_path: Path) -> None:
    """Each run that worked on it has its own seconds and its own rows."""
    with make_journal(tmp_path / "j") as journal:
        begin(journal)
        first, second = pending(journal)

        for run_id, target in (("r1", first), ("r2", second)):
            recorder = Recorder(journal, run_id=run_id, concurrency=2)

            asyncio.run(recorder.run(emit_one(recorder, target)))

        parts = [row for rows in journal.batches("SELECT * FROM parts", 10) for row in rows]
        runs = journal.one("SELECT group_concat(run_id) FROM outcomes WHERE attempts > 0")[0]

    assert [row[1] for row in parts] == ["r1", "r2"]
    assert all(row[3] >= 0 and row[5] > 0 for row in parts)
    assert runs == "r1,r2"
