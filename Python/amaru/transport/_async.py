# SPDX-License-Identifier: Apache-2.0
"""The asynchronous transport: one exchange with the core, on whatever loop runs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from types import ModuleType
from typing import Any, ClassVar

from amaru import _bridge
from amaru.transport._core import Body, Head, Transport
from amaru.transport._errors import failure
from amaru.transport._trace import AsyncSteps

__all__ = ["AsyncBody", "AsyncTransport"]


class AsyncBody(Body):
    """The body of a response, read from the core piece by piece as it arrives."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._ended:
            return
        # What runs for each piece is the inner loop alone: the pieces that arrived
        # together are fetched together.
        read, exchange = self._core.read_chunks, self._exchange
        try:
            if self._steps.active:
                await self._steps.tell("receive_response_body.started")
            while chunks := await read(exchange):
                for chunk in chunks:
                    yield chunk
        except Exception as exc:
            self._cancel()
            error = failure(self.family, exc)
            if self._steps.active:
                await self._steps.tell("receive_response_body.failed", exception=error)
            raise error from exc
        except BaseException:
            self._cancel()
            raise
        self._end()
        if self._steps.active:
            await self._steps.tell("receive_response_body.complete", return_value=None)

    async def aclose(self) -> None:
        """Stop the transfer; safe at any time, also twice and from a cancelled task."""
        if self._closed:
            return
        self._closed = True
        if self._ended:
            if self._steps.active:
                await self._steps.step("response_closed", _nothing)
            return
        self._cancel()
        await self._steps.step(
            "response_closed", lambda: _released(self._core, self._exchange)
        )


class AsyncTransport(Transport):
    """Sends requests of one family through the core.

    It holds nothing of an event loop: every awaitable belongs to the loop that asked
    for it, so one transport may serve several loops, one after the other or at once.
    """

    body: ClassVar[type[AsyncBody]]

    async def handle_async_request(self, request: Any) -> Any:
        """Send `request`; return as soon as the response's headers are there."""
        core = _bridge.http()
        steps = AsyncSteps(request)
        exchange: int | None = None
        try:
            await steps.tell("send_request_headers.started", request=request)
            exchange, upload = self._open(core, request)
            await steps.tell("send_request_headers.complete", return_value=None)
            if upload:
                head, uploaded = await self._upload(core, exchange, request, steps)
            else:
                if steps.active:
                    await steps.step("send_request_body", _nothing, request=request)
                head = await self._answer(lambda: core.head(exchange), request, steps)
                uploaded = True
        except BaseException:
            if exchange is not None:
                self._abandon(core, exchange)
                await _released(core, exchange)
            raise
        forget = self._exchanges.discard
        body = self.body(core, exchange, steps, forget, uploaded=uploaded)
        return self._response(head, body)

    async def aclose(self) -> None:
        """Stop every exchange of this transport and wait for their release."""
        core, exchanges = self._abandon_all()
        if core is not None:
            for exchange in exchanges:
                await _released(core, exchange)

    async def _answer(
        self, head: Callable[[], Awaitable[Any]], request: Any, steps: AsyncSteps
    ) -> Head:
        async def receive() -> Head:
            return self._head(await self._translated(head), steps)

        return await steps.step("receive_response_headers", receive, request=request)

    async def _upload(
        self, core: ModuleType, exchange: int, request: Any, steps: AsyncSteps
    ) -> tuple[Head, bool]:
        """Send the body while waiting for the headers; an early answer ends it.

        Returns the head of the response, and whether all of the body was sent.
        """
        pump = asyncio.ensure_future(
            steps.step(
                "send_request_body",
                lambda: self._pump(core, exchange, request.stream),
                request=request,
            )
        )
        answer = asyncio.ensure_future(self._translated(core.head, exchange))
        try:
            await asyncio.wait({pump, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                # Only the upload has ended: its fault matters more than a head that
                # may never come.
                await pump
            head = await self._answer(lambda: answer, request, steps)
            uploaded = pump.done() and pump.exception() is None
        except BaseException:
            await _stopped(pump, answer)
            raise
        await _stopped(pump, answer)
        return head, uploaded

    async def _pump(self, core: ModuleType, exchange: int, stream: Any) -> None:
        # The stream is the caller's: what it raises passes unchanged.
        async for chunk in stream:
            if chunk:
                await self._translated(core.write, exchange, bytes(chunk))
        await self._translated(core.finish, exchange)

    async def _translated(
        self, call: Callable[..., Awaitable[Any]], *arguments: Any
    ) -> Any:
        try:
            return await call(*arguments)
        except self.family.TransportError:
            raise
        except Exception as exc:
            raise failure(self.family, exc) from exc


async def _nothing() -> None:
    """Do a step of which the core tells nothing."""


async def _stopped(*futures: asyncio.Future[Any]) -> None:
    """Cancel and await; retrieves what they end with, or the loop would report it."""
    for future in futures:
        future.cancel()
    if not _is_thrown_away():
        await asyncio.gather(*futures, return_exceptions=True)


async def _released(core: ModuleType, exchange: int) -> None:
    """Wait until the core has let go of a cancelled exchange."""
    if not _is_thrown_away():
        with suppress(Exception):
            await core.closed(exchange)


def _is_thrown_away() -> bool:
    """Return whether the clean-up that runs is that of a coroutine thrown away.

    Nobody runs such a coroutine any more, so it can await nothing. Its own exception
    may have been replaced on the way: closing a generator that is itself suspended in a
    read is a RuntimeError.
    """
    exc = sys.exception()
    while exc is not None and not isinstance(exc, GeneratorExit):
        exc = exc.__context__
    return exc is not None
