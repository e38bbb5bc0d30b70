# SPDX-License-Identifier: Apache-2.0
"""The files of an archive, put together in a folder that nothing in it can leave.

It does not use tarfile's filters: they are missing in some releases of the Python
versions that are supported, and zip archives have none.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path, PurePosixPath
from typing import IO, Final

__all__ = ["RefusedArchive", "Stopped", "Tree"]

_PIECE: Final = 256 * 1024
# Far more than a program has, and less than fills a disk.
_MOST_BYTES: Final = 4 << 30
_MOST_MEMBERS: Final = 200_000
# What removes a tree calls itself for each folder in a folder.
_MOST_PARTS: Final = 100


class RefusedArchive(ValueError):
    """An archive of which nothing is unpacked; the text says why."""


class Stopped(Exception):
    """Nobody waits for the archive any more."""


class Tree:
    """A folder that is filled, and moved into another one when it is complete."""

    def __init__(self, root: Path, stop: threading.Event) -> None:
        self.root = root
        """The folder that is being filled."""
        self._stop = stop
        self._links: dict[PurePosixPath, str] = {}
        self._bytes = self._members = 0

    def announce(self, sizes: list[int]) -> None:
        """Refuse an archive by the sizes of its members, before any is there."""
        self._limit(sum(sizes), len(sizes))

    def add_folder(self, name: str) -> None:
        """Make a folder, unless it is there."""
        self._count()
        self._place(name).mkdir(parents=True, exist_ok=True)

    def add_file(self, name: str, content: IO[bytes], mode: int, size: int) -> None:
        """Write a file of `size` bytes; only its executable bits are taken over."""
        self._count(size)
        place = self._place(name)
        if place == self.root or place.is_dir():
            raise RefusedArchive(f"refused: {name!r} is a file and a folder")
        place.parent.mkdir(parents=True, exist_ok=True)
        written = 0
        with open(place, "wb") as file:
            while written <= size and (piece := content.read(_PIECE)):
                self.check()
                written += file.write(piece)
        if written != size:
            how = "ends too early" if written < size else "is longer than it says"
            raise RefusedArchive(f"{name!r} in the archive {how}")
        if mode & 0o111:
            place.chmod(place.stat().st_mode | 0o111)

    def add_copy(self, name: str, of: str) -> None:
        """Make what is a hard link in the archive; its target must be there already."""
        source = self._place(of)
        if not source.is_file():
            raise RefusedArchive(
                f"refused: {name!r} links to {of!r}, which is not there"
            )
        with open(source, "rb") as content:
            stat = source.stat()
            self.add_file(name, content, stat.st_mode, stat.st_size)

    def add_link(self, name: str, target: str) -> None:
        """Remember a symbolic link, which is made when all else is in place.

        Inside its target ``..`` may come first only: after another link it would lead
        elsewhere than it seems.
        """
        clean = self._clean(name)
        self._count()
        parts = PurePosixPath(target).parts
        names = [part for part in parts if part != ".."]
        if list(parts[len(parts) - len(names) :]) != names:
            raise RefusedArchive(f"refused: the link {name!r} is not plain")
        self._clean(os.path.join(clean.parent, target), name)
        self._links[clean] = target

    def move_to(self, folder: Path) -> None:
        """Move everything into `folder`, over what is there; look before it does."""
        real = folder.resolve()
        folders, files = self._contents()
        self._look_at_links()
        for place in folders:
            _look_above(real, place / "any")
        for place in (*files, *map(Path, self._links)):
            _look_above(real, place)
            if (real / place).is_dir() and not (real / place).is_symlink():
                raise RefusedArchive(f"cannot write {real / place}: it is a folder")
        self.check()
        for place in folders:
            (real / place).mkdir(parents=True, exist_ok=True)
        for place in files:
            os.replace(self.root / place, real / place)
        for link, target in self._links.items():
            path = real / link
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)
            path.symlink_to(target)

    def _contents(self) -> tuple[list[Path], list[Path]]:
        folders, files = [], []
        for at, inner, names in os.walk(self.root):
            place = Path(at).relative_to(self.root)
            folders += [place / name for name in inner]
            files += [place / name for name in names]
        return folders, files

    def _look_at_links(self) -> None:
        """Refuse links in the way of what else the archive holds."""
        for link in self._links:
            above = (parent in self._links for parent in link.parents)
            if os.path.lexists(self.root / link) or any(above):
                raise RefusedArchive(
                    f"refused: {str(link)!r} in the archive is a link twice"
                )

    @staticmethod
    def _limit(size: int, members: int) -> None:
        """Refuse more than a program needs, by what is said of it."""
        if size > _MOST_BYTES:
            raise RefusedArchive(
                f"refused: the archive holds more than {_MOST_BYTES >> 20} MiB"
            )
        if members > _MOST_MEMBERS:
            raise RefusedArchive(
                f"refused: the archive has more than {_MOST_MEMBERS} members"
            )

    def _count(self, size: int = 0) -> None:
        self._bytes += size
        self._members += 1
        self._limit(self._bytes, self._members)

    def _place(self, name: str) -> Path:
        self.check()
        # One after a link is found when the links are looked at, before any is made.
        return self.root / self._clean(name)

    def _clean(self, name: str, shown: str | None = None) -> PurePosixPath:
        """Return a name as a path inside; refuse one that leads outside."""
        path = PurePosixPath(name.replace("\\", "/"))
        parts: list[str] = []
        for part in path.parts:
            if part == ".." and not parts:
                break
            if part == "..":
                parts.pop()
            else:
                parts.append(part)
        else:
            drive = parts and len(parts[0]) > 1 and parts[0][1] == ":"
            plain = shown is not None or ".." not in path.parts
            if len(parts) > _MOST_PARTS:
                raise RefusedArchive(
                    f"refused: the archive has folders more than {_MOST_PARTS} deep"
                )
            if not path.is_absolute() and not drive and plain and "\0" not in name:
                return PurePosixPath(*parts)
        raise RefusedArchive(f"refused: {shown or name!r} in the archive leads outside")

    def check(self) -> None:
        """Raise Stopped if nobody waits for the archive any more."""
        if self._stop.is_set():
            raise Stopped()


def _look_above(folder: Path, place: Path) -> None:
    """Refuse a place that a link which is there already moves out of `folder`."""
    if not (folder / place.parent).resolve().is_relative_to(folder):
        raise RefusedArchive(f"refused: {str(place.parent)!r} leads out of {folder}")
    for above in place.parents:
        if (folder / above).exists() and not (folder / above).is_dir():
            raise RefusedArchive(
                f"cannot make the folder {folder / above}: a file is there"
            )
