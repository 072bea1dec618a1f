"""Files that are there whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

import fsspec
import pytest

from fetch_pipeline.store.whole_file import DestinationError, whole_file


@pytest.fixture(params=["folder", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Name a folder on this disk, and one of a file system that is none."""
    return str(tmp_path) if request.param == "folder" else f"memory://{tmp_path.name}"


def names(place: str) -> list[str]:
    """List what is there."""
    filesystem, path = fsspec.url_to_fs(place)
    return sorted(name.rpartition("/")[2] for name in filesystem.ls(path, detail=False))


def content(url: str) -> bytes:
    """Read a file."""
    with fsspec.open(url) as file:
        written: bytes = file.read()
    return written


def test_a_file_has_its_name_only_when_it_is_whole(place: str) -> None:
    """Whoever looks while it is written sees the older one."""
    url = f"{place}/f.csv"
    with whole_file(url) as file:
        file.write(b"old")

    with whole_file(url) as file:
        file.write(b"new")
        seen = content(url)

    assert (seen, content(url)) == (b"old", b"new")
    assert names(place) == ["f.csv"]


@pytest.mark.parametrize("error", [ValueError, OSError, KeyboardInterrupt])
def test_what_breaks_off_leaves_the_older_file_and_nothing_else(
    place: str, error: type[BaseException]
) -> None:
    """Ctrl-C included."""
    url = f"{place}/f.csv"
    with whole_file(url) as file:
        file.write(b"old")

    with pytest.raises(error), whole_file(url) as file:
        _break_off(file, error)

    assert content(url) == b"old"
    assert names(place) == ["f.csv"]


def _break_off(file: BinaryIO, error: type[BaseException]) -> None:
    file.write(b"half")
    raise error


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    """With those above it; a relative path is one from here."""
    with whole_file(str(tmp_path / "new" / "newer" / "f.csv")) as file:
        file.write(b"x")

    assert (tmp_path / "new" / "newer" / "f.csv").read_bytes() == b"x"


def test_a_bare_name_is_a_file_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the folder one stands in."""
    monkeypatch.chdir(tmp_path)

    with whole_file("f.csv") as file:
        file.write(b"x")

    assert (tmp_path / "f.csv").read_bytes() == b"x"


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    """A move would put the file into it, under a name nobody asked for."""
    (tmp_path / "f.csv").mkdir()

    with pytest.raises(DestinationError, match="is a folder"), whole_file(f"{tmp_path}/f.csv"):
        pass

    assert list((tmp_path / "f.csv").iterdir()) == []


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("nowhere://u:secret@a/f.csv", "cannot write nowhere://a/f.csv: Protocol not known"),
        ("http://u:secret@127.0.0.1:1/f.csv", "cannot write http://127.0.0.1:1/f.csv: http can"),
    ],
)
def test_a_place_that_takes_no_files_says_why(url: str, why: str) -> None:
    """Without the password that stands in its URL."""
    with pytest.raises(DestinationError, match=why), whole_file(url):
        pass


def test_who_may_read_a_file_does_not_change_with_its_rows(tmp_path: Path) -> None:
    """An export of addresses that only we may see stays so."""
    file = tmp_path / "private.csv"
    file.write_bytes(b"old")
    file.chmod(0o600)

    with whole_file(str(file)) as opened:
        opened.write(b"new")

    assert (file.read_bytes(), file.stat().st_mode & 0o777) == (b"new", 0o600)


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    """What it leads to is what is written."""
    target, link = tmp_path / "target.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)

    with whole_file(str(link)) as opened:
        opened.write(b"new")

    assert link.is_symlink()
    assert target.read_bytes() == b"new"
