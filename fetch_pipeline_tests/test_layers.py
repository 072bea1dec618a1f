"""Who may import whom. The table is the architecture; change it on purpose."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import fetch_pipeline

ROOMS: dict[str, set[str]] = {
    "core": set(),
    "engine": {"core"},
    "store": {"core"},
    "report": {"core"},
    "defs": {"core", "engine", "store", "report", "demo"},
    "demo": set(),
}
GUESTS = {  # a library, and the rooms it may enter
    "dagster": {"defs"},
    "pydantic": {"defs"},
    "aiohttp": {"engine"},
    "yarl": {"engine"},
    "pandas": {"store", "defs"},
    "duckdb": {"store"},
    "sqlite3": {"store"},
    "pyarrow": {"store", "defs"},
    "fsspec": {"store"},
    "fcntl": {"store"},
    "ada_url": {"core"},
    "asyncio": {"engine", "store", "defs", "demo"},
    "socket": {"engine", "demo"},
    "protego": {"engine"},
    "tqdm": {"defs"},
    "time": {"engine", "store", "defs"},
    "os": set(),
}
PACKAGE = Path(fetch_pipeline.__file__).parent
FILES = sorted(PACKAGE.glob("*/*.py"))


def imported(path: Path) -> Iterator[str]:
    """Yield the modules a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_imports_stay_within_the_plan(path: Path) -> None:
    """A module imports only its own room, the rooms below it, and libraries let in there."""
    room = path.parent.name
    for name in imported(path):
        head, _, rest = name.partition(".")
        if head == "fetch_pipeline":
            assert rest.split(".")[0] in ROOMS[room] | {room}, name
        assert room in GUESTS.get(head, {room}), name


def test_every_room_is_in_the_plan() -> None:
    """A new folder is a decision."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir()}

    assert folders - {"__pycache__"} == {*ROOMS, "docs"}
    assert not list((PACKAGE / "docs").rglob("*.py"))


def test_the_doors_know_dagsters_room_and_where_tables_are() -> None:
    """What is behind that room is none of their business."""
    for door in ("definitions", "components"):
        ours = [n for n in imported(PACKAGE / f"{door}.py") if n.startswith("fetch_pipeline.")]

        assert {name.split(".")[1] for name in ours} <= {"defs", "store"}


def test_the_door_only_lists() -> None:
    """`definitions.py` has no function, no class, no loop."""
    tree = ast.parse((PACKAGE / "definitions.py").read_text(encoding="utf-8"))

    assert {type(node) for node in tree.body} == {ast.Expr, ast.Import, ast.ImportFrom, ast.Assign}


def test_the_engine_can_be_used_without_dagster() -> None:
    """Importing it loads neither Dagster nor pandas."""
    program = (
        "import sys, fetch_pipeline.engine.crew\n"
        "print(sorted({'dagster', 'pandas', 'duckdb', 'pyarrow'} & set(sys.modules)))"
    )
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    ).stdout

    assert output == "[]\n"
