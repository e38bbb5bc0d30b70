# SPDX-License-Identifier: Apache-2.0
"""Responses that need no network: files of the base folder, and data: URLs."""

from __future__ import annotations

import asyncio
import binascii
import os
import stat
from base64 import b64decode
from mimetypes import guess_type
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pyodide.http import _url
from pyodide.http._answer import Answer
from pyodide.http._errors import AbortError
from pyodide.http._headers import Headers
from pyodide.http._source import Memory

__all__ = ["File", "from_data", "from_folder", "is_local"]

_PIECE: Final = 256 * 1024


class File:
    """The bytes of a file, read on another thread."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "rb", buffering=0)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.cancel()

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end."""
        return await asyncio.to_thread(self.read_blocking)

    def read_blocking(self) -> bytes:
        """Do `read` for code without a loop."""
        if self._file.closed:
            return b""
        try:
            chunk = self._file.read(_PIECE)
        except (OSError, ValueError) as exc:
            raise AbortError(f"cannot read the file: {exc}", code="read") from exc
        if not chunk:
            self._file.close()
        return chunk

    def cancel(self) -> None:
        """Close the file."""
        self._file.close()


def is_local(reference: str, base: str | Path) -> bool:
    """Return whether `reference` means a file of the folder `base`."""
    scheme = urlsplit(reference).scheme
    return isinstance(base, Path) and scheme in ("", "file")


def from_folder(reference: str, folder: Path, method: str) -> Answer:
    """Answer as a server with `folder` as its root does.

    Only regular files inside are found; what a link would reach outside does not exist.
    A path that leads out, by ``..``, is an AbortError: a page may well have the file.
    """
    path = _path(reference, folder)
    shown = reference if path is None else path.as_uri()
    if method not in ("GET", "HEAD"):
        return _error(405, "METHOD NOT ALLOWED", shown, f"{method} needs a server\n")
    try:
        if path is None or not stat.S_ISREG(os.stat(path).st_mode):
            raise FileNotFoundError(reference)
        source = File(path)
        size = path.stat().st_size
    except PermissionError:
        return _error(403, "FORBIDDEN", shown, f"{reference!r} may not be read\n")
    except OSError:
        text = f"there is no file {reference!r} in {folder}\n"
        return _error(404, "NOT FOUND", shown, text)
    headers = Headers({"content-length": str(size), "content-type": _kind(path)})
    if method == "HEAD":
        source.cancel()
        return Answer(shown, 200, "OK", headers, None)
    return Answer(shown, 200, "OK", headers, source)


def _path(reference: str, folder: Path) -> Path | None:
    """Return the real path of what is asked for, or None if there can be no such file.

    AbortError says that the reference names a host, or leads out of the folder.
    """
    parts = urlsplit(reference.replace("\\", "/"))
    if parts.netloc:
        raise AbortError(
            f"cannot fetch {reference!r}: it names a host but no scheme", code="connect"
        )
    root = folder.resolve()
    whole = parts.path
    # The scheme is that of the url of a response from here, given back.
    if parts.scheme != "file":
        whole = f"{quote(os.fsencode(root))}/{whole.lstrip('/')}"
    clean = _url.without_dots(whole)
    segments = [
        os.fsdecode(unquote_to_bytes(segment.encode("utf-8", "surrogateescape")))
        for segment in clean.split("/")
    ]
    if any("/" in segment or "\0" in segment for segment in segments):
        return None
    path = Path("/", *segments)
    if not path.is_relative_to(root):
        raise AbortError(
            f"cannot fetch {reference!r}: it is not inside {root}, which relative URLs "
            "are relative to; see pyodide.http.set_base",
            code="not_allowed",
        )
    path = Path(os.path.realpath(path))
    if os.path.isdir(path):
        path = Path(os.path.realpath(path / "index.html"))
    return path if path.is_relative_to(root) else None


def _kind(path: Path) -> str:
    kind, coding = guess_type(path.name)
    if coding is not None:
        # The file is what is fetched, not what is packed in it.
        return {"gzip": "application/gzip", "bzip2": "application/x-bzip2"}.get(
            coding, f"application/x-{coding}"
        )
    return kind or "application/octet-stream"


def _error(status: int, reason: str, url: str, text: str) -> Answer:
    headers = Headers({"content-type": "text/plain;charset=utf-8"})
    return Answer(url, status, reason, headers, Memory(text.encode()))


def from_data(url: str) -> Answer:
    """Answer with what a data: URL holds, https://fetch.spec.whatwg.org/#data-urls."""
    kind, comma, data = url.partition("#")[0].partition(":")[2].partition(",")
    if not comma:
        raise AbortError("a data: URL without a comma holds no data", code="data")
    body = unquote_to_bytes(data)
    kind = kind.strip()
    if kind.lower().endswith(";base64"):
        kind = kind[: -len(";base64")]
        try:
            body = b64decode(b"".join(body.split()) + b"==")
        except binascii.Error as exc:
            raise AbortError(f"a data: URL is not base64: {exc}", code="data") from exc
    if kind.startswith(";") or "/" not in kind:
        kind = "text/plain" + (kind if kind.startswith(";") else ";charset=US-ASCII")
    return Answer(url, 200, "OK", Headers({"content-type": kind}), Memory(body))
