# SPDX-License-Identifier: Apache-2.0
"""Many clients that follow answers as the page does, on bare sockets."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import struct
import time
from pathlib import Path
from typing import Any

from serving import Serving

_BLOCK = re.compile(rb"event: block\ndata: (.*)\n\n")
_EVENT = re.compile(rb"event: (\w+)\ndata: (.*)\n\n")
_PIECE = re.compile(r"<p>(\d+) (\d+)")
_CHUNK = re.compile(rb"\r\n[0-9a-f]+\r\n")


async def request(server: Serving, method: str, path: str, body: Any = None) -> Any:
    """Send a request of the page, and return what its answer holds."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    text = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(text)}\r\n"
    writer.write(f"{head}Connection: close\r\n\r\n".encode() + text)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    status, _, rest = answer.partition(b"\r\n\r\n")
    assert status.split()[1].startswith(b"2"), answer
    return json.loads(rest) if rest.startswith((b"{", b"[")) else rest.decode()


async def begin(server: Serving, message: str) -> tuple[str, int]:
    """Begin a conversation with a message; return its name and the turn's."""
    made = await request(server, "POST", "/api/conversations", {})
    path = f"/api/conversations/{made['id']}"
    sent = {"message": message, "request": "1"}
    answer = await request(server, "POST", f"{path}/turns", sent)
    return made["id"], answer["turn"]


class Viewer(asyncio.Protocol):
    """One client that follows a turn from its beginning, and keeps what came when."""

    def __init__(self, server: Serving, turn: int) -> None:
        self._head = (
            f"GET /api/turns/{turn}/events HTTP/1.1\r\n"
            f"Host: {server.host}:{server.port}\r\nConnection: close\r\n\r\n"
        )
        self.arrived: list[tuple[int, bytes]] = []
        loop = asyncio.get_running_loop()
        self.opened: asyncio.Future[None] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()

    @classmethod
    async def follow(cls, server: Serving, turn: int) -> Viewer:
        """Return when the stream has begun."""
        viewer = cls(server, turn)
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: viewer, server.host, server.port)
        await viewer.opened
        return viewer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport
        transport.write(self._head.encode())

    def leave(self, *, abruptly: bool) -> None:
        """Close the connection; abruptly, as a client that fails does (RST)."""
        if abruptly:
            connection = self._transport.get_extra_info("socket")
            linger = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self._transport.abort()
        else:
            self._transport.close()

    def data_received(self, data: bytes) -> None:
        self.arrived.append((time.monotonic_ns(), data))
        if not self.opened.done():
            self.opened.set_result(None)

    def connection_lost(self, error: Exception | None) -> None:
        for future in (self.opened, self.ended):
            if not future.done():
                future.set_result(None)

    @property
    def events(self) -> list[tuple[str, Any]]:
        """The names and the data of all events."""
        body = b"".join(data for _, data in self.arrived).partition(b"\r\n\r\n")[2]
        text = _CHUNK.sub(b"", b"\r\n" + body)
        return [
            (name.decode(), json.loads(data)) for name, data in _EVENT.findall(text)
        ]

    @property
    def pieces(self) -> list[int]:
        """The numbers of the pieces, in the order that they were shown."""
        blocks = [data["html"] for name, data in self.events if name == "block"]
        return [int(found[1]) for html in blocks if (found := _PIECE.match(html))]

    @property
    def delays(self) -> list[float]:
        """The milliseconds that the pieces took from the script to here."""
        return [
            (at - int(found[2])) / 1e6
            for at, data in self.arrived
            for block in _BLOCK.findall(data)
            if (found := _PIECE.match(json.loads(block)["html"]))
        ]


def stall(server: Serving, turn: int) -> socket.socket:
    """Connect a client that asks for a turn's events, and never reads."""
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    made.connect((server.host, server.port))
    made.sendall(Viewer(server, turn)._head.encode())
    return made


def stalled(clients: list[socket.socket]) -> int:
    """Count the clients that have not taken all that their server has sent."""
    ports = {f"{client.getsockname()[1]:04X}" for client in clients}
    rows = [row.split() for row in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(
        row[2].rpartition(":")[2] in ports and int(row[4].partition(":")[0], 16) > 0
        for row in rows
    )


def files(server: Serving) -> int:
    """Count the files that the server has open."""
    return len(list(Path(f"/proc/{server.pid}/fd").iterdir()))


def resident(server: Serving) -> int:
    """Return the bytes of the server's resident memory."""
    status = Path(f"/proc/{server.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) << 10
