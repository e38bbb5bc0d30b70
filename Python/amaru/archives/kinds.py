# SPDX-License-Identifier: Apache-2.0
"""Which kind of archive a file is: by its name, or by its first bytes."""

from __future__ import annotations

from types import MappingProxyType
from typing import IO, Any, Final

__all__ = ["ENDINGS", "by_ending", "by_start"]

# By ending; tarfile finds out about the compression itself.
ENDINGS: Final = MappingProxyType(
    {
        ".tar.gz": "tar",
        ".tgz": "tar",
        ".tar.bz2": "tar",
        ".tbz2": "tar",
        ".tbz": "tar",
        ".tar.xz": "tar",
        ".txz": "tar",
        ".tar": "tar",
        ".zip": "zip",
        ".pyz": "zip",
        ".whl": "wheel",
    }
)
_MAGIC: Final = (
    (0, b"\x1f\x8b", "tar"),
    (0, b"BZh", "tar"),
    (0, b"\xfd7zXZ\0", "tar"),
    (0, b"PK\3\4", "zip"),
    (0, b"PK\5\6", "zip"),
    (257, b"ustar", "tar"),
)


def by_ending(name: str) -> str | None:
    """Return the kind that a file's name promises: tar, zip, wheel or None."""
    endings = (kind for end, kind in ENDINGS.items() if name.lower().endswith(end))
    return next(endings, None)


def by_start(file: IO[bytes] | Any) -> str | None:
    """Return the kind that the first bytes of a file show."""
    file.seek(0)
    start = file.read(512)
    for place, magic, found in _MAGIC:
        if start[place : place + len(magic)] == magic:
            return found
    return None
