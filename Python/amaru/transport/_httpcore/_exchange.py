# SPDX-License-Identifier: Apache-2.0
"""One request of a pool and its response, whatever the client waits on."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Any

from amaru.transport._httpcore import _waits
from amaru.transport._httpcore._errors import failure
from amaru.transport._httpcore._stream import AsyncStream, SyncStream
from amaru.transport._httpcore._trace import Steps

if TYPE_CHECKING:
    import asyncio

__all__ = ["Body", "Exchange", "released"]

Head = tuple[bytes, int, bytes, list[tuple[bytes, bytes]]]
"""Version, status, reason and headers: httpcore's order, which its traces show."""


class Exchange:
    """What the core knows by `number`; whoever has it reads the answer or abandons it.

    It follows no redirects, keeps no cookies, repeats nothing, adds no header and
    inflates nothing: all of that is the client's.
    """

    def __init__(
        self,
        core: ModuleType,
        module: ModuleType,
        number: int,
        wait: _waits.Wait,
        steps: Steps,
        forget: Callable[[int], None],
    ) -> None:
        self.core = core
        self.number = number
        self.steps = steps
        self.module = module
        self.wait = wait
        self._forget = forget
        self._uploaded = True
        self._settled = False

    async def answer(self, request: Any, *, upload: bool) -> Any:
        """Send the body, if any; return when the response's head is there."""
        if upload and self.wait is _waits.on_loop:
            head = await self._while_uploading(request)
        else:
            if upload:
                self._uploaded = await self._sent(request)
            elif self.steps.active:
                await self.steps.step("send_request_body", _nothing, request=request)
            head = await self._head(lambda: self.call("head"), request)
        version, status, reason, headers = head
        if status == 101 and not _asks_to_switch(request):
            # As h11, which httpcore reads with; http.client takes it.
            raise self.module.RemoteProtocolError(
                "the server switches protocols (101), which the request did not ask for"
            )
        is_raw = status == 101 or (request.method == b"CONNECT" and 200 <= status < 300)
        body = Body(self, is_raw=is_raw)
        stream = SyncStream if self.wait is _waits.here else AsyncStream
        return self.module.Response(
            status,
            headers=headers,
            content=body,
            extensions={
                "http_version": version,
                "reason_phrase": reason,
                "network_stream": stream(body, is_raw=is_raw),
            },
        )

    async def call(self, step: str, *arguments: Any) -> Any:
        """Wait for a step of the core; its failures become those of the client."""
        try:
            return await self.wait(self.core, step, self.number, *arguments)
        except Exception as exc:
            error = self.failure(exc)
            raise error from error.__cause__

    def failure(self, exc: Any) -> BaseException:
        """Return what the client raises for a failure of the core."""
        is_ours = isinstance(exc, self.core.TransferError)
        if is_ours and self.wait is _waits.here and exc.code == "interrupted":
            # The host ends the call that Ctrl-C is meant for, in whatever thread; here
            # it is what Ctrl-C is anywhere in Python.
            return KeyboardInterrupt(exc.message)
        return failure(self.module, exc)

    def settle(self, *, abort: bool) -> None:
        """Let the exchange go; safe at any time, and from any thread.

        Nothing is awaited before: a second cancellation of the task would end that
        await and leave the transfer running.
        """
        if self._settled:
            return
        self._settled = True
        self._forget(self.number)
        # After an early answer the core still waits for the rest of the upload.
        if abort or not self._uploaded:
            self.core.cancel(self.number)

    async def released(self) -> None:
        """Wait until the core has let go of a cancelled exchange."""
        await released(self.wait, self.core, self.number)

    async def _head(self, head: Callable[[], Any], request: Any) -> Head:
        async def receive() -> Head:
            status, reason, version, flat = await head()
            self.steps.answered(version)
            fields = list(zip(flat[::2], flat[1::2], strict=True))
            return version, status, reason, fields

        return await self.steps.step(
            "receive_response_headers", receive, request=request
        )

    async def _while_uploading(self, request: Any) -> Head:
        """Send the body while waiting for the headers; an early answer ends it."""
        import asyncio

        async def send() -> None:
            # The stream is the caller's: what it raises passes unchanged.
            async for chunk in request.stream:
                if chunk:
                    await self.call("write", bytes(chunk))
            await self.call("finish")

        sending = self.steps.step("send_request_body", send, request=request)
        pump = asyncio.ensure_future(sending)
        answer = asyncio.ensure_future(self.call("head"))
        try:
            await asyncio.wait({pump, answer}, return_when=asyncio.FIRST_COMPLETED)
            if not answer.done():
                # Only the upload has ended: its fault matters more than a head that
                # may never come.
                await pump
            head = await self._head(lambda: answer, request)
            self._uploaded = pump.done() and pump.exception() is None
        finally:
            await _stopped(pump, answer)
        return head

    async def _sent(self, request: Any) -> bool:
        """Send the body; return whether all was sent before an answer came."""

        async def write(chunk: Any) -> bool:
            if "first_byte" in self.core.timings(self.number):
                return False
            if chunk:
                await self.call("write", bytes(chunk))
            return True

        async def send() -> bool:
            if not await _waits.each(request.stream, self.wait, write):
                return False
            await self.call("finish")
            return True

        return await self.steps.step("send_request_body", send, request=request)


class Body:
    """The body of a response, read from the core piece by piece as it arrives.

    It is empty if `is_raw`: the connection is another protocol's.
    """

    def __init__(self, exchange: Exchange, *, is_raw: bool) -> None:
        self.exchange = exchange
        self._is_raw = is_raw
        self._ended = False
        self._closed = False

    def __del__(self) -> None:
        # A stream that nobody closed. The core's cancel takes no Python lock, so it
        # may run wherever the collector happens to.
        self.exchange.settle(abort=True)

    def __iter__(self) -> Iterator[bytes]:
        if self._ended or self._is_raw:
            return
        exchange = self.exchange
        read, number = exchange.core.read_chunks_blocking, exchange.number
        try:
            _waits.run(exchange.steps.tell("receive_response_body.started"))
            # The pieces that arrived together are fetched together.
            while chunks := read(number):
                yield from chunks
        except Exception as exc:
            error = self._failed(exc)
            _waits.run(self._tell_failure(error))
            raise error from error.__cause__
        except BaseException:
            self._end(abort=True)
            raise
        self._end(abort=False)
        _waits.run(
            exchange.steps.tell("receive_response_body.complete", return_value=None)
        )

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._ended or self._is_raw:
            return
        exchange, steps = self.exchange, self.exchange.steps
        core, number = exchange.core, exchange.number
        read = partial(exchange.wait, core, "read_chunks", number)
        if exchange.wait is _waits.on_loop:
            # What runs for each piece on asyncio is the inner loop alone.
            read = partial(core.read_chunks, number)
        try:
            await steps.tell("receive_response_body.started")
            while chunks := await read():
                for chunk in chunks:
                    yield chunk
        except Exception as exc:
            error = self._failed(exc)
            await self._tell_failure(error)
            raise error from error.__cause__
        except BaseException:
            self._end(abort=True)
            raise
        self._end(abort=False)
        await steps.tell("receive_response_body.complete", return_value=None)

    def close(self) -> None:
        """Stop the transfer; safe at any time, twice, and from another thread."""
        _waits.run(self.aclose())

    async def aclose(self) -> None:
        """Stop the transfer; safe at any time, also twice and from a cancelled task."""
        if self._closed:
            return
        self._closed = True
        exchange = self.exchange
        if self._ended:
            await exchange.steps.step("response_closed", _nothing)
            return
        self._end(abort=True)
        await exchange.steps.step("response_closed", exchange.released)

    def _end(self, *, abort: bool) -> None:
        self._ended = True
        self.exchange.settle(abort=abort)

    def _failed(self, exc: Exception) -> BaseException:
        self._end(abort=True)
        return self.exchange.failure(exc)

    async def _tell_failure(self, error: BaseException) -> None:
        await self.exchange.steps.tell("receive_response_body.failed", exception=error)


async def released(wait: _waits.Wait, core: ModuleType, number: int) -> None:
    """Wait until the core has let go of a cancelled exchange."""
    if not _is_thrown_away():
        with suppress(Exception):
            await wait(core, "closed", number)


def _asks_to_switch(request: Any) -> bool:
    return any(name.lower() == b"upgrade" and value for name, value in request.headers)


async def _nothing() -> None:
    """Do a step of which the core tells nothing."""


async def _stopped(*futures: asyncio.Future[Any]) -> None:
    """Cancel and await; retrieves what they end with, or the loop would report it."""
    import asyncio

    for future in futures:
        future.cancel()
    if not _is_thrown_away():
        await asyncio.gather(*futures, return_exceptions=True)


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
