# SPDX-License-Identifier: Apache-2.0
"""Server-sent events out of bytes that arrive in pieces of any size.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html
with one exception: an event that the end of the stream cuts off is delivered, so that
a server which forgets the last blank line is understood.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

__all__ = ["Event", "EventSplitter"]

_NEWLINE: Final = 0x0A
_END_OF_LINE: Final = re.compile(rb"\r\n|\n|\r")
# What nearly every event of a chat looks like: one line of data, and a blank one.
_WHOLE_EVENT: Final = re.compile(rb"data: ([^\r\n]+)(?:\n\n|\r\n\r\n)")
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its type, empty if the server names none, and its data."""

    name: str
    data: str


class EventSplitter:
    """Collects bytes and gives back the events that they complete.

    Lines are split as bytes and decoded whole: no line end is part of a longer UTF-8
    sequence, so a character torn between two chunks is never looked at before it is
    complete.
    """

    def __init__(
        self, limit: int = 16 * 1024 * 1024, *, errors: str = "replace"
    ) -> None:
        """Refuse an event of more than `limit` bytes; decode as `errors` says."""
        self._limit = limit
        self._errors = errors
        self._held = 0
        self._line: list[bytes] = []
        self._after_return = False
        self._first_line = True
        self._between = False
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Take more bytes; raise ValueError if one event outgrows the limit."""
        if not chunk:
            return []
        start = 1 if self._after_return and chunk[0] == _NEWLINE else 0
        self._after_return = chunk.endswith(b"\r")
        events: list[Event] = []
        while True:
            if self._between:
                start = self._whole_events(chunk, start, events)
            end = _END_OF_LINE.search(chunk, start)
            if end is None:
                break
            self._line.append(chunk[start : end.start()])
            start = end.end()
            if event := self._end_line():
                events.append(event)
        if start < len(chunk):
            self._hold(chunk[start:])
        return events

    def close(self) -> list[Event]:
        """Return the event that the end of the stream leaves behind, if any."""
        events = [self._end_line()] if any(self._line) else []
        events.append(self._end_event())
        return [event for event in events if event]

    def _whole_events(self, chunk: bytes, start: int, events: list[Event]) -> int:
        """Take the plain events at `start`; return where something else begins."""
        match, errors = _WHOLE_EVENT.match, self._errors
        while found := match(chunk, start):
            events.append(Event("", found[1].decode("utf-8", errors)))
            start = found.end()
        return start

    def _hold(self, rest: bytes) -> None:
        self._between = False
        self._line.append(rest)
        self._held += len(rest)
        if self._held > self._limit:
            raise ValueError(f"one event is longer than {self._limit} bytes")

    def _end_line(self) -> Event | None:
        line = b"".join(self._line)
        self._line.clear()
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._end_event()
        self._between = False
        self._held += len(line)
        field, _, value = line.decode("utf-8", self._errors).partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        return None

    def _end_event(self) -> Event | None:
        event = Event(self._name, "\n".join(self._data)) if self._data else None
        self._name = ""
        self._data.clear()
        self._held = 0
        self._between = True
        return event
