# SPDX-License-Identifier: Apache-2.0
"""Reading archives into a `Tree`."""

from __future__ import annotations

import gzip
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from typing import IO, Any, Final

from amaru.archives.tree import RefusedArchive, Tree

__all__ = ["fill"]

# What the libraries raise for bytes that make no sense to them.
_UNSOUND: Final = (
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    gzip.BadGzipFile,
    struct.error,
    EOFError,
    ValueError,
    OverflowError,
)


def fill(file: IO[bytes] | Any, kind: str, tree: Tree) -> None:
    """Put what an archive holds into `tree`; `kind` is tar, zip or wheel.

    Raises RefusedArchive for what is unsound, or would be unsafe to unpack.
    """
    file.seek(0)
    try:
        if kind == "tar":
            _untar(file, tree)
        else:
            _unzip(file, tree)
    except RefusedArchive:
        raise
    except _UNSOUND as exc:
        raise _unsound(kind, exc) from exc
    except OSError as exc:
        # bz2 has nothing better to raise; a fault of the disk has a number.
        if exc.errno is not None:
            raise
        raise _unsound(kind, exc) from exc


def _unsound(kind: str, exc: Exception) -> RefusedArchive:
    return RefusedArchive(f"this is no sound {kind} archive: {exc}")


_PIECE: Final = 256 * 1024


class _Member(tarfile.TarInfo):
    """A member whose long names are not so long that they fill the memory."""

    _LONGEST = 1024 * 1024

    def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
        # The place where tarfile lets a subclass look at a header first.
        if not self.isreg() and self.size > self._LONGEST:
            raise tarfile.ReadError(f"it has a header of {self.size} bytes")
        member: tarfile.TarInfo = super()._proc_member(archive)  # type: ignore[misc]
        return member


def _untar(file: Any, tree: Tree) -> None:
    with tarfile.open(fileobj=file, mode="r:*", tarinfo=_Member) as archive:
        while (member := archive.next()) is not None:
            # tarfile would keep what it knows of every one.
            archive.members.clear()  # type: ignore[attr-defined]
            if member.isdir():
                tree.add_folder(member.name)
            elif member.issym():
                tree.add_link(member.name, member.linkname)
            elif member.islnk():
                tree.add_copy(member.name, member.linkname)
            elif member.isreg() and (content := archive.extractfile(member)):
                tree.add_file(member.name, content, member.mode, member.size)
            else:
                reason = f"refused: {member.name!r} in the archive is a device"
                raise RefusedArchive(reason)
        # Where a header is torn or overwritten tarfile just stops.
        assert archive.fileobj is not None
        archive.fileobj.seek(archive.offset)
        rest = archive.fileobj.read(tarfile.BLOCKSIZE)
        if rest.strip(b"\0") or len(rest) % tarfile.BLOCKSIZE:
            raise RefusedArchive("this is no sound tar archive: it ends too early")
        # To the end of the compressed data, where its check sum is.
        while archive.fileobj.read(_PIECE):
            tree.check()


_ZIP_LINK: Final = 0o120000


def _unzip(file: Any, tree: Tree) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        tree.announce([member.file_size for member in members])
        for member in members:
            mode = member.external_attr >> 16
            if member.is_dir():
                tree.add_folder(member.filename)
            elif mode & 0o170000 == _ZIP_LINK:
                tree.add_link(member.filename, _target(archive, member))
            else:
                with _opened(archive, member) as content:
                    tree.add_file(
                        member.filename, content, mode or 0o644, member.file_size
                    )


def _target(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> str:
    with _opened(archive, member) as content:
        return content.read(4096).decode("utf-8", "surrogateescape")


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return archive.open(member)
    except (RuntimeError, NotImplementedError) as exc:
        reason = re.sub(r"\s+", " ", str(exc))
        raise RefusedArchive(f"cannot unpack {member.filename!r}: {reason}") from exc
