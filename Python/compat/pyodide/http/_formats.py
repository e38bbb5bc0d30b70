# SPDX-License-Identifier: Apache-2.0
"""Which kind of archive a body is: by names, by the media type, by its first bytes."""

from __future__ import annotations

from email.message import Message
from types import MappingProxyType
from typing import IO, Any, Final
from urllib.parse import unquote, urlsplit

from amaru.archives import kinds
from pyodide.http._headers import Headers

__all__ = ["file_name", "named", "recognised"]

_NAMES: Final = MappingProxyType(
    {
        **{ending.removeprefix("."): kind for ending, kind in kinds.ENDINGS.items()},
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
    return given if given and kinds.by_ending(segment) is None else segment


def recognised(file: IO[bytes] | Any, url: str, headers: Headers) -> str:
    """Return the kind of an archive by its name, its media type or its first bytes."""
    media = headers.get("content-type", "").partition(";")[0].strip().lower()
    kind = kinds.by_ending(file_name(url, headers)) or _MEDIA_TYPES.get(media)
    if kind is not None:
        return kind
    if (found := kinds.by_start(file)) is not None:
        return found
    raise ValueError(
        f"{url} is no archive that is known by its name, its media type "
        f"{media or 'none'!r} or its first bytes; pass format="
    )
