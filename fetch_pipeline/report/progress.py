"""How far a fetch has come, in one line."""

from __future__ import annotations

from fetch_pipeline.core.progress import Progress
from fetch_pipeline.report.words import seconds


def progress_line(progress: Progress, *, urls: int, done: int, after_s: float) -> str:
    """Return the progress in one line.

    Args:
        progress: Of the fetch.
        urls: How many distinct URLs there are.
        done: How many of them had an outcome before it.
        after_s: Seconds since it began.
    """
    ended, pages_per_s = done + progress.ended, progress.ended / after_s if after_s else 0.0
    left_s = max((urls - ended) / pages_per_s if pages_per_s else 0.0, progress.slowest_s)
    parts = [
        f"{ended} of {urls} pages",
        f"{pages_per_s:.1f}/s",
        f"{progress.in_flight} in flight",
        *([_slowest(progress)] if progress.slowest_host else []),
        f"about {seconds(left_s)} left" if pages_per_s else "no page yet",
    ]
    return ", ".join(parts)


def _slowest(progress: Progress) -> str:
    return f"slowest host {progress.slowest_host} with {progress.slowest_waiting} waiting"
