# SPDX-License-Identifier: Apache-2.0
"""An answer while it is read: from bytes to events, and from events to chunks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncGenerator, Iterable, Iterator
from io import StringIO
from math import inf
from typing import Any, Final, NamedTuple

from amaru.chat.client import Fault, Response

__all__ = [
    "Chunk",
    "Event",
    "EventSplitter",
    "LIMIT",
    "Reading",
    "ToolCalls",
    "error_text",
]

LIMIT = 16 * 1024 * 1024
"""The most that one answer may hold."""

_BLANK = b"\xef\xbb\xbf \t\r\n"
_LEFTOVER_SECONDS = 0.1
_UNINTERRUPTED_SECONDS = 0.01
_AFTER_FINISH_SECONDS = 5.0
_PAGE_SECONDS = 1.0
# Terminal sequences, controls but for tabs and line ends, and what has no width.
_HIDDEN: Final = re.compile(
    r"(?:\x1b\[|\x9b)[ -?]*[@-~]?"
    r"|(?:\x1b[]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\r\n]*"
    r"|\x1b[ -/]*[0-~]?"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)

Event = tuple[bytes, bytes]
"""A server-sent event: its type, empty without an `event` field, and its data."""


class Chunk(NamedTuple):
    """What one event adds to the answer."""

    text: str = ""
    reasoning: str = ""
    #: Parts of tool calls: which of the answer's calls, its id, name and arguments.
    tools: tuple[tuple[int, str, str, str], ...] = ()
    finish_reason: str = ""
    usage: tuple[int, int] | None = None
    #: What the server says if it could not go on; None if it could.
    error: str | None = None

    @property
    def has_content(self) -> bool:
        """Whether it adds anything that can be shown."""
        calls = (name or arguments for _, _, name, arguments in self.tools)
        return _is_shown(self.text) or _is_shown(self.reasoning) or any(calls)


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
        self._seen = self._finished = self._done = self._has_begun = False

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
            # All that has come: what a page is for may stand after its head.
            page = start + await self._response.rest(_PAGE_SECONDS)
            headers = {"location": self._response.place}
            raise Fault("html", page.decode("utf-8", "replace"), headers=headers)
        if start.startswith((b"{", b"[")):
            yield self._checked(await self._completion(start))
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
                chunk = _chunk(data.decode())
            except ValueError as exc:
                if is_end:
                    # What the end cut off is not the server's mistake in writing: it
                    # is found as an answer that was not finished.
                    return
                shown = data[:240].decode("utf-8", "replace")[:80]
                raise Fault("malformed", f"{exc}: {shown}") from exc
            if chunk.has_content:
                self._due, self._has_begun = None, True
            self._finished = self._finished or bool(chunk.finish_reason)
            yield from self._checked(chunk)

    @staticmethod
    def _checked(chunk: Chunk) -> Iterator[Chunk]:
        yield chunk
        if chunk.error is not None:
            raise Fault("in_stream", chunk.error)

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
                raise Fault("stall" if self._has_begun else "stall_first") from exc
            raise Fault("incomplete", exc.args[-1]) from exc

    async def _completion(self, start: bytes) -> Chunk:
        """Read a whole completion, from a server that does not stream."""
        body = bytearray(start)
        while (arrived := await self._read()) is not None:
            # Only the end of a document tells whether it has content.
            self._due, self._has_begun = None, True
            body += arrived
            if len(body) > LIMIT:
                raise Fault("too_long")
        try:
            chunk = _chunk(body.decode("utf-8", "replace"))
        except ValueError as exc:
            raise Fault("not_a_stream", f"broken JSON ({exc})") from exc
        if chunk.text or chunk.tools or chunk.finish_reason or chunk.error is not None:
            return chunk
        raise Fault("not_a_stream", _other(body))


def _other(body: bytes | bytearray) -> str:
    """Say what a document is that is no completion."""
    document = json.loads(body)
    keys = list(document)[:5] if isinstance(document, dict) else []
    return f"a JSON document with {', '.join(keys)}" if keys else "an empty document"


class ToolCalls:
    """The tool calls of an answer, whose names and arguments come in parts."""

    def __init__(self) -> None:
        self._parts: dict[int, tuple[StringIO, StringIO, StringIO]] = {}

    def __bool__(self) -> bool:
        return bool(self._parts)

    def add(self, chunk: Chunk) -> int:
        """Take the parts in a chunk; return their size, with what an object takes."""
        size = 0
        for index, *texts in chunk.tools:
            call = self._parts.setdefault(index, (StringIO(), StringIO(), StringIO()))
            for part, text in zip(call, texts, strict=True):
                part.write(text)
                size += len(text)
            size += 64
        return size

    def whole(self) -> list[tuple[str, str, str]]:
        """Return id, name and arguments of each call."""
        calls = self._parts.values()
        return [(i.getvalue(), n.getvalue(), a.getvalue()) for i, n, a in calls]


class EventSplitter:
    """Collects bytes in pieces of any size, and returns the events that they complete.

    The rules are those of
    https://html.spec.whatwg.org/multipage/server-sent-events.html with one exception:
    an event that the end of the stream cuts off is delivered, so that a server which
    forgets the last blank line is understood. Nothing is decoded here: a character may
    be torn between two pieces, and bytes that are not UTF-8 matter only in the data.
    """

    def __init__(self, limit: int = LIMIT) -> None:
        """Refuse an event of which more than `limit` bytes are kept."""
        self._limit = limit
        self._rest = bytearray()
        self._after_return, self._first_line = False, True
        self._name, self._size = b"", 0
        self._data: list[bytes] = []

    def feed(self, piece: bytes) -> list[Event]:
        """Take more bytes; raise `Fault` if one event outgrows the limit."""
        if not piece:
            return []
        if self._after_return and piece.startswith(b"\n"):
            # The second half of a line end, whose line is read already.
            piece = piece[1:]
        self._after_return = piece.endswith(b"\r")
        lines = piece.splitlines()
        rest = lines.pop() if lines and piece[-1] not in b"\r\n" else b""
        if lines and self._rest:
            lines[0] = bytes(self._rest) + lines[0]
            self._rest.clear()
        events = [event for line in lines if (event := self._end_line(line))]
        self._rest += rest
        if self._size + len(self._rest) > self._limit:
            raise Fault("malformed", f"one event is longer than {self._limit} bytes")
        return events

    def close(self) -> list[Event]:
        """Return the event that the end of the stream leaves behind, if any."""
        return self.feed(b"\n\n")

    def _end_line(self, line: bytes) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            event = (self._name, b"\n".join(self._data)) if self._data else None
            self._name, self._size = b"", 0
            self._data.clear()
            return event
        field, _, value = line.partition(b":")
        if field == b"data":
            # With what an object takes, or many short lines would outgrow the limit.
            self._size += len(line) + 64
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.removeprefix(b" ")
        return None


def error_text(error: object) -> str:
    """Return the words of an error in any of the forms in use, also as JSON text."""
    if isinstance(error, str):
        try:
            parsed = json.loads(error) if error.lstrip()[:1] in ("{", "[") else error
        except (ValueError, RecursionError):
            return error
        return error if isinstance(parsed, str) else error_text(parsed)
    if isinstance(error, list) and error:
        return error_text(error[0])
    words = _said(_object(error))
    return error_text(words) if words else json.dumps(error)


def _said(error: dict[str, Any]) -> object:
    """Return what an error object says, under whichever name."""
    names = ("message", "detail", "error", "errors", "msg")
    return next((error[name] for name in names if error.get(name)), None)


def _chunk(data: str) -> Chunk:
    """Read an event's data, or a whole completion, which has a ``message``.

    Servers differ in what they leave out, send as null or add, and none of that is
    worth losing an answer for. A ValueError is raised for what is not a JSON object, a
    `Fault` for an error that the server reports in place of an answer.
    """
    try:
        event = json.loads(data)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(event, dict):
        raise ValueError(f"expected an object, got {type(event).__name__}")
    choices = event.get("choices")
    if event.get("error") or choices is None and (_said(event) or "errors" in event):
        raise Fault("in_stream", error_text(event))
    choice = _object(choices[0] if isinstance(choices, list) and choices else None)
    delta, message = choice.get("delta"), choice.get("message")
    is_whole = delta is None and isinstance(message, dict) and bool(message)
    delta = _object(message if is_whole else delta)
    content, usage = delta.get("content"), event.get("usage")
    finish_reason = choice.get("finish_reason") or ("stop" if is_whole else None)
    error = choice.get("error")
    ended = finish_reason or usage or error
    if isinstance(content, str) and len(delta) == 1 and not ended:
        # Nearly all events: no need to look for what else there might be.
        return Chunk(content)
    if finish_reason == "error" and not is_whole:
        error = error or _said(choice)
    return Chunk(
        text=_text(content) + _text(delta.get("refusal")),
        reasoning=_text(delta.get("reasoning_content") or delta.get("reasoning")),
        tools=tuple(_tools(delta.get("tool_calls"))),
        finish_reason=_text(finish_reason),
        usage=_usage(_object(usage)),
        error=error_text(error) if error else "" if finish_reason == "error" else None,
    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _is_shown(text: str) -> bool:
    return bool(text) and (text.isprintable() or bool(_HIDDEN.sub("", text)))


def _text(value: object) -> str:
    if isinstance(value, list):
        # Content in parts, as in a request: [{"type": "text", "text": …}].
        return "".join(_text(_object(part).get("text")) for part in value)
    return value if isinstance(value, str) else ""


def _tools(calls: object) -> Iterator[tuple[int, str, str, str]]:
    for position, call in enumerate(calls if isinstance(calls, list) else []):
        index, mark, function = map(_object(call).get, ("index", "id", "function"))
        name, arguments = (_object(function).get(key) for key in ("name", "arguments"))
        index = index if isinstance(index, int) else position
        yield index, _text(mark), _text(name), _text(arguments)


def _usage(usage: dict[str, Any]) -> tuple[int, int] | None:
    counts = [usage.get(name) or 0 for name in ("prompt_tokens", "completion_tokens")]
    if usage and all(type(n) is int and 0 <= n < 2**53 for n in counts):
        return counts[0], counts[1]
    return None
