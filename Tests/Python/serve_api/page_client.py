# SPDX-License-Identifier: Apache-2.0
"""A client that sends what the page sends, and follows answers."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from serving import Serving

_STREAMS: list[Stream] = []


@contextmanager
def closing_streams() -> Iterator[None]:
    """Close at the end what was followed."""
    yield
    while _STREAMS:
        _STREAMS.pop().close()


class Client:
    """A page, as far as it sends requests."""

    def __init__(self, host: str, port: int, **fields: str) -> None:
        self._place = (host, port)
        self._fields = fields

    @classmethod
    def of(cls, server: Serving, **fields: str) -> Client:
        """A client of one server."""
        return cls(server.host, server.port, **fields)

    def _open(
        self, method: str, path: str, body: Any = None, **fields: str
    ) -> tuple[http.client.HTTPConnection, http.client.HTTPResponse]:
        connection = http.client.HTTPConnection(*self._place, timeout=60)
        text = None if body is None else json.dumps(body)
        kind = {} if body is None else {"Content-Type": "application/json"}
        connection.request(method, f"/{path}", text, {**self._fields, **kind, **fields})
        return connection, connection.getresponse()

    def send(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """Send a request; return the status and what the answer holds."""
        connection, response = self._open(method, path, body)
        with closing(connection):
            text = response.read()
            return response.status, json.loads(text) if text else None

    def get(self, path: str) -> Any:
        """Read something that is there."""
        status, found = self.send("GET", path)
        assert status == 200, found
        return found

    def converse(self) -> str:
        """Make a conversation."""
        status, made = self.send("POST", "api/conversations", {})
        assert status == 201, made
        return str(made["id"])

    def say(self, conversation: str, message: str, request: str = "1") -> Any:
        """Send a message; return the status and the turn."""
        path = f"api/conversations/{conversation}/turns"
        return self.send("POST", path, {"message": message, "request": request})

    def begin(self, message: str, conversation: str | None = None) -> tuple[str, int]:
        """Send a message; return the conversation and the turn."""
        conversation = conversation or self.converse()
        status, answer = self.say(conversation, message)
        assert status == 202, answer
        return conversation, answer["turn"]

    def follow(self, turn: int, last: str = "") -> Stream:
        """Follow a turn, behind the event of that id."""
        fields = {"Last-Event-ID": last} if last else {}
        return Stream(*self._open("GET", f"api/turns/{turn}/events", **fields))

    def turn(self, conversation: str) -> Any:
        """Return the last turn of a conversation."""
        return self.get(f"api/conversations/{conversation}")["turns"][-1]


class Stream:
    """A turn that is followed."""

    def __init__(
        self, connection: http.client.HTTPConnection, response: http.client.HTTPResponse
    ) -> None:
        self._connection, self._response = connection, response
        _STREAMS.append(self)
        assert response.status == 200
        self.seen: list[tuple[str, Any]] = []
        self.last = ""

    def until(self, *names: str, text: str = "") -> Any:
        """Read on until an event of such a name holds a text; return what it holds."""
        name = ""
        for line in self._response:
            head, _, rest = line.decode().rstrip("\n").partition(": ")
            if head == "id":
                self.last = rest
            elif head == "event":
                name = rest
            elif head == "data":
                self.seen.append((name, json.loads(rest)))
                if name in names and text in rest:
                    return self.seen[-1][1]
        raise AssertionError(f"it has ended: {self.seen}")

    def close(self) -> None:
        """Go away."""
        self._response.close()
        self._connection.close()
