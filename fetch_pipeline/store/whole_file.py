"""Files that are there whole or not at all, on any file system."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

import fsspec
from fsspec.implementations.local import LocalFileSystem

from fetch_pipeline.core.url import without_userinfo


class DestinationError(Exception):
    """Nothing can be written there; the message says where, why, and what helps."""


@contextmanager
def whole_file(destination: str) -> Iterator[BinaryIO]:
    """Open a file that gets its name when the block has ended well, and is removed otherwise.

    Until then it is a hidden one in the same folder, and an older file keeps the name; a process
    that is killed leaves it behind. Not a transaction of fsspec: for local files that goes through
    the system's temporary folder, and copying from there can end half way too.

    Args:
        destination: Local path, whose folder is made if need be, or fsspec URL.

    Raises:
        DestinationError: It is no place to write to.
        OSError: Writing failed.
    """
    filesystem, path = _locate(destination)
    folder, slash, name = path.rpartition("/")
    hidden = f"{folder}{slash}.{name}.{token_hex(4)}"
    opened = _open(filesystem, hidden, destination)
    try:
        with opened as file:
            yield file
        if isinstance(filesystem, LocalFileSystem) and filesystem.exists(path):
            shutil.copymode(path, hidden)  # who may read it does not change with its rows
        filesystem.mv(hidden, path)
    except BaseException:
        with suppress(FileNotFoundError):
            filesystem.rm_file(hidden)
        raise


def _locate(destination: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        filesystem, path = fsspec.url_to_fs(destination)
    except (ValueError, ImportError) as error:  # no such protocol, or its package is not installed
        msg = f"cannot write {without_userinfo(destination)}: {error}"
        raise DestinationError(msg) from error
    if isinstance(filesystem, LocalFileSystem):
        path = str(Path(path).resolve())  # a link stays a link
        if filesystem.isdir(path):
            msg = f"{destination} is a folder: name a file in it"
            raise DestinationError(msg)
        filesystem.makedirs(path.rpartition("/")[0], exist_ok=True)
    return filesystem, path


def _open(filesystem: fsspec.AbstractFileSystem, path: str, destination: str) -> BinaryIO:
    try:
        file: BinaryIO = filesystem.open(path, "wb")
    except NotImplementedError as error:  # such as HTTP
        protocol = filesystem.protocol
        name = protocol if isinstance(protocol, str) else protocol[0]
        msg = f"cannot write {without_userinfo(destination)}: {name} can only be read"
        raise DestinationError(msg) from error
    return file
