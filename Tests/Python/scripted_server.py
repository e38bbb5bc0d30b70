# SPDX-License-Identifier: Apache-2.0
"""A real HTTP server on loopback that answers as a test's script says."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Any


@dataclass(frozen=True)
class Received:
    """One request as it came over the wire."""

    method: str
    target: str
    lines: list[bytes]
    body: bytes

    @property
    def headers(self) -> dict[str, str]:
        parsed = BytesParser().parsebytes(b"\r\n".join(self.lines))
        return {name.lower(): value for name, value in parsed.items()}

    def json(self) -> Any:
        return json.loads(self.body)


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.file = connection.makefile("rb")

    def receive_head(self) -> Received:
        request = self.file.readline().decode().split()
        lines = []
        while line := self.file.readline().rstrip(b"\r\n"):
            lines.append(line)
        if not request:
            raise ConnectionError("the client left")
        return Received(request[0], request[1], lines, b"")

    def receive(self) -> Received:
        head = self.receive_head()
        if "chunked" in head.headers.get("transfer-encoding", ""):
            body = b"".join(iter(self.receive_chunk, b""))
        else:
            body = self.file.read(int(head.headers.get("content-length", 0)))
        return Received(head.method, head.target, head.lines, body)

    def receive_chunk(self) -> bytes:
        size = int(self.file.readline(), 16)
        data = self.file.read(size)
        self.file.readline()
        return data

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def head(self, status: str = "200 OK", **headers: str) -> None:
        # Said, or a client that keeps connections would try this one again.
        lines = [f"HTTP/1.1 {status}", "Connection: close"]
        lines += [f"{k.replace('_', '-')}: {v}" for k, v in headers.items()]
        self.send("\r\n".join(lines).encode() + b"\r\n\r\n")

    def reply(self, status: str, body: str | bytes, **headers: str) -> None:
        data = body.encode() if isinstance(body, str) else body
        self.head(status, Content_Length=str(len(data)), **headers)
        self.send(data)

    def start_stream(self, kind: str = "text/event-stream") -> None:
        self.head(Content_Type=kind, Transfer_Encoding="chunked")

    def chunk(self, data: str | bytes) -> None:
        raw = data.encode() if isinstance(data, str) else data
        self.send(b"%x\r\n%s\r\n" % (len(raw), raw))

    def event(self, payload: object) -> None:
        data = payload if isinstance(payload, str) else json.dumps(payload)
        self.chunk(f"data: {data}\n\n")

    def delta(self, content: str, finish: str | None = None, **more: object) -> None:
        delta = {"content": content, **more}
        self.event({"choices": [{"delta": delta, "finish_reason": finish}]})

    def end(self) -> None:
        self.send(b"0\r\n\r\n")

    def stream(self, *deltas: str, done: bool = True) -> None:
        """Answer with a whole, good stream."""
        self.start_stream()
        for delta in deltas:
            self.delta(delta)
        self.delta("", "stop")
        if done:
            self.event("[DONE]")
        self.end()

    def wait_for_close(self) -> None:
        with suppress(OSError):
            while self.connection.recv(65536):
                pass


Script = Callable[[Peer], None]


class Server:
    """Runs one script for each connection, the last one for all that follow."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = list(scripts)
        self.received: list[Received] = []
        self.failures: list[BaseException] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                script = self.scripts.pop(0) if self.scripts[1:] else self.scripts[0]
                self._connections.append(connection)
                thread = threading.Thread(
                    target=self._run, args=(script, connection), daemon=True
                )
                thread.start()
                self._threads.append(thread)

    def _run(self, script: Script, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            peer = Peer(connection)
            try:
                script(peer)
            except OSError:
                raise
            except BaseException as exc:
                self.failures.append(exc)
            finally:
                peer.file.close()

    def close(self) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self._connections:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(5)
        assert not self.failures, self.failures

    def recording(self, answer: Script) -> Script:
        """Read a request, keep it, then answer."""

        def script(peer: Peer) -> None:
            self.received.append(peer.receive())
            answer(peer)

        return script


Serve = Callable[..., Server]


def whole(*deltas: str) -> Callable[[Peer], None]:
    """Return a script that streams a whole answer."""
    return lambda peer: peer.stream(*deltas)


def contents(server: Server, request: int = -1) -> list[tuple[str, str]]:
    """Return the roles and texts of the messages in a request."""
    messages = server.received[request].json()["messages"]
    return [(message["role"], message["content"]) for message in messages]
