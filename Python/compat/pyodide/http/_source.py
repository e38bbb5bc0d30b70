# SPDX-License-Identifier: Apache-2.0
"""Where the bytes of a response come from."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol
from weakref import WeakSet

from pyodide.http._content import Decoder

__all__ = ["Branch", "Decoded", "Memory", "Source"]


class Source(Protocol):
    """Bytes that arrive."""

    async def read(self) -> bytes:
        """Return the next bytes, b"" at the end."""

    def cancel(self) -> None:
        """Stop; synchronous, and safe again."""


class Memory:
    """Bytes that are there already."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    async def read(self) -> bytes:
        """Return all of them, once."""
        return self.take()

    def take(self) -> bytes:
        """Do `read` for code without a loop."""
        data, self._data = self._data, b""
        return data

    def cancel(self) -> None:
        """Let go of them."""
        self._data = b""


class Decoded:
    """Another source with one coding undone."""

    def __init__(self, source: Source, decoder: Decoder) -> None:
        self._source = source
        self._decoder = decoder
        self._ended = False

    async def read(self) -> bytes:
        """Return decoded bytes, as soon as there are any."""
        while not (piece := self._decoder.next()):
            if self._ended:
                self._decoder.close()
                return b""
            chunk = await self._source.read()
            self._ended = not chunk
            self._decoder.feed(chunk)
        return piece

    def cancel(self) -> None:
        """Stop the source."""
        self._source.cancel()


class _Tee:
    """Reads a source once for several readers."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.branches: WeakSet[Branch] = WeakSet()
        self.ended = False
        self.error: Exception | None = None
        self._pulling: asyncio.Future[None] | None = None

    async def pull(self) -> None:
        """Wait for the next bytes; a reader that is cancelled stops no other."""
        if self._pulling is None or self._pulling.done():
            self._pulling = asyncio.ensure_future(self._pull())
        await asyncio.shield(self._pulling)

    async def _pull(self) -> None:
        try:
            chunk = await self.source.read()
        except Exception as exc:
            self.ended, self.error = True, exc
            return
        self.ended = not chunk
        for branch in self.branches:
            if chunk:
                branch.pieces.append(chunk)


class Branch:
    """One reader of a shared source.

    What the other has read and this one has not is held in memory, without a bound: so
    does a browser.
    """

    def __init__(self, tee: _Tee) -> None:
        self._tee = tee
        self.pieces: deque[bytes] = deque()
        tee.branches.add(self)

    @classmethod
    def pair(cls, source: Source) -> tuple[Branch, Branch]:
        """Return two readers of `source`."""
        tee = _Tee(source)
        return cls(tee), cls(tee)

    def __del__(self) -> None:
        self.cancel()

    async def read(self) -> bytes:
        """Return the next bytes, from memory if the other reader is ahead."""
        while not self.pieces:
            if self._tee.error is not None:
                raise self._tee.error
            if self._tee.ended:
                return b""
            await self._tee.pull()
        return self.pieces.popleft()

    def cancel(self) -> None:
        """Let go; the last reader stops the source."""
        self.pieces.clear()
        self._tee.branches.discard(self)
        if not self._tee.branches and not self._tee.ended:
            self._tee.ended = True
            self._tee.source.cancel()
