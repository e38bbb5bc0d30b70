# SPDX-License-Identifier: Apache-2.0
"""A response as the bytes that a server sends, for ``http.client`` to read.

It parses them once more, which is cheap, and so clients find what they find elsewhere:
lengths that are counted, chunks with their boundaries, the classes and texts of their
own errors.
"""

from __future__ import annotations

import io
from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from amaru.transport._client._exchange import Exchange

__all__ = ["FailedReader", "response_file"]

_BUFFER: Final = 1 << 16
_LAST_CHUNK: Final = b"0\r\n\r\n"


def response_file(exchange: Exchange) -> io.BufferedReader:
    """Wait for the response's head, and return the response as a file of its bytes."""
    answer = exchange.answer()
    if answer is None:
        return io.BufferedReader(io.BytesIO())
    (status, reason, version, flat), body = answer
    # http.client knows no other version; how the bytes came is the host's matter.
    line = b"HTTP/1.1" if version == b"HTTP/2" else version
    fields = [*zip(flat[::2], flat[1::2], strict=True)]
    lines = [b"%s: %s\r\n" % field for field in fields]
    head = b"%s %03d %s\r\n%s\r\n" % (line, status, reason, b"".join(lines))
    named = {name.lower(): value for name, value in fields}
    chunked = b"transfer-encoding" in named and _is_chunked(fields)
    if body is not None:
        # The usual case of a small response, for which no reader is needed.
        framed = [*map(_chunk, body), _LAST_CHUNK] if chunked else body
        return io.BufferedReader(io.BytesIO(b"".join([head, *framed])))
    left = None
    if exchange.method == "HEAD" or status in (204, 304):
        left = 0
    elif not chunked and (length := named.get(b"content-length", b"")).isdigit():
        left = int(length)
    return io.BufferedReader(ResponseReader(exchange, head, chunked, left), _BUFFER)


class FailedReader(io.RawIOBase):
    """What is read if there is no response: why not."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        raise self._error


class ResponseReader(io.RawIOBase):
    """The head, then the body piece by piece as it arrives; `left` is its length."""

    def __init__(
        self, exchange: Exchange, head: bytes, chunked: bool, left: int | None
    ) -> None:
        self._exchange = exchange
        self._pieces = deque([memoryview(head)])
        self._ended = False
        self._chunked = chunked
        self._left = left
        if left == 0:
            self._finish()

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

    def _add(self, piece: bytes) -> None:
        if self._left is not None:
            self._left = max(0, self._left - len(piece))
        self._pieces.append(memoryview(_chunk(piece) if self._chunked else piece))

    def _end(self) -> None:
        self._ended = True
        if self._chunked:
            # http.client reads a chunked body to its end, even an absent one.
            self._pieces.append(memoryview(_LAST_CHUNK))

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
        self._end()


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(piece), piece)


def _is_chunked(fields: list[tuple[bytes, bytes]]) -> bool:
    """Return whether the host took chunks apart: they come last, but for identity.

    Not every client looks for them in the same way, so each gets what was sent.
    """
    codings = [v for name, v in fields if name.lower() == b"transfer-encoding"]
    words = [word.strip().lower() for word in b",".join(codings).split(b",")]
    given = [word for word in words if word not in (b"", b"identity")]
    return given[-1:] == [b"chunked"]
