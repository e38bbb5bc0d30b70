# SPDX-License-Identifier: Apache-2.0
"""A socket whose other end is the host: requests go in, responses come out."""

from __future__ import annotations

import errno
import io
import os
from functools import cache
from typing import Any, Final

from amaru import _bridge
from amaru.transport._client._endpoint import Endpoint
from amaru.transport._client._exchange import Exchange
from amaru.transport._client._reader import FailedReader, response_file
from amaru.transport._client._request import Head

__all__ = ["HostSocket"]

# A body of known length up to this size is sent as a whole, and only when the answer is
# asked for: then both timeouts are known.
_GATHERED: Final = 1 << 20
_CONTINUE: Final = b"HTTP/1.1 100 Continue\r\n\r\n"


class HostSocket:
    """What ``http.client`` needs of a socket, for one request after the other.

    It has connections of the host of its own, which are closed with it.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._timeout: float | None = endpoint.timeout
        self._peer: Any = endpoint.place()
        self._exchange: Exchange | None = None
        self._answering: Exchange | None = None
        self._core = _bridge.http()
        self._pool: int | None = self._core.pool()
        self._start()

    def __del__(self) -> None:
        # As a socket that nobody holds. The core takes no Python lock for it.
        self._close_pool()

    def _start(self) -> None:
        self._raw_head = b""
        self._head: Head | None = None
        self._gathered: list[bytes] = []
        self._size = 0
        self._said_continue = False
        self._send_timeout = self._timeout

    def probe(self) -> None:
        """Connect to where requests go, and close that again; OSError if it fails."""
        self._peer = self._endpoint.probe(self._timeout)

    def getpeername(self) -> Any:
        """Return the address that was connected to, else the place by its name."""
        return self._peer

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout
        if self._answering is not None:
            self._answering.limit_reads(timeout)

    def gettimeout(self) -> float | None:
        return self._timeout

    def setsockopt(self, *option: object) -> None:
        """Do nothing: the sockets are the host's."""

    def fileno(self) -> int:
        """Return a descriptor for those who wait until there is something to read.

        There never is, as long as a connection is idle: the host replaces one that the
        server has closed. Only an interim response is there at once.
        """
        return _readable() if self._is_asked_to_continue() else _silent()

    def _is_asked_to_continue(self) -> bool:
        head = self._head
        is_waiting = head is not None and head.expects_continue and not self._size
        return is_waiting and not self._said_continue and self._exchange is None

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Take a piece of the request, and send what has to go out at once."""
        piece = bytes(data)
        if self._head is None:
            self._raw_head += piece
            raw, separator, piece = self._raw_head.partition(b"\r\n\r\n")
            if not separator:
                return
            self._head = Head(raw)
            self._send_timeout = self._timeout
        for part in self._head.decoder.feed(piece):
            self._send(self._head, part)
        if self._exchange is not None and self._head.decoder.ended:
            self._exchange.finish()

    def _send(self, head: Head, part: bytes) -> None:
        if self._exchange is None:
            self._gathered.append(part)
            self._size += len(part)
            if self._size <= _GATHERED and not head.decoder.chunked:
                return
            self._exchange = self._made(head)
            self._exchange.open_for_upload(self._send_timeout)
            parts, self._gathered = self._gathered, []
        else:
            parts = [part]
        for piece in parts:
            self._exchange.write(piece)

    def _made(self, head: Head) -> Exchange:
        if self._pool is None:
            raise OSError(errno.EBADF, "the connection is closed")
        return Exchange(self._endpoint, head, self._pool)

    def makefile(self, mode: str = "rb", buffering: int = -1) -> io.BufferedReader:
        """Return the response to the request that was sent, as a file of its bytes."""
        if self._is_asked_to_continue():
            # The host does not wait for the server's permission, as it need not.
            self._said_continue = True
            return io.BufferedReader(io.BytesIO(_CONTINUE))
        try:
            return response_file(self._asked())
        except BaseException as exc:
            # Raised by the first read: `http.client` half makes a response without a
            # file, and its end would raise again.
            return io.BufferedReader(FailedReader(exc))

    def _asked(self) -> Exchange:
        head, exchange = self._head, self._exchange
        if head is None:
            raise OSError("nothing was sent: the host answers requests only")
        if exchange is None:
            exchange = self._made(head)
            if head.decoder.chunked:
                exchange.open_for_upload(self._send_timeout)
                # Else the server waits, as it does for a chunk that is cut short.
                if head.decoder.ended:
                    exchange.finish()
            else:
                body = b"".join(self._gathered) if head.has_body else None
                exchange.open(body, self._send_timeout, self._timeout)
        if exchange.is_upload:
            exchange.limit_reads(self._timeout)
        self._exchange, self._answering = None, exchange
        self._start()
        return exchange

    def shutdown(self, how: int) -> None:
        """End the response early, as another thread may ask."""
        if self._answering is not None:
            self._answering.shut_down()

    def close(self) -> None:
        """Give up a request that no response was asked for."""
        if self._exchange is not None:
            self._exchange.cancel()
            self._exchange = None
        self._close_pool()

    def detach(self) -> int:
        """Refuse to be taken over: there is no connection underneath to speak on."""
        raise OSError(errno.ENOTSUP, "this connection is the host's")

    def _close_pool(self) -> None:
        if self._pool is not None:
            self._core.close_pool(self._pool)
            self._pool = None


@cache
def _silent() -> int:
    """Return the end of a pipe that nothing is ever written to."""
    return os.pipe()[0]


@cache
def _readable() -> int:
    read, write = os.pipe()
    os.write(write, b"\0")
    return read
