# SPDX-License-Identifier: Apache-2.0
"""What the asynchronous transports have in common: one exchange with the core."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, ClassVar

from amaru import _bridge
from amaru.transport import _request
from amaru.transport._errors import translated

__all__ = ["AsyncBody", "AsyncCore"]


class AsyncBody:
    """The body of a response, read from the core chunk by chunk as it arrives."""

    family: ClassVar[ModuleType]

    def __init__(
        self, exchange: int, forget: Callable[[int], None], *, uploaded: bool = True
    ) -> None:
        self._core = _bridge.http()
        self._exchange = exchange
        self._forget = forget
        self._uploaded = uploaded
        self._ended = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while True:
            try:
                with translated(self.family):
                    chunk = await self._core.read(self._exchange)
            except BaseException:
                self._cancel()
                raise
            if chunk is None:
                self._end()
                return
            if chunk:
                yield chunk

    async def aclose(self) -> None:
        """Stop the transfer; safe at any time, also twice and from a cancelled task."""
        if self._ended:
            return
        self._cancel()
        await _released(self._core, self._exchange)

    def _end(self) -> None:
        self._ended = True
        self._forget(self._exchange)
        if not self._uploaded:
            # The answer came early: the core still waits for the rest of the upload.
            self._core.cancel(self._exchange)

    def _cancel(self) -> None:
        # Before any await: a second cancellation of the task would kill the await and
        # leave the transfer running.
        self._ended = True
        self._forget(self._exchange)
        self._core.cancel(self._exchange)


class AsyncCore:
    """Sends requests of one family through the core.

    It follows no redirects, keeps no cookies, retries nothing, adds no header and
    inflates nothing: all of that is the client's. It holds nothing of an event loop:
    every awaitable belongs to the loop that asked for it.
    """

    family: ClassVar[ModuleType]
    body: ClassVar[type[AsyncBody]]

    def __init__(self) -> None:
        self._exchanges: set[int] = set()

    async def handle_async_request(self, request: Any) -> Any:
        """Send `request`; return as soon as the response's headers are there."""
        core = _bridge.http()
        body, upload = _request.body(request, self.family.RequestNotRead)
        with translated(self.family):
            exchange = core.open(
                request.method,
                _request.url(request),
                _request.headers(request),
                body,
                upload,
                _request.timeouts(request),
            )
        self._exchanges.add(exchange)
        try:
            uploaded = True
            if upload:
                head, uploaded = await self._upload(core, exchange, request)
            else:
                with translated(self.family):
                    head = await core.head(exchange)
        except BaseException:
            self._exchanges.discard(exchange)
            core.cancel(exchange)
            await _released(core, exchange)
            raise
        status, reason, version, flat = head
        return self.family.Response(
            status,
            headers=list(zip(flat[::2], flat[1::2], strict=True)),
            stream=self.body(exchange, self._exchanges.discard, uploaded=uploaded),
            extensions={"http_version": version, "reason_phrase": reason},
        )

    async def aclose(self) -> None:
        """Stop every exchange of this transport and wait for their release."""
        if not self._exchanges:
            return
        core = _bridge.http()
        exchanges = list(self._exchanges)
        self._exchanges.clear()
        for exchange in exchanges:
            core.cancel(exchange)
        for exchange in exchanges:
            await _released(core, exchange)

    async def _upload(
        self, core: ModuleType, exchange: int, request: Any
    ) -> tuple[Any, bool]:
        """Send the body while waiting for the headers; an early answer ends it.

        Returns the head of the response, and whether all of the body was sent.
        """
        pump = asyncio.ensure_future(self._pump(core, exchange, request.stream))
        head = asyncio.ensure_future(core.head(exchange))
        try:
            await asyncio.wait({pump, head}, return_when=asyncio.FIRST_COMPLETED)
            if not head.done():
                # Only the upload has ended: its fault matters more than a head that
                # may never come.
                await pump
            with translated(self.family):
                return await head, pump.done() and pump.exception() is None
        finally:
            for future in (pump, head):
                future.cancel()
            # Retrieves what the loser ended with, or the loop would report it.
            await asyncio.gather(pump, head, return_exceptions=True)

    async def _pump(self, core: ModuleType, exchange: int, stream: Any) -> None:
        # The stream is the caller's: what it raises passes unchanged.
        async for chunk in stream:
            if chunk:
                with translated(self.family):
                    await core.write(exchange, chunk)
        with translated(self.family):
            await core.finish(exchange)


async def _released(core: ModuleType, exchange: int) -> None:
    """Wait until the core has let go of a cancelled exchange."""
    with suppress(Exception):
        await core.closed(exchange)
