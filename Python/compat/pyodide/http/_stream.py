# SPDX-License-Identifier: Apache-2.0
"""A body as it arrives: its bytes, its lines, its server-sent events."""

from __future__ import annotations

import codecs
import re
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Final, Generic, Protocol, TypeVar

from pyodide.http._errors import AbortError
from pyodide.http._signal import AbortSignal
from pyodide.http._source import Source

__all__ = ["Bytes", "Event", "Events", "Lines", "Stream"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_END_OF_LINE: Final = re.compile("\r\n|\n|\r")


class _Splitter(Protocol[T_co]):
    def feed(self, chunk: bytes) -> Iterable[T_co]: ...
    def close(self) -> Iterable[T_co]: ...


class Stream(Generic[T]):
    """Iterates over a body once; leaving the loop early cancels the exchange.

    An iterator and not a generator: the loop lets go of it at a `break`, and the cancel
    is posted there and then, not when the event loop finalises a generator.
    """

    def __init__(
        self, source: Source, signal: AbortSignal, splitter: _Splitter[T]
    ) -> None:
        self._source = source
        self._signal = signal
        self._splitter = splitter
        self._ready: deque[T] = deque()
        self._ended = False

    def __del__(self) -> None:
        self._cancel()

    def __aiter__(self) -> Stream[T]:
        return self

    async def __anext__(self) -> T:
        while not self._ready:
            if self._ended:
                raise StopAsyncIteration
            await self._fill()
        return self._ready.popleft()

    async def aclose(self) -> None:
        """Stop before the end; safe again."""
        self._ready.clear()
        self._cancel()

    async def __aenter__(self) -> Stream[T]:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def _fill(self) -> None:
        try:
            self._signal.throwIfAborted()
            chunk = await self._source.read()
            self._signal.throwIfAborted()
            ready = self._splitter.feed(chunk) if chunk else self._splitter.close()
        except BaseException as exc:
            self._cancel()
            if isinstance(exc, AbortError) and self._signal.aborted:
                raise AbortError(self._signal.reason) from exc
            raise
        self._ended = not chunk
        self._ready.extend(ready)

    def _cancel(self) -> None:
        if not self._ended:
            self._ended = True
            self._source.cancel()


def _too_long(what: str, limit: int) -> AbortError:
    message = f"{what} of the body is longer than {limit} characters"
    return AbortError(message, code="remote_protocol")


class Bytes:
    """Pieces as they came."""

    def feed(self, chunk: bytes) -> Iterable[bytes]:
        """Pass a piece on."""
        return (chunk,)

    def close(self) -> Iterable[bytes]:
        """Have nothing left."""
        return ()


class Lines:
    """Lines of UTF-8 text without their ends, which are LF, CR LF or CR."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")("replace")
        self._parts: list[str] = []
        self._held = 0
        self._after_return = False

    def feed(self, chunk: bytes) -> Iterable[str]:
        """Return the lines that `chunk` completes."""
        return self._split(self._decoder.decode(chunk))

    def close(self) -> Iterable[str]:
        """Return the last line, if nothing ended it."""
        lines = self._split(self._decoder.decode(b"", True))
        rest = "".join(self._parts)
        return [*lines, rest] if rest else lines

    def _split(self, text: str) -> list[str]:
        if not text:
            return []
        if self._after_return:
            text = text.removeprefix("\n")
        self._after_return = text.endswith("\r")
        *lines, rest = _END_OF_LINE.split(text)
        if lines:
            lines[0] = "".join([*self._parts, lines[0]])
            self._parts.clear()
            self._held = 0
        self._parts.append(rest)
        self._held += len(rest)
        if self._held > self._limit:
            raise _too_long("a line", self._limit)
        return lines


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event."""

    data: str
    event: str = "message"
    """Its type."""
    id: str = ""
    """The last id that the server gave."""
    retry: int | None = None
    """Milliseconds to wait before a new connection, if the server has said so."""


class Events:
    """Server-sent events, https://html.spec.whatwg.org/#event-stream-interpretation."""

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        self._limit = limit
        self._held = 0
        self._lines = Lines(limit)
        self._data: list[str] = []
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    def feed(self, chunk: bytes) -> Iterable[Event]:
        """Return the events that `chunk` completes."""
        return [e for line in self._lines.feed(chunk) if (e := self._take(line))]

    def close(self) -> Iterable[Event]:
        """Drop an event that no blank line has ended, as the standard says."""
        return ()

    def _take(self, line: str) -> Event | None:
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
            self._held += len(value)
            if self._held > self._limit:
                raise _too_long("an event", self._limit)
        elif field == "event":
            self._event = value
        elif field == "id" and "\0" not in value:
            self._id = value
        elif field == "retry" and value.isascii() and value.isdecimal():
            self._retry = int(value)
        return None

    def _dispatch(self) -> Event | None:
        data, self._data, self._held = self._data, [], 0
        kind, self._event = self._event or "message", ""
        if not data:
            return None
        return Event("\n".join(data), kind, self._id, self._retry)
