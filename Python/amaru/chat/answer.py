# SPDX-License-Identifier: Apache-2.0
"""An answer while it is read: from the bytes of a response to chunks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import aclosing, suppress
from typing import Any

from amaru.chat.chunks import Chunk, error_text, parse
from amaru.chat.failures import Fault, page_title
from amaru.chat.sse import Event, EventSplitter
from amaru.chat.watchdog import Watchdog

__all__ = ["read"]

_DONE = "[DONE]"
_LEFTOVER_SECONDS = 0.1
_SHOWN_BODY = 64 * 1024


async def read(
    response: Any, stall_timeout: float, take: Callable[[Chunk], None]
) -> None:
    """Give `take` what `response` adds to the answer; raise `Fault` if it is no answer.

    Text that arrived together is given together. The stall timer restarts with
    content, not with bytes: comments that keep the connection alive say nothing about
    the model. A function and not a generator: each layer of those costs every event
    as much as reading its JSON does.
    """
    import httpx2

    reading = _Reading(take)
    # Not the SDK's `iter_bytes`, which only adds a layer to this.
    async with aclosing(response.http_response.aiter_bytes()) as arriving:
        try:
            await _check_kind(response, arriving, stall_timeout)
            async with Watchdog(stall_timeout) as watchdog:
                async for piece in arriving:
                    if reading.feed(piece):
                        watchdog.alive()
                    if reading.done:
                        break
            if reading.done:
                await _drain(arriving)
                return
        except httpx2.ReadTimeout as exc:
            raise Fault("stall") from exc
        except httpx2.TransportError as exc:
            if not reading.finished:
                raise Fault("incomplete", str(exc)) from exc
            return
    reading.close()
    if not reading.seen and not _is_event_stream(response):
        raise Fault("not a stream", _media_type(response) or "an untyped body")
    if not (reading.finished or reading.done):
        raise Fault("incomplete")


class _Reading:
    """What has been read of one answer, and what of that ends it."""

    def __init__(self, take: Callable[[Chunk], None]) -> None:
        self._take = take
        # Bytes that are no UTF-8 stay to be found where they matter, in the data.
        self._splitter = EventSplitter(errors="surrogateescape")
        self.seen = False
        self.finished = False
        self.done = False

    def feed(self, piece: bytes) -> bool:
        """Take more bytes; tell whether they hold content."""
        try:
            events = self._splitter.feed(piece)
        except ValueError as exc:
            raise Fault("malformed", str(exc)) from exc
        return self._read(events)

    def close(self) -> None:
        """Take what the end of the stream leaves behind.

        What it cut in the middle is not the server's mistake in writing: dropped here,
        it is found as an answer that was not finished.
        """
        self._read(
            event
            for event in self._splitter.close()
            if event.data.strip() == _DONE or _is_chunk(event)
        )

    def _read(self, events: Iterable[Event]) -> bool:
        texts: list[Chunk] = []
        content = False
        try:
            for event in events:
                if event.data.strip() == _DONE:
                    self.done = True
                    break
                self.seen = True
                chunk = _parsed(event)
                if chunk.is_text:
                    texts.append(chunk)
                elif chunk != _EMPTY:
                    content = True
                    self._show(texts)
                    self._special(chunk)
        finally:
            # Also what came before a fault.
            content = content or bool(texts)
            self._show(texts)
        return content

    def _show(self, texts: list[Chunk]) -> None:
        if len(texts) > 1:
            self._take(Chunk("".join([chunk.text for chunk in texts])))
        elif texts:
            self._take(texts[0])
        texts.clear()

    def _special(self, chunk: Chunk) -> None:
        if chunk.error:
            raise Fault("in stream", chunk.error)
        self.finished = self.finished or bool(chunk.finish_reason)
        self._take(chunk)


_EMPTY = Chunk()


def _parsed(event: Event) -> Chunk:
    try:
        return parse(event.data)
    except ValueError as exc:
        raise Fault("malformed", f"{exc}: {event.data[:80]}") from exc


def _is_chunk(event: Event) -> bool:
    with suppress(ValueError):
        parse(event.data)
        return True
    return False


def _media_type(response: Any) -> str:
    value: str = response.headers.get("content-type", "")
    return value.partition(";")[0].strip().lower()


def _is_event_stream(response: Any) -> bool:
    return _media_type(response) == "text/event-stream"


async def _check_kind(
    response: Any, arriving: AsyncGenerator[bytes, None], stall_timeout: float
) -> None:
    """Refuse a page or a document; anything else may be a stream with a wrong label."""
    kind = _media_type(response)
    if kind not in ("text/html", "application/xhtml+xml", "application/json"):
        return
    body = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(stall_timeout or None):
            async for piece in arriving:
                body += piece
                if len(body) >= _SHOWN_BODY:
                    break
    text = body.decode("utf-8", "replace")
    if kind != "application/json":
        title = page_title(text)
        raise Fault("html", f"a web page (“{title}”)" if title else "a web page")
    with suppress(ValueError):
        document = json.loads(text)
        if isinstance(document, dict) and document.get("error"):
            raise Fault("in stream", error_text(document))
    raise Fault("not a stream", "one JSON document")


async def _drain(arriving: AsyncGenerator[bytes, None]) -> None:
    """Read to the end of the body, so that the connection can be used again."""
    with suppress(Exception):
        async with asyncio.timeout(_LEFTOVER_SECONDS):
            async for _ in arriving:
                pass
