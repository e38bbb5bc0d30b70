# SPDX-License-Identifier: Apache-2.0
"""Server-sent events out of bytes that arrive in pieces of any size.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html
with one exception: an event that the end of the stream cuts off is delivered, so that
a server which forgets the last blank line is understood.
"""

from __future__ import annotations

__all__ = ["Event", "EventSplitter"]

Event = tuple[str, str]
"""One event: its type, empty without an `event` field, and its data."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class EventSplitter:
    """Collects bytes and returns the events that they complete.

    Lines are split as bytes and decoded whole: no line end is part of a longer UTF-8
    sequence, so a character torn between two chunks is never looked at before it is
    complete.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        """Refuse an event of more than `limit` bytes."""
        self._limit = limit
        self._rest = bytearray()
        self._held = 0
        self._after_return = False
        self._first_line = True
        self._name = ""
        self._data: list[str] = []

    def feed(self, chunk: bytes) -> list[Event]:
        """Take more bytes; raise ValueError if one event outgrows the limit."""
        if not chunk:
            return []
        if self._after_return and chunk.startswith(b"\n"):
            # The second half of a line end, whose line is read already.
            chunk = chunk[1:]
        self._after_return = chunk.endswith(b"\r")
        lines = chunk.splitlines()
        rest = lines.pop() if lines and chunk[-1] not in b"\r\n" else b""
        events: list[Event] = []
        for line in lines:
            if self._rest:
                line = bytes(self._rest) + line
                self._rest.clear()
            if event := self._end_line(line):
                events.append(event)
        if rest:
            self._rest += rest
            self._hold(len(rest))
        return events

    def close(self) -> list[Event]:
        """Return the event that the end of the stream leaves behind, if any."""
        ends = [self._end_line(bytes(self._rest)), self._end_line(b"")]
        return [event for event in ends if event]

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._limit:
            raise ValueError(f"one event is longer than {self._limit} bytes")

    def _end_line(self, line: bytes) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(_BYTE_ORDER_MARK)
        if not line:
            return self._end_event()
        field, _, value = line.partition(b":")
        if field == b"data":
            # With what an object takes, or many short lines would outgrow the limit.
            self._hold(len(line) + 64)
            self._data.append(self._decoded(value))
        elif field == b"event":
            self._name = self._decoded(value)
        return None

    def _decoded(self, value: bytes) -> str:
        # Bytes that are not UTF-8 stay to be found where they matter, in the data.
        return value.removeprefix(b" ").decode("utf-8", "surrogateescape")

    def _end_event(self) -> Event | None:
        event = (self._name, "\n".join(self._data)) if self._data else None
        self._name = ""
        self._data.clear()
        self._held = 0
        return event
