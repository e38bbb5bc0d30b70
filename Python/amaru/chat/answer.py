# SPDX-License-Identifier: Apache-2.0
"""An answer while it is read: from the bytes of a response to chunks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterable, Iterator
from math import inf

from amaru.chat.chunks import Chunk, error_text, parse
from amaru.chat.sse import Event, EventSplitter
from amaru.chat.transport import Fault, Response

__all__ = ["LIMIT", "Reading"]

LIMIT = 16 * 1024 * 1024
"""The most that one answer may hold."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_LEFTOVER_SECONDS = 0.1
_UNINTERRUPTED_SECONDS = 0.01
_AFTER_FINISH_SECONDS = 5.0


class Reading:
    """The answer in one response, whatever the server calls its body.

    The stall timer restarts with content, not with bytes: comments that keep the
    connection alive say nothing about the model. It starts when that has been shown.
    """

    def __init__(self, response: Response, stall_timeout: float) -> None:
        self._response = response
        self._stall = stall_timeout or inf
        self._due: float | None = None
        self._loop = asyncio.get_running_loop()
        self._rested = 0.0
        self._seen = self._finished = self._done = False

    async def batches(self) -> AsyncGenerator[Iterable[Chunk], None]:
        """Yield the chunks that arrive together, until the answer is complete.

        An answer that is not one, or not a whole one, is raised as `Fault`, a fault in
        the stream by the batch that it is in.
        """
        # Labels are wrong too often: a document or a page is told from a stream by how
        # it begins.
        start = b""
        while not start and (arrived := await self._read()) is not None:
            start = arrived.lstrip(_BLANK)
        if start.startswith(b"<"):
            raise Fault("html", start.decode("utf-8", "replace"))
        if start.startswith((b"{", b"[")):
            yield [_completion(await self._whole(start))]
            return
        splitter, arrived = EventSplitter(), start
        while arrived is not None:
            yield self._chunks(splitter.feed(arrived))
            if self._done:
                # To its end, so that the connection can be used again.
                await self._response.rest(_LEFTOVER_SECONDS)
                return
            arrived = await self._read()
        yield self._chunks(splitter.close(), is_end=True)
        if self._done or self._finished:
            return
        kind = self._response.headers.get("content-type", "").partition(";")[0].strip()
        if self._seen or kind.lower() == "text/event-stream":
            raise Fault("incomplete")
        raise Fault("not_a_stream", kind or "an untyped body")

    def _chunks(self, events: list[Event], is_end: bool = False) -> Iterator[Chunk]:
        for name, data in events:
            data = data.strip()
            if data == b"[DONE]":
                self._done = True
                return
            if not data:
                continue
            self._seen = True
            if name == b"error":
                raise Fault("in_stream", error_text(data.decode("utf-8", "replace")))
            try:
                chunk = parse(data.decode())
            except ValueError as exc:
                if is_end:
                    # What the end cut off is not the server's mistake in writing: it
                    # is found as an answer that was not finished.
                    return
                shown = data[:240].decode("utf-8", "replace")[:80]
                raise Fault("malformed", f"{exc}: {shown}") from exc
            if chunk.error:
                raise Fault("in_stream", chunk.error)
            if chunk.text or chunk.reasoning or chunk.tools:
                self._due = None
            self._finished = self._finished or bool(chunk.finish_reason)
            yield chunk

    async def _read(self) -> bytes | None:
        """Return what has arrived; None at the end, as the answer allows it."""
        began = self._loop.time()
        if self._due is None:
            self._due = began + self._stall
        # After the finish may follow the count of tokens, which is not worth more.
        wait = _AFTER_FINISH_SECONDS if self._finished else inf
        try:
            if began >= self._due and not self._finished:
                # If reading never suspends, no timer fires.
                raise TimeoutError
            async with asyncio.timeout_at(min(self._due, began + wait)):
                if began - self._rested > _UNINTERRUPTED_SECONDS:
                    # Reading what is there already does not let the loop run.
                    self._rested = began
                    await asyncio.sleep(0)
                return await self._response.read()
        except (TimeoutError, Fault) as exc:
            kind = exc.kind if isinstance(exc, Fault) else "read_timeout"
            if kind == "decoding":
                raise
            if self._finished:
                return None
            if kind == "read_timeout":
                raise Fault("stall") from exc
            raise Fault("incomplete", exc.args[-1]) from exc

    async def _whole(self, start: bytes) -> bytearray:
        body = bytearray(start)
        while (arrived := await self._read()) is not None:
            # Only the end of a document tells whether it has content.
            self._due = None
            body += arrived
            if len(body) > LIMIT:
                raise Fault("too_long")
        return body


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
