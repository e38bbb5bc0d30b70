# SPDX-License-Identifier: Apache-2.0
"""The bytes that ``http.client`` writes to a socket, taken apart again."""

from __future__ import annotations

from amaru.transport import _proxy

__all__ = ["ChunkedDecoder", "Head", "LengthDecoder"]


class Head:
    """The request line and the header fields of one request."""

    def __init__(self, data: bytes) -> None:
        line, *fields = data.split(b"\r\n")
        method, target, _ = line.split(b" ", 2)
        self.method = method.decode("ascii")
        self.target = target.decode("latin-1")
        self.fields: list[tuple[bytes, bytes]] = []
        self.proxy_authorization: bytes | None = None
        self.expects_continue = False
        self.decoder: ChunkedDecoder | LengthDecoder = LengthDecoder(0)
        self.has_body = False
        for field in _unfolded(fields):
            name, _, value = field.partition(b":")
            self._add(name, value.strip())

    def _add(self, name: bytes, value: bytes) -> None:
        lowered = name.lower()
        if lowered == b"content-length" and value.isdigit():
            self._frame(LengthDecoder(int(value)))
        elif lowered == b"transfer-encoding":
            self._frame(ChunkedDecoder())
        elif lowered == b"proxy-authorization" and _proxy.basic_credentials(value):
            self.proxy_authorization = value
            return
        elif lowered == b"expect" and value.lower() == b"100-continue":
            self.expects_continue = True
        self.fields.append((name, value))

    def _frame(self, decoder: ChunkedDecoder | LengthDecoder) -> None:
        self.has_body = True
        # Chunks win over a length (RFC 9112, 6.3).
        if not isinstance(self.decoder, ChunkedDecoder):
            self.decoder = decoder


def _unfolded(lines: list[bytes]) -> list[bytes]:
    """Join the continuations that ``putheader`` writes for several values."""
    joined: list[bytes] = []
    for line in lines:
        if line[:1] in (b" ", b"\t") and joined:
            joined[-1] += b" " + line.strip()
        elif line:
            joined.append(line)
    return joined


class LengthDecoder:
    """Counts a body that is as long as its Content-Length says."""

    chunked = False

    def __init__(self, length: int) -> None:
        self._left = length

    @property
    def ended(self) -> bool:
        return self._left <= 0

    def feed(self, data: bytes) -> list[bytes]:
        # What is too much is passed on: the core says so, and to whom.
        self._left -= len(data)
        return [data] if data else []


class ChunkedDecoder:
    """Takes the chunks out of their framing, however the writes cut it."""

    chunked = True

    def __init__(self) -> None:
        self.ended = False
        self._data = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        self._data += data
        found = []
        while not self.ended:
            line, separator, _ = self._data.partition(b"\r\n")
            if not separator:
                break
            start = len(line) + 2
            size = int(line.split(b";")[0], 16)
            if len(self._data) < start + size + 2:
                break
            if size:
                found.append(bytes(self._data[start : start + size]))
            self.ended = size == 0
            del self._data[: start + size + 2]
        return found
