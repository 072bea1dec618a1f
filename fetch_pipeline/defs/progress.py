"""Telling how far a fetch has come: a line in the run's log now and then, a bar on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Final

from tqdm import tqdm

from fetch_pipeline.core.progress import Progress, Watch
from fetch_pipeline.report.progress import progress_line

LINE_EVERY_S: Final = 5.0


@contextmanager
def telling(log: Callable[[str], None], *, urls: int, done: int) -> Iterator[Watch]:
    """Give a function that takes the progress as often as one likes, and tells of it.

    Args:
        log: Takes a line, every `LINE_EVERY_S` at most.
        urls: How many distinct URLs there are.
        done: How many of them had an outcome before.
    """
    began = logged = monotonic()
    # disable=None: no bar where stderr is no terminal.
    with tqdm(total=urls, initial=done, unit="page", file=sys.stderr, disable=None) as bar:

        def tell(progress: Progress) -> None:
            nonlocal logged
            now = monotonic()
            bar.update(done + progress.ended - bar.n)
            if now - logged >= LINE_EVERY_S:
                logged = now
                log(progress_line(progress, urls=urls, done=done, after_s=now - began))

        yield tell
