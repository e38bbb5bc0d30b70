# SPDX-License-Identifier: Apache-2.0
"""A response as the bytes that a server sends, for ``http.client`` to read.

It parses them once more, which is cheap, and so clients find what they find elsewhere:
lengths that are counted, chunks with their boundaries, the classes and texts of their
own errors.
"""

from __future__ import annotations

import io
from collections import deque
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from amaru.transport._client._exchange import Exchange

__all__ = ["FailedReader", "ResponseReader"]


class FailedReader(io.RawIOBase):
    """What is read if there is no response: why not."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        raise self._error


class ResponseReader(io.RawIOBase):
    """The head, then the body piece by piece as it arrives."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._pieces: deque[memoryview] = deque()
        self._begun = False
        self._ended = False
        self._chunked = False
        self._left: int | None = None

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        while not self._pieces and not self._ended:
            self._fill()
        if not self._pieces:
            return 0
        piece = self._pieces[0]
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size == len(piece):
            self._pieces.popleft()
        else:
            self._pieces[0] = piece[size:]
        return size

    def close(self) -> None:
        if not self._ended:
            self._ended = True
            self._exchange.cancel()
        super().close()

    def _fill(self) -> None:
        if not self._begun:
            self._begin()
            return
        try:
            pieces = self._exchange.read()
        except EOFError:
            self._ended = True
            return
        except BaseException:
            self._ended = True
            raise
        for piece in pieces:
            self._add(piece)
        if not pieces:
            self._end()
        elif self._left == 0:
            self._finish()

    def _begin(self) -> None:
        self._begun = True
        try:
            head = self._exchange.head()
        except BaseException:
            self._ended = True
            raise
        if head is None:
            self._ended = True
            return
        status, reason, version, flat = head
        # http.client knows no other version; how the bytes came is the host's matter.
        line = b"HTTP/1.1" if version == b"HTTP/2" else version
        fields = list(zip(flat[::2], flat[1::2], strict=True))
        lines = [b"%s %03d %s" % (line, status, reason)]
        lines += [b"%s: %s" % field for field in fields]
        self._pieces.append(memoryview(b"\r\n".join([*lines, b"", b""])))
        codings = [v for n, v in fields if n.lower() == b"transfer-encoding"]
        named = {name.lower(): value for name, value in fields}
        length = named.get(b"content-length", b"")
        self._measure(status, length, _is_chunked(b",".join(codings)))

    def _measure(self, status: int, length: bytes, chunked: bool) -> None:
        """Find the body's framing as it was on the wire."""
        if self._exchange.method == "HEAD" or status in (204, 304):
            self._left = 0
            if chunked:
                # http.client reads a chunked body to its end, even an absent one.
                self._pieces.append(memoryview(b"0\r\n\r\n"))
        elif chunked:
            self._chunked = True
        elif length.isdigit():
            self._left = int(length)
        if self._left == 0:
            self._finish()

    def _add(self, piece: bytes) -> None:
        if self._left is not None:
            self._left = max(0, self._left - len(piece))
        if self._chunked:
            self._pieces.append(memoryview(b"%x\r\n%s\r\n" % (len(piece), piece)))
        else:
            self._pieces.append(memoryview(piece))

    def _end(self) -> None:
        self._ended = True
        if self._chunked:
            self._pieces.append(memoryview(b"0\r\n\r\n"))

    def _finish(self) -> None:
        """Take the end, which has arrived with the last byte.

        http.client does not ask for it; the host's connection would be closed with the
        response instead of being used again.
        """
        try:
            while self._exchange.read():
                pass
        except (EOFError, OSError):
            self._exchange.cancel()
        self._ended = True


def _is_chunked(codings: bytes) -> bool:
    """Return whether the host took chunks apart: they come last, but for identity.

    Not every client looks for them in the same way, so each gets what was sent.
    """
    words = [word.strip().lower() for word in codings.split(b",")]
    given = [word for word in words if word not in (b"", b"identity")]
    return given[-1:] == [b"chunked"]
