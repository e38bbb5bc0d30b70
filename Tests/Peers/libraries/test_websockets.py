# SPDX-License-Identifier: Apache-2.0
"""httpx-ws, unmodified, on connections of the host."""

from __future__ import annotations

import asyncio
import queue
import socket
import ssl
import subprocess
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import trio
from httpx_ws import (
    WebSocketDisconnect,
    WebSocketNetworkError,
    WebSocketUpgradeError,
    aconnect_ws,
    connect_ws,
)
from scripted_server import Peer, Server
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

import _amaru_http


@contextmanager
def websockets(
    handle: Callable[[ServerConnection], None], **options: Any
) -> Iterator[int]:
    """Serve WebSockets by a library that knows nothing of Amaru; yield the port."""
    with serve(handle, "127.0.0.1", 0, **options) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join()


class Echo:
    """Sends back what it gets, and remembers how each connection was closed."""

    def __init__(self) -> None:
        self.closings: queue.Queue[int | None] = queue.Queue()

    def __call__(self, connection: ServerConnection) -> None:
        try:
            while True:
                connection.send(connection.recv())
        except ConnectionClosed as exc:
            self.closings.put(exc.rcvd.code if exc.rcvd else None)


@pytest.fixture
def echo() -> Iterator[tuple[str, Echo]]:
    handler = Echo()
    with websockets(handler) as port:
        yield f"ws://127.0.0.1:{port}/", handler


@pytest.fixture(autouse=True)
def everything_is_released() -> Iterator[None]:
    yield
    assert _amaru_http.in_flight() == 0


def run_on(backend: str, work: Callable[[], Awaitable[None]]) -> None:
    if backend == "trio":
        trio.run(work)
    else:
        asyncio.run(work())  # type: ignore[arg-type]


LONG = "é" * 300_000


def test_messages_go_both_ways(echo: tuple[str, Echo]) -> None:
    url, handler = echo
    with connect_ws(url, max_message_size_bytes=10_000) as session:
        session.send_text("hello")
        assert session.receive_text(5) == "hello"
        session.send_bytes(b"\x00\xff")
        assert session.receive_bytes(5) == b"\x00\xff"
        session.send_json({"a": [1]})
        assert session.receive_json(5) == {"a": [1]}
        session.send_text(LONG)
        assert session.receive_text(20) == LONG
        assert session.ping().wait(5)
    assert handler.closings.get(timeout=5) == 1000


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_messages_go_both_ways_on_a_loop(echo: tuple[str, Echo], backend: str) -> None:
    url, handler = echo

    async def work() -> None:
        async with aconnect_ws(url) as session:
            await session.send_text("hello")
            assert await session.receive_text(5) == "hello"
            await session.send_bytes(b"\x00\xff")
            assert await session.receive_bytes(5) == b"\x00\xff"
            await session.send_text(LONG)
            assert await session.receive_text(20) == LONG
            await (await session.ping()).wait()

    run_on(backend, work)
    # Off asyncio the read that httpx-ws cancels takes the connection with it.
    assert handler.closings.get(timeout=5) == (1000 if backend == "asyncio" else None)


def test_many_sessions_at_once(echo: tuple[str, Echo]) -> None:
    async def talk(client: httpx.AsyncClient, name: str) -> None:
        async with aconnect_ws(echo[0], client) as session:
            for number in range(20):
                await session.send_text(f"{name} {number}")
                assert await session.receive_text(20) == f"{name} {number}"

    async def work() -> None:
        limits = httpx.Limits(max_connections=5)
        async with httpx.AsyncClient(limits=limits, timeout=30) as client:
            await asyncio.gather(*[talk(client, f"session {n}") for n in range(20)])

    asyncio.run(work())


def test_the_server_closes() -> None:
    def bye(connection: ServerConnection) -> None:
        connection.send("last")
        connection.close(4001, "bye")

    with websockets(bye) as port:
        url = f"ws://127.0.0.1:{port}/"
        with connect_ws(url) as session:
            assert session.receive_text(5) == "last"
            with pytest.raises(WebSocketDisconnect) as caught:
                session.receive_text(5)
            assert (caught.value.code, caught.value.reason) == (4001, "bye")

        async def work() -> None:
            async with aconnect_ws(url) as session:
                assert await session.receive_text(5) == "last"
                with pytest.raises(WebSocketDisconnect) as caught:
                    await session.receive_text(5)
                assert caught.value.code == 4001

        asyncio.run(work())


def broken_off(peer: Peer) -> None:
    """Accept, and close amid a frame; what it accepts with, httpx-ws does not check."""
    peer.receive_head()
    peer.send(b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
    peer.send(b"\x81\x7e\x10\x00half")
    peer.connection.shutdown(socket.SHUT_WR)
    peer.wait_for_close()


def test_the_server_breaks_off_amid_a_frame() -> None:
    server = Server(broken_off)
    with connect_ws(server.origin) as session, pytest.raises(WebSocketNetworkError):
        session.receive_text(5)

    async def work() -> None:
        async with aconnect_ws(server.origin) as session:
            with pytest.raises(WebSocketNetworkError):
                await session.receive_text(5)

    asyncio.run(work())
    server.close()


def test_a_wait_has_its_limit_and_can_be_cancelled(echo: tuple[str, Echo]) -> None:
    url, _ = echo
    with connect_ws(url) as session:
        with pytest.raises(queue.Empty):
            session.receive(0.05)
        session.send_text("on")
        assert session.receive_text(5) == "on"

    async def work() -> None:
        async with aconnect_ws(url) as session:
            with pytest.raises(TimeoutError):
                await session.receive(0.05)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(session.receive(), 0.05)
            await session.send_text("on")
            assert await session.receive_text(5) == "on"

    asyncio.run(work())


def test_a_cancelled_session_is_closed(echo: tuple[str, Echo]) -> None:
    url, handler = echo

    async def talk(opened: asyncio.Event) -> None:
        async with aconnect_ws(url) as session:
            opened.set()
            await session.receive()

    async def work() -> None:
        opened = asyncio.Event()
        talking = asyncio.ensure_future(talk(opened))
        await opened.wait()
        talking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await talking

    asyncio.run(work())
    assert handler.closings.get(timeout=5) == 1000


def test_a_server_without_websockets_is_an_upgrade_error() -> None:
    server = Server()
    server.scripts = [server.recording(lambda peer: peer.reply("200 OK", "no"))]
    with pytest.raises(WebSocketUpgradeError), connect_ws(server.origin):
        pass
    server.close()


def test_over_tls(tmp_path: Path) -> None:
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"
    )
    command += " -days 2 -subj /CN=test -addext subjectAltName=DNS:localhost"
    command += f" -keyout {key} -out {chain}"
    subprocess.run(command.split(), check=True, capture_output=True)
    own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    own.load_cert_chain(chain, key)
    trusting = ssl.create_default_context(cafile=str(chain))
    handler = Echo()
    with websockets(handler, ssl=own) as port:
        url = f"wss://localhost:{port}/"
        with (
            httpx.Client(verify=trusting) as client,
            connect_ws(url, client) as session,
        ):
            session.send_text(LONG)
            assert session.receive_text(20) == LONG
        assert handler.closings.get(timeout=5) == 1000

        # The same by hand: a tunnel, and TLS inside it.
        def tunnel(peer: Peer) -> None:
            peer.receive_head()
            with socket.create_connection(("127.0.0.1", port)) as onward:
                peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
                back = threading.Thread(target=passing, args=(onward, peer.connection))
                back.start()
                passing(peer.connection, onward)
                back.join()

        proxy = Server(tunnel)
        extensions = {"target": f"localhost:{port}".encode()}
        with (
            httpx.Client() as client,
            client.stream("CONNECT", proxy.origin, extensions=extensions) as response,
        ):
            stream = response.extensions["network_stream"]
            stream = stream.start_tls(trusting, "localhost", timeout=10)
            stream.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert stream.read(12, timeout=10) == b"HTTP/1.1 426"

        async def wrong() -> None:
            async with (
                httpx.AsyncClient() as client,
                client.stream(
                    "CONNECT", proxy.origin, extensions=extensions
                ) as response,
            ):
                stream = response.extensions["network_stream"]
                with pytest.raises(Exception, match="another host name") as caught:
                    await stream.start_tls(trusting, "other.example", timeout=10)
                assert type(caught.value).__name__ == "ConnectError"

        asyncio.run(wrong())
        proxy.close()


def passing(source: socket.socket, sink: socket.socket) -> None:
    """Pass on what comes, and the end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        sink.close()
