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
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from amaru.archives import filling, kinds
from amaru.archives.tree import RefusedArchive, Tree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from types import FrameType

__all__ = ["MAINS", "fetched", "main", "unpacked"]

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
        folder = cache / _digest(file)
        found = _runnable(folder)
        if found is None:
            _unpack(file, kind, folder)
            found = _runnable(folder) or folder
    # When it was used last, for those who look for what is old.
    with suppress(OSError):
        os.utime(folder)
    return found


def fetched(file: Path, cache: Path) -> Path:
    """Return where what was fetched can be run: an archive's folder, or a script."""
    with open(file, "rb") as content:
        if kinds.by_start(content) or kinds.by_ending(file.name):
            return unpacked(file, cache)
        place = cache / _digest(content) / file.name
    with _alone(_made(cache)):
        place.parent.mkdir(exist_ok=True)
        os.replace(file, place)
    return place


def _digest(file: BufferedReader) -> str:
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()


def _made(cache: Path) -> Path:
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    return cache


_WITHOUT_MAIN: Final = f"the archive has no {' or '.join(MAINS)}, so nothing to run"


def _runnable(folder: Path) -> Path | None:
    """Return the folder, or the one inside it, that has something to run."""
    if not folder.is_dir():
        return None
    inner = [entry for entry in folder.iterdir() if entry.is_dir()]
    places = [folder, *(inner if len(inner) == 1 else [])]
    for place in places:
        if any((place / name).is_file() for name in MAINS):
            return place
    return None


def _unpack(file: BufferedReader, kind: str, folder: Path) -> None:
    with _alone(_made(folder.parent)):
        if _runnable(folder):
            return
        # A script may have removed itself.
        shutil.rmtree(folder, ignore_errors=True)
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


def main(how: str, file: str, cache: str) -> None:
    """Print where a file can be run, or end with what is wrong with it."""
    signal.signal(signal.SIGTERM, _end)
    place = fetched if how == "fetched" else unpacked
    try:
        sys.stdout.write(f"{place(Path(file), Path(cache))}\n")
    except RefusedArchive as exc:
        # In one line: tarfile tells what each compression has to say.
        sys.exit(" ".join(str(exc).split()))
    except OSError as exc:
        what = "kept in the cache" if how == "fetched" else "unpacked"
        sys.exit(f"cannot be {what}: {exc.strerror}: {exc.filename or cache}")
