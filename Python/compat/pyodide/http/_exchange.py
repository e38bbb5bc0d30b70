# SPDX-License-Identifier: Apache-2.0
"""One exchange with the core, which is cancelled when nobody holds it any more."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import aclosing
from types import ModuleType
from typing import Final
from weakref import finalize

from amaru import _bridge
from pyodide.http._body import Upload
from pyodide.http._errors import translated
from pyodide.http._headers import Headers
from pyodide.http._request import Request

__all__ = ["Exchange", "Head"]

# A redirect's body up to this length is read, so that its connection can be used again.
_SHORT: Final = 64 * 1024

Head = tuple[int, str, Headers]
"""Status, reason and headers of a response."""


class Exchange:
    """A request on its way, and the raw bytes of its response."""

    def __init__(self, request: Request) -> None:
        self._core = core = _bridge.http()
        self._upload = request.body if isinstance(request.body, Upload) else None
        self._uploaded = True
        self._arrived: deque[bytes] = deque()
        body = None if isinstance(request.body, Upload) else request.body
        uploads = self._upload is not None
        with translated(core):
            self._id: int = core.open(
                request.method, request.url, request.fields(), body, uploads, {}
            )
        # The cancel is posted at once, also by a collector on another thread.
        self._end = finalize(self, core.cancel, self._id)
        self._end.atexit = False

    def cancel(self) -> None:
        """Abort; safe at any time, from any thread, and again."""
        self._end()

    async def head(self) -> Head:
        """Send the body, and wait for the response's headers."""
        try:
            with translated(self._core):
                if self._upload is None:
                    return _head(await self._core.head(self._id))
                return await self._head_while_sending(self._upload)
        except BaseException:
            self.cancel()
            raise

    async def read(self) -> bytes:
        """Return the next bytes as they arrive, b"" at the end."""
        if self._arrived:
            return self._arrived.popleft()
        try:
            with translated(self._core):
                chunks = await self._core.read_chunks(self._id)
        except BaseException:
            self.cancel()
            raise
        return self._next(chunks)

    async def discard(self, headers: Headers) -> None:
        """Read what is left, or cancel if that may be much."""
        length = headers.get("content-length", "")
        if not length.isdecimal() or int(length) > _SHORT:
            self.cancel()
            return
        while await self.read():
            pass

    def head_blocking(self) -> Head:
        """Do `head` for code without a loop."""
        try:
            with translated(self._core):
                return _head(self._core.head_blocking(self._id))
        except BaseException:
            self.cancel()
            raise

    def read_blocking(self) -> bytes:
        """Do `read` for code without a loop."""
        if self._arrived:
            return self._arrived.popleft()
        try:
            with translated(self._core):
                chunks = self._core.read_chunks_blocking(self._id)
        except BaseException:
            self.cancel()
            raise
        return self._next(chunks)

    def _next(self, chunks: list[bytes]) -> bytes:
        self._arrived.extend(chunks)
        if self._arrived:
            return self._arrived.popleft()
        if self._uploaded:
            self._end.detach()
        else:
            # The answer came early: the core still waits for the rest of the upload.
            self.cancel()
        return b""

    async def _head_while_sending(self, upload: Upload) -> Head:
        """Return the headers; those that come early end the upload."""
        # The tasks hold no self: an exchange that is dropped must be able to go.
        pump = asyncio.ensure_future(_pump(self._core, self._id, upload))
        head = asyncio.ensure_future(self._core.head(self._id))
        try:
            await asyncio.wait({pump, head}, return_when=asyncio.FIRST_COMPLETED)
            if not head.done():
                await pump
            self._uploaded = pump.done()
            return _head(await head)
        finally:
            for future in (pump, head):
                future.cancel()
            # Retrieves what the loser ended with, or the loop would report it.
            await asyncio.gather(pump, head, return_exceptions=True)


async def _pump(core: ModuleType, exchange: int, upload: Upload) -> None:
    # Closed at once, also in the middle: what it iterates over may hold a file open.
    async with aclosing(upload.pieces()) as pieces:
        async for piece in pieces:
            if piece:
                await core.write(exchange, piece)
    await core.finish(exchange)


def _head(head: tuple[int, bytes, bytes, list[bytes]]) -> Head:
    status, reason, _, flat = head
    return status, reason.decode("latin-1"), Headers.flat(flat)
