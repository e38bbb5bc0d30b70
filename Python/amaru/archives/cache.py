# SPDX-License-Identifier: Apache-2.0
"""The folders of archives that are run: unpacked once, kept by what is in them."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final

from amaru.archives import filling, kinds
from amaru.archives.tree import RefusedArchive, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

__all__ = ["MAINS", "main", "unpacked"]

MAINS: Final = ("main.py", "__main__.py")
"""What a folder is run by, the first that is there."""

_DRAFT: Final = ".unpacking-"


def unpacked(archive: Path, cache: Path) -> Path:
    """Return the folder of `archive` that can be run, unpacked in `cache` if it is new.

    It is the folder of all that the archive holds, or the one folder in it. Raises
    RefusedArchive, and OSError, with nothing left behind.
    """
    with open(archive, "rb") as file:
        kind = kinds.by_start(file) or kinds.by_ending(archive.name)
        if kind is None:
            raise RefusedArchive("this is no archive: neither tar nor zip")
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        folder = cache / digest
        if not folder.is_dir():
            _unpack(file, kind, folder)
    found = _runnable(folder)
    if found is None:
        raise RefusedArchive(_WITHOUT_MAIN)
    # When it was used last, for those who look for what is old.
    os.utime(folder)
    return found


_WITHOUT_MAIN: Final = f"the archive has no {' or '.join(MAINS)}, so nothing to run"


def _runnable(folder: Path) -> Path | None:
    inner = [entry for entry in folder.iterdir() if entry.is_dir()]
    for place in (folder, *(inner if len(inner) == 1 else ())):
        if any((place / name).is_file() for name in MAINS):
            return place
    return None


def _unpack(file: IO[bytes], kind: str, folder: Path) -> None:
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(folder.parent):
        if folder.is_dir():
            return
        # Of processes that were killed: one at a time unpacks.
        for rest in folder.parent.glob(_DRAFT + "*"):
            shutil.rmtree(rest, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=folder.parent) as draft:
            filled, whole = Path(draft, "filled"), Path(draft, "whole")
            filled.mkdir()
            whole.mkdir()
            tree = Tree(filled, threading.Event())
            filling.fill(file, kind, tree)
            tree.move_to(whole)
            if not any(whole.iterdir()):
                raise RefusedArchive("the archive is empty")
            if _runnable(whole) is None:
                raise RefusedArchive(_WITHOUT_MAIN)
            whole.rename(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    lock = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
    finally:
        os.close(lock)


def _end(number: int, frame: FrameType | None) -> None:
    # An exception, so that the draft is removed.
    sys.exit(128 + number)


def main(archive: str, cache: str) -> None:
    """Print the folder of an archive, or end with what is wrong with it."""
    signal.signal(signal.SIGTERM, _end)
    try:
        sys.stdout.write(f"{unpacked(Path(archive), Path(cache))}\n")
    except RefusedArchive as exc:
        sys.exit(str(exc))
    except OSError as exc:
        sys.exit(f"cannot be unpacked: {exc.strerror}: {exc.filename or cache}")
