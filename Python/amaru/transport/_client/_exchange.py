# SPDX-License-Identifier: Apache-2.0
"""One exchange of the core, written and read by a thread that waits for it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from typing import Any, Final

from amaru import _bridge
from amaru.transport import _proxy
from amaru.transport._client._endpoint import Endpoint
from amaru.transport._client._request import Head
from amaru.transport._errors import caused

__all__ = ["Exchange"]

# While the body is sent these mean that the server takes no more of it. It may have
# answered all the same, as a client finds out by asking for the response.
_NO_MORE: Final = frozenset({"cancelled", "read", "remote_protocol", "write"})


class Exchange:
    """The request of `head`; whoever opens it reads it to the end or cancels it."""

    def __init__(self, endpoint: Endpoint, head: Head, pool: int) -> None:
        self.method = head.method
        self._core = _bridge.http()
        self._endpoint = endpoint
        self._head = head
        self._pool = pool
        self._number: int | None = None
        self._read_limit: float | None = None
        self._is_shut = False
        self._uploaded = True
        self.is_upload = False

    def open(
        self, body: bytes | None, connect: float | None, read: float | None
    ) -> None:
        """Start a request whose body is all there; the limits are in seconds."""
        self._open(body, False, {"connect": connect, "read": read})

    def open_for_upload(self, connect: float | None) -> None:
        """Start a request whose body follows by `write` and `finish`."""
        self._uploaded = False
        self.is_upload = True
        self._open(None, True, {"connect": connect})

    def _open(
        self, body: bytes | None, upload: bool, limits: dict[str, float | None]
    ) -> None:
        # As for a socket: the limit for connecting is that of each write.
        limits["write"] = limits["connect"]
        self._read_limit = limits.get("read")
        timeouts = {name: float(s) for name, s in limits.items() if s is not None}
        url, route = self._endpoint.route(self._head.target)
        options = {**route, "pool": self._pool}
        if self._head.proxy_authorization and options["proxy"]:
            options["proxy"] = _proxy.with_authorization(
                options["proxy"], self._head.proxy_authorization
            )
        headers = [part for field in self._head.fields for part in field]
        try:
            self._number = self._core.open(
                self.method, url, headers, body, upload, timeouts, options
            )
        except self._core.TransferError as exc:
            failure = self._failure(exc)
            raise failure from failure.__cause__

    def write(self, data: bytes) -> None:
        """Send a piece; BrokenPipeError if the server takes no more."""
        self._send(self._core.write_blocking, data)

    def finish(self) -> None:
        """End the body."""
        self._send(self._core.finish_blocking)
        self._uploaded = True

    def _send(self, step: Callable[..., object], *data: bytes) -> None:
        try:
            step(self._number, *data)
        except self._core.TransferError as exc:
            if exc.code in _NO_MORE:
                raise BrokenPipeError(errno.EPIPE, exc.message) from exc
            self.cancel()
            failure = self._failure(exc)
            raise failure from failure.__cause__
        except BaseException:
            self.cancel()
            raise

    def limit_reads(self, seconds: float | None) -> None:
        """Set the limit of each read that begins after this."""
        self._read_limit = seconds
        if self._number is not None:
            self._core.limit(self._number, "read", seconds)

    def answer(self) -> Any:
        """Wait for the response's head; None if the server left without any.

        The body comes with it if it has arrived as a whole, and the exchange is over.
        """
        try:
            answer = self._core.answer_blocking(self._number)
        except self._core.TransferError as exc:
            self.cancel()
            if exc.reason == "early_end":
                return None
            failure = self._failure(exc)
            raise failure from failure.__cause__
        except BaseException:
            self.cancel()
            raise
        self._endpoint.connected()
        status = answer[0][0]
        if status == 101 or (self.method == "CONNECT" and 200 <= status < 300):
            # The core's limits are those of HTTP, which the connection has left.
            self.limit_reads(self._read_limit)
        if answer[1] is not None:
            self._end()
        return answer

    def read(self) -> list[bytes]:
        """Wait for what arrives next; nothing is the end, also an early one."""
        if self._number is None:
            return []
        try:
            pieces: list[bytes] = self._core.read_chunks_blocking(self._number)
        except self._core.TransferError as exc:
            self.cancel()
            if self._is_shut or exc.reason == "early_end":
                # Whoever counts the bytes, or waits for the last chunk, notices.
                raise EOFError from exc
            failure = caused(self._endpoint.failure_in_the_body(exc), exc)
            raise failure from failure.__cause__
        except BaseException:
            self.cancel()
            raise
        if not pieces:
            self._end()
        return pieces

    def _failure(self, exc: Exception) -> BaseException:
        return caused(self._endpoint.failure(exc), exc)

    def _end(self) -> None:
        if not self._uploaded:
            # The answer came early: the core still waits for the rest of the upload.
            self.cancel()
        self._number = None

    def cancel(self) -> None:
        """Abort; safe at any time and from any thread."""
        if self._number is not None:
            self._core.cancel(self._number)

    def shut_down(self) -> None:
        """End the response here; whoever reads it finds an early end."""
        self._is_shut = True
        self.cancel()
