# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: ASYNC109 - the limits in time are httpcore's parameters.
"""The `network_stream` of a response: its connection, with httpcore's methods.

After a 101, and after a 2xx to CONNECT, the connection is another protocol's, and the
stream reads and writes its bytes. The stream of any other response tells the addresses
only.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from amaru.transport import _tls
from amaru.transport._errors import caused
from amaru.transport._httpcore import _waits

if TYPE_CHECKING:
    import asyncio

    from amaru.transport._httpcore._exchange import Body

__all__ = ["AsyncStream", "Stream", "SyncStream"]


class Stream:
    """What the streams of both kinds of client have in common.

    A read or a write has no limit in time but its own. A read that takes too long is a
    ReadTimeout, and the next one goes on; a write that does closes the connection, as a
    part of it may have been sent.
    """

    def __init__(self, body: Body, *, is_raw: bool) -> None:
        # Held, as dropping it closes the connection.
        self._body = body
        self._exchange = body.exchange
        self._is_raw = is_raw
        self._addresses = self._exchange.core.addresses(self._exchange.number)
        self._received = memoryview(b"")
        self._is_at_end = False
        self._pending: asyncio.Future[list[bytes]] | None = None
        self._reading, self._writing = threading.Lock(), threading.Lock()

    def get_extra_info(self, info: str) -> Any:
        """Return `client_addr`, `server_addr` or `is_readable`; None for all others.

        Behind a proxy the server is the proxy. The host has the socket and its TLS, so
        that `socket` and `ssl_object` are None.
        """
        if info == "client_addr":
            return self._addresses[0]
        if info == "server_addr":
            return self._addresses[1]
        if info == "is_readable":
            exchange = self._exchange
            return bool(self._received) or exchange.core.readable(exchange.number)
        return None

    async def _read(self, max_bytes: int, timeout: float | None) -> bytes:
        self._check("read")
        if max_bytes < 0:
            raise ValueError(f"cannot read {max_bytes} bytes")
        with self._alone(self._reading, "Read"):
            if not self._received and not self._is_at_end:
                chunks = await self._step("read", self._fetch(timeout))
                self._is_at_end = not chunks
                self._received = memoryview(b"".join(chunks))
            piece = bytes(self._received[:max_bytes])
            self._received = self._received[len(piece) :]
            return piece

    async def _fetch(self, timeout: float | None) -> list[bytes]:
        exchange = self._exchange
        core, number = exchange.core, exchange.number
        if exchange.wait is _waits.on_loop:
            return await self._fetch_on_loop(timeout)
        core.limit(number, "read", timeout)
        try:
            chunks: list[bytes] = await exchange.wait(core, "read_chunks", number)
        except Exception:
            raise
        except BaseException:
            # The thread that waits would take what arrives next.
            exchange.settle(abort=True)
            raise
        return chunks

    async def _fetch_on_loop(self, timeout: float | None) -> list[bytes]:
        """Wait for what arrives; if the wait ends before, the next one gets that."""
        import asyncio

        exchange = self._exchange
        pending = self._pending or exchange.core.read_chunks(exchange.number)
        self._pending = None
        try:
            await asyncio.wait((pending,), timeout=timeout)
        except BaseException:
            self._keep(pending)
            raise
        if not pending.done():
            self._keep(pending)
            raise exchange.module.ReadTimeout(f"nothing arrived for {timeout} s")
        chunks: list[bytes] = pending.result()
        return chunks

    def _keep(self, pending: asyncio.Future[list[bytes]]) -> None:
        self._pending = pending
        # Closing lets it fail, and perhaps nobody asks then.
        pending.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def _write(self, buffer: bytes, timeout: float | None) -> None:
        self._check("write to")
        if not buffer:
            return
        exchange = self._exchange
        core, number = exchange.core, exchange.number
        data = bytes(memoryview(buffer))
        with self._alone(self._writing, "Write"):
            core.limit(number, "write", timeout)
            try:
                await self._step("write", exchange.wait(core, "write", number, data))
            except BaseException:
                # A part of it may have been sent.
                exchange.settle(abort=True)
                raise

    async def _start_tls(
        self, context: Any, server_hostname: str | None, timeout: float | None
    ) -> None:
        self._check("set up TLS on")
        exchange = self._exchange
        # A read that ended early may take what arrives before TLS is set up.
        if self._received or self._pending is not None:
            raise exchange.module.ConnectError(
                "cannot set up TLS: what arrives without it is not read to the end; "
                "read until a read returns"
            )
        try:
            options = _tls.of(context)
        except ssl.SSLError as exc:
            raise exchange.module.ConnectError(str(exc.args[-1])) from exc
        if options.get("verify") is False:
            _tls.warn()
        if server_hostname is not None:
            options["sni"] = server_hostname
        core, number = exchange.core, exchange.number
        try:
            work = exchange.wait(core, "start_tls", number, options, timeout)
            await self._step("connect", work)
        except BaseException:
            exchange.settle(abort=True)
            raise

    async def _step(self, operation: str, work: Any) -> Any:
        """Do `work`; what fails in the core is a failure of the operation."""
        try:
            return await work
        except Exception as exc:
            error = self._exchange.failure(exc)
            if error is not exc and isinstance(error, Exception):
                failed: Any = exc
                is_late = failed.code == f"{operation}_timeout"
                name = operation.capitalize() + ("Timeout" if is_late else "Error")
                error = getattr(self._exchange.module, name)(failed.message)
                caused(error, exc)
            if error is exc:
                raise
            raise error from error.__cause__

    @contextmanager
    def _alone(self, lock: threading.Lock, operation: str) -> Iterator[None]:
        """Refuse a second operation of a kind while the first is under way."""
        if not lock.acquire(blocking=False):
            error = getattr(self._exchange.module, f"{operation}Error")
            raise error(
                f"another {operation.lower()} of this stream is under way; do one "
                "after the other, in one thread or task"
            )
        try:
            yield
        finally:
            lock.release()

    def _check(self, doing: str) -> None:
        if not self._is_raw:
            message = (
                f"cannot {doing} the connection of a response that has not left HTTP: "
                "read the response, or ask for another protocol by the header Upgrade "
                "or by CONNECT"
            )
            raise self._exchange.module.LocalProtocolError(message)


class SyncStream(Stream):
    """A stream for code without a loop."""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return up to `max_bytes` that have arrived; nothing at the end."""
        return _waits.run(self._read(max_bytes, timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Return when the system has all of `buffer`."""
        _waits.run(self._write(buffer, timeout))

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> SyncStream:
        """Set TLS up on the connection, and return the stream to go on with."""
        _waits.run(self._start_tls(ssl_context, server_hostname, timeout))
        return self

    def close(self) -> None:
        """Close the connection; safe at any time, twice, and from another thread."""
        self._body.close()


class AsyncStream(Stream):
    """A stream for a loop.

    On asyncio a read that is cancelled loses nothing: the next one gets what it would
    have. Cancelling a write closes the connection, and so does a read on other loops.
    """

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return up to `max_bytes` that have arrived; nothing at the end."""
        return await self._read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Return when the system has all of `buffer`."""
        await self._write(buffer, timeout)

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> AsyncStream:
        """Set TLS up on the connection, and return the stream to go on with."""
        await self._start_tls(ssl_context, server_hostname, timeout)
        return self

    async def aclose(self) -> None:
        """Close the connection; safe at any time, also twice."""
        await self._body.aclose()
