# SPDX-License-Identifier: Apache-2.0
"""An answer while it is read: from the bytes of a response to chunks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any

from amaru.chat.chunks import Chunk, error_text, parse
from amaru.chat.failures import Fault, page_title
from amaru.chat.sse import Event, EventSplitter

__all__ = ["chunks"]

_DONE = "[DONE]"
_LEFTOVER_SECONDS = 0.1
_SHOWN_BODY = 64 * 1024


async def chunks(response: Any, stall_timeout: float) -> AsyncGenerator[Chunk, None]:
    """Yield what `response` adds to the answer; raise `Fault` if it is no answer.

    The stall timer restarts with content, not with bytes: comments that keep the
    connection alive say nothing about the model.
    """
    import httpx2

    finished = False
    async with aclosing(response.iter_bytes()) as arriving:
        try:
            parsed = _chunks(response, arriving, stall_timeout)
            async with aclosing(parsed):
                async for chunk in parsed:
                    finished = finished or bool(chunk.finish_reason)
                    yield chunk
        except (TimeoutError, httpx2.ReadTimeout) as exc:
            raise Fault("stall") from exc
        except httpx2.TransportError as exc:
            if not finished:
                raise Fault("incomplete", str(exc)) from exc


async def _chunks(
    response: Any, arriving: AsyncGenerator[bytes, None], stall_timeout: float
) -> AsyncGenerator[Chunk, None]:
    await _check_kind(response, arriving, stall_timeout)
    now = asyncio.get_running_loop().time
    finished = seen = False
    deadline = now() + stall_timeout if stall_timeout else None
    async with aclosing(_events(arriving)) as events:
        while True:
            async with asyncio.timeout_at(deadline):
                event = await anext(events, None)
            if event is None:
                break
            if event.data.strip() == _DONE:
                await _drain(arriving)
                return
            seen = True
            chunk = _parsed(event)
            if chunk.error:
                raise Fault("in stream", chunk.error)
            finished = finished or bool(chunk.finish_reason)
            yield chunk
            if deadline is not None and chunk != Chunk():
                deadline = now() + stall_timeout
    if not seen and not _is_event_stream(response):
        raise Fault("not a stream", _media_type(response) or "an untyped body")
    if not finished:
        raise Fault("incomplete")


async def _events(arriving: AsyncGenerator[bytes, None]) -> AsyncGenerator[Event, None]:
    splitter = EventSplitter()
    async for piece in arriving:
        try:
            events = splitter.feed(piece)
        except ValueError as exc:
            raise Fault("malformed", str(exc)) from exc
        for event in events:
            yield event
    for event in splitter.close():
        # What the end of the stream cut in the middle is not the server's mistake in
        # writing: dropped here, it is found as an answer that was not finished.
        if event.data.strip() == _DONE or _is_chunk(event):
            yield event


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
        raise Fault("html", f"(“{title}”)" if title else "")
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
