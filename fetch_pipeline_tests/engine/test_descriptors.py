"""How many workers there are open files for."""

import subprocess
import sys

import pytest

PROGRAM = """
import resource, sys
soft, hard = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from fetch_pipeline.engine.descriptors import affordable
workers = [affordable(wanted) for wanted in (1, 50, 10_000)]
print(workers, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


@pytest.mark.parametrize(
    ("soft", "hard", "answer"),
    [
        (256, 256, "[1, 50, 52] 256"),
        (256, 4096, "[1, 50, 1332] 4096"),
        (64, 64, "[1, 1, 1] 64"),
    ],
)
def test_workers_are_cut_to_what_the_limit_allows(soft: int, hard: int, answer: str) -> None:
    """The soft limit is raised to the hard one; limits are a process's, so each has its own."""
    output = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(soft), str(hard)],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert output.strip() == answer
