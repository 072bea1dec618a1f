"""README and the pages of `fetch_pipeline/docs`, taken apart: blocks, commands, tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from fetch_pipeline_tests.dev_server import ROOT

README: Final = "README.md"
DOCUMENTS: Final = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / README, *sorted((ROOT / "fetch_pipeline" / "docs").glob("*.md")))
}

_BLOCK: Final = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class Block(NamedTuple):
    """A fenced block: where it stands, its language, the file it is, what it says."""

    document: str
    language: str
    name: str
    text: str


def blocks(language: str, name: str | None = None) -> list[Block]:
    """Return the blocks of a language, or those of them that are a file of this name."""
    return [b for b in _blocks() if b.language == language and name in {None, b.name}]


def commands() -> set[str]:
    """Return all commands that are shown at a prompt."""
    lines = [line for block in blocks("console") for line in block.text.splitlines()]
    return {line.removeprefix("$ ") for line in lines}


def rows(document: str) -> list[list[str]]:
    """Return the cells of all table rows of a document."""
    lines = [line for line in DOCUMENTS[document].splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def _blocks() -> Iterator[Block]:
    for document, text in DOCUMENTS.items():
        for match in _BLOCK.finditer(text):
            yield Block(document, *match.groups())
