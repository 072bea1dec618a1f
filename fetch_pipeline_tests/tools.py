"""Commands of this environment, run in another folder as if that was a project of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOOLS = Path(sys.executable).parent


def run_tool(folder: Path, *words: str) -> tuple[int, str]:
    """Run a command in `folder`; return its exit code and all that it printed."""
    environment = {
        **os.environ,
        "PATH": f"{TOOLS}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(folder),
        "VIRTUAL_ENV": str(TOOLS.parent),
        "COLUMNS": "200",  # for tables in a terminal
    }
    process = subprocess.run(
        words, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    return process.returncode, process.stdout + process.stderr
