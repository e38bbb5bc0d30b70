# SPDX-License-Identifier: Apache-2.0
"""Which kind of archive a body is: by names, by the media type, by its first bytes."""

from __future__ import annotations

from email.message import Message
from types import MappingProxyType
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit

from pyodide.http._headers import Headers

__all__ = ["file_name", "named", "recognised"]

# By ending; tarfile finds out about the compression itself.
_ENDINGS: Final = MappingProxyType(
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
        ".whl": "wheel",
    }
)
_NAMES: Final = MappingProxyType(
    {
        **{ending.removeprefix("."): kind for ending, kind in _ENDINGS.items()},
        **dict.fromkeys(("gztar", "gz", "bztar", "bz2", "xztar", "xz"), "tar"),
        "wheel": "wheel",
    }
)
_MEDIA_TYPES: Final = MappingProxyType(
    {
        "application/gzip": "tar",
        "application/x-gzip": "tar",
        "application/x-gtar": "tar",
        "application/x-tar": "tar",
        "application/x-tgz": "tar",
        "application/x-bzip2": "tar",
        "application/x-xz": "tar",
        "application/zip": "zip",
        "application/x-zip-compressed": "zip",
        "application/x-wheel+zip": "wheel",
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


def named(format: str) -> str:
    """Return the kind that a caller names: tar, zip or wheel."""
    kind = _NAMES.get(format.lower().removeprefix("."))
    if kind is None:
        known = ", ".join(sorted(_NAMES))
        raise ValueError(f"unknown archive format {format!r}; the formats are {known}")
    return kind


def file_name(url: str, headers: Headers) -> str:
    """Return the name that the server gives the file, else the URL's last segment."""
    message = Message()
    message["content-disposition"] = headers.get("content-disposition", "")
    given = message.get_filename("")
    segment = unquote(urlsplit(url).path.rsplit("/", 1)[-1])
    return given if given and _by_ending(segment) is None else segment


def recognised(file: IO[bytes] | Any, url: str, headers: Headers) -> str:
    """Return the kind of an archive by its name, its media type or its first bytes."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = _by_ending(file_name(url, headers)) or _MEDIA_TYPES.get(media)
    if kind is not None:
        return kind
    file.seek(0)
    start = file.read(512)
    for place, magic, found in _MAGIC:
        if start[place : place + len(magic)] == magic:
            return found
    raise ValueError(
        f"{url} is no archive that is known by its name, its media type "
        f"{media or 'none'!r} or its first bytes; pass format="
    )


def _by_ending(name: str) -> str | None:
    endings = (kind for end, kind in _ENDINGS.items() if name.lower().endswith(end))
    return next(endings, None)
