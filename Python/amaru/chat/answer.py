# SPDX-License-Identifier: Apache-2.0
"""An answer while it is read: from the bytes of a response to chunks."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from amaru.chat.chunks import Chunk, error_text, parse
from amaru.chat.faults import Fault
from amaru.chat.sse import EventSplitter

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

    from amaru.chat.sse import Event
    from amaru.chat.transport import Response

__all__ = ["LIMIT", "Reading"]

LIMIT = 16 * 1024 * 1024
"""The most that one answer may hold."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_LEFTOVER_SECONDS = 0.1
_UNINTERRUPTED_SECONDS = 0.01
_AFTER_FINISH_SECONDS = 5.0


class Reading:
    """The answer in one response, whatever the server calls its body.

    ::

        while await reading.more():
            for chunk in reading.chunks():
                ...
            await reading.pause(turn.drain())

    The stall timer restarts with content, not with bytes: comments that keep the
    connection alive say nothing about the model. It stands still during a pause.
    """

    def __init__(self, response: Response, stall_timeout: float) -> None:
        self._response = response
        self._stall = stall_timeout
        self._loop = asyncio.get_running_loop()
        self._has_content = True
        self._due = self._rested = 0.0
        self._splitter = EventSplitter()
        self._arrived: list[bytes] | None = None
        self._completion: Chunk | None = None
        self._ended = False
        self._seen = False
        self._finished = False
        self._done = False

    async def more(self) -> bool:
        """Wait for more of the answer; return False when it is complete.

        An answer that is not one, or not a whole one, is raised as `Fault`.
        """
        if self._done:
            await self._read_leftovers()
            return False
        if self._ended:
            if not self._finished:
                raise self._cut()
            return False
        first = self._arrived is None
        self._arrived = await self._arrive()
        if first:
            await self._look_at_the_beginning()
        self._ended = not self._arrived
        return True

    def chunks(self) -> Iterator[Chunk]:
        """Yield what has arrived; a fault in the stream is raised in its place."""
        if self._completion is not None:
            self._done = True
            yield self._completion
            return
        for name, data in self._events():
            data = data.strip()
            if data == "[DONE]":
                self._done = True
                return
            if not data:
                continue
            self._seen = True
            try:
                chunk = (
                    Chunk(error=error_text(data)) if name == "error" else parse(data)
                )
            except ValueError as exc:
                if self._ended:
                    # What the end cut off is not the server's mistake in writing: it
                    # is found as an answer that was not finished.
                    return
                raise Fault("malformed", f"{exc}: {data[:80]}") from exc
            if chunk.error:
                raise Fault("in_stream", chunk.error)
            if chunk.text or chunk.reasoning or chunk.tools:
                self._has_content = True
            self._finished = self._finished or bool(chunk.finish_reason)
            yield chunk

    def _events(self) -> Iterator[Event]:
        try:
            for piece in self._arrived or ():
                yield from self._splitter.feed(piece)
        except ValueError as exc:
            raise Fault("malformed", str(exc)) from exc
        if self._ended:
            yield from self._splitter.close()

    async def pause(self, waiting: Awaitable[object]) -> None:
        """Wait for something else than the server; the stall timer stands still."""
        began = self._loop.time()
        await waiting
        self._due += self._loop.time() - began

    async def _arrive(self) -> list[bytes]:
        began = self._loop.time()
        if self._has_content:
            self._due = began + self._stall
            self._has_content = False
        due = self._due if self._stall else None
        if self._finished:
            # What may follow is the count of tokens, and not worth a long wait.
            wait = began + _AFTER_FINISH_SECONDS
            due = wait if due is None else min(due, wait)
        elif due is not None and began >= due:
            # Where reading never suspends, no timer fires.
            raise Fault("stall")
        try:
            async with asyncio.timeout_at(due):
                if began - self._rested > _UNINTERRUPTED_SECONDS:
                    # Reading what is there already does not let the loop run.
                    self._rested = began
                    await asyncio.sleep(0)
                return await self._response.chunks()
        except TimeoutError as exc:
            if self._finished:
                return []
            raise Fault("stall") from exc
        except Fault as fault:
            if fault.kind == "decoding":
                raise
            if self._finished:
                return []
            if fault.kind == "read_timeout":
                raise Fault("stall") from fault
            raise Fault("incomplete", fault.detail) from fault

    async def _look_at_the_beginning(self) -> None:
        """Tell a document or a page from a stream by how it begins.

        Labels are wrong too often.
        """
        body, arrived = b"", self._arrived
        while arrived and not (body := b"".join(arrived).lstrip(_BLANK)):
            arrived = await self._arrive()
        self._arrived = [body] if body else []
        if body.startswith(b"<"):
            raise Fault("html", body.decode("utf-8", "replace"))
        if body.startswith((b"{", b"[")):
            self._completion = _completion(await self._whole(bytearray(body)))

    async def _whole(self, body: bytearray) -> bytearray:
        while arrived := await self._arrive():
            # Only the end of a document tells whether it has content.
            self._has_content = True
            body += b"".join(arrived)
            if len(body) > LIMIT:
                raise Fault("too_long")
        return body

    async def _read_leftovers(self) -> None:
        """Read to the end of the body, so that the connection can be used again."""
        try:
            async with asyncio.timeout(_LEFTOVER_SECONDS):
                while await self._response.chunks():  # noqa: ASYNC110
                    # What is there already does not let the loop run.
                    await asyncio.sleep(0)
        except (Fault, TimeoutError):
            pass

    def _cut(self) -> Fault:
        kind = self._response.headers.get("content-type", "").partition(";")[0].strip()
        if self._seen or kind.lower() == "text/event-stream":
            return Fault("incomplete")
        return Fault("not_a_stream", kind or "an untyped body")


def _completion(body: bytearray) -> Chunk:
    """Read a whole completion, from a server that does not stream."""
    try:
        chunk = parse(body.decode("utf-8", "replace"), "message")
    except ValueError as exc:
        raise Fault("not_a_stream", f"broken JSON ({exc})") from exc
    if chunk.error:
        raise Fault("in_stream", chunk.error)
    if chunk.text or chunk.tools or chunk.finish_reason:
        return chunk
    raise Fault("not_a_stream", "a JSON document that is not a completion")
