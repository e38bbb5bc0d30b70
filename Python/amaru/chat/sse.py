# SPDX-License-Identifier: Apache-2.0
"""Server-sent events out of bytes that arrive in pieces of any size.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html
with one exception: an event that the end of the stream cuts off is delivered, so that
a server which forgets the last blank line is understood.
"""

from __future__ import annotations

from amaru.chat.transport import Fault

__all__ = ["Event", "EventSplitter"]

Event = tuple[bytes, bytes]
"""One event: its type, empty without an `event` field, and its data."""


class EventSplitter:
    """Collects bytes and returns the events that they complete.

    Nothing is decoded here: a character may be torn between two pieces, and bytes that
    are not UTF-8 matter only in the data.
    """

    def __init__(self, limit: int = 16 * 1024 * 1024) -> None:
        """Refuse an event of more than `limit` bytes."""
        self._limit = limit
        self._rest = bytearray()
        self._held = 0
        self._after_return = False
        self._first_line = True
        self._name = b""
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
        self._hold(len(rest))
        return events

    def close(self) -> list[Event]:
        """Return the event that the end of the stream leaves behind, if any."""
        ends = [self._end_line(bytes(self._rest)), self._end_line(b"")]
        return [event for event in ends if event]

    def _hold(self, size: int) -> None:
        self._held += size
        if self._held > self._limit:
            raise Fault("malformed", f"one event is longer than {self._limit} bytes")

    def _end_line(self, line: bytes) -> Event | None:
        if self._first_line:
            self._first_line = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            event = (self._name, b"\n".join(self._data)) if self._data else None
            self._name = b""
            self._data.clear()
            self._held = 0
            return event
        field, _, value = line.partition(b":")
        if field == b"data":
            # With what an object takes, or many short lines would outgrow the limit.
            self._hold(len(line) + 64)
            self._data.append(value.removeprefix(b" "))
        elif field == b"event":
            self._name = value.removeprefix(b" ")
        return None
