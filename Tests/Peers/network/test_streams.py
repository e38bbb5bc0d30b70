# SPDX-License-Identifier: Apache-2.0
"""The `network_stream` of a response, with a server that leaves HTTP."""

from __future__ import annotations

import asyncio
import gc
import http.client
import signal
import socket
import ssl
import struct
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import httpcore
import httpcore2
import pytest
from conftest import Complaints, CountingServer, becomes
from scripted_server import Peer

import _amaru_http

Count = Callable[..., CountingServer]
UPGRADE = {"Connection": "Upgrade", "Upgrade": "echo"}


@pytest.fixture
def core(family: ModuleType) -> ModuleType:
    """What the family's exceptions on a stream are of."""
    return httpcore if family.__name__ == "httpx" else httpcore2


def switch(peer: Peer) -> None:
    peer.head("101 Switching Protocols", Upgrade="echo")


def echo(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 101 S\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nwelcome")
    while data := peer.connection.recv(65536):
        peer.send(data)


def half_a_frame(peer: Peer) -> None:
    switch(peer)
    peer.send(b"\x81\x7ehalf")


def reset(peer: Peer) -> None:
    switch(peer)
    peer.connection.recv(1)
    no_wait = struct.pack("ii", 1, 0)
    peer.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, no_wait)


def silent(peer: Peer) -> None:
    switch(peer)
    peer.wait_for_close()


def deaf(released: threading.Event) -> Callable[[Peer], None]:
    """Take nothing, until the test says so."""

    def script(peer: Peer) -> None:
        switch(peer)
        released.wait(20)

    return script


def on_stream(
    family: ModuleType, url: str, work: Callable[[Any], Awaitable[None]]
) -> None:
    """Do `work` on the stream of an asynchronous client."""

    async def run() -> None:
        async with (
            family.AsyncClient(timeout=20) as client,
            client.stream("GET", url, headers=UPGRADE) as response,
        ):
            assert response.status_code == 101
            await work(response.extensions["network_stream"])
        assert _amaru_http.in_flight() == 0

    asyncio.run(run())


def test_a_stream_reads_and_writes(family: ModuleType, count: Count) -> None:
    server = count(echo)
    with (
        family.Client(timeout=20) as client,
        client.stream("GET", server.origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        assert stream.read(3) == b"wel"
        assert stream.read(100) == b"come"
        stream.write(b"")
        stream.write(memoryview(b"hello"), timeout=5)
        assert stream.read(100, timeout=5) == b"hello"
        assert stream.get_extra_info("server_addr") == ("127.0.0.1", server.port)
        assert stream.get_extra_info("client_addr")[0] == "127.0.0.1"
        assert stream.get_extra_info("is_readable") is False
        for name in ("socket", "ssl_object", "anything"):
            assert stream.get_extra_info(name) is None
    assert _amaru_http.in_flight() == 0


def test_a_stream_goes_on_after_a_read_that_took_too_long(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    async def work(stream: Any) -> None:
        assert await stream.read(100) == b"welcome"
        with pytest.raises(core.ReadTimeout):
            await stream.read(100, timeout=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(stream.read(100), 0.05)
        await stream.write(b"more")
        assert await stream.read(100) == b"more"

    on_stream(family, count(echo).origin, work)


def test_a_blocking_stream_goes_on_after_a_read_that_took_too_long(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    with (
        family.Client() as client,
        client.stream("GET", count(echo).origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        assert stream.read(100) == b"welcome"
        with pytest.raises(core.ReadTimeout):
            stream.read(100, timeout=0.05)
        stream.write(b"more")
        assert stream.read(100) == b"more"


def test_what_arrives_before_tls_does_not_pass_for_what_arrives_in_it(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    asked = threading.Event()

    def inject(peer: Peer) -> None:
        switch(peer)
        asked.wait(10)
        peer.send(b"injected")
        peer.wait_for_close()

    async def work(stream: Any) -> None:
        with pytest.raises(core.ReadTimeout):
            await stream.read(9, timeout=0.05)
        asked.set()
        with pytest.raises(core.ConnectError, match="not read to the end"):
            await stream.start_tls(ssl.create_default_context(), "localhost", 3)

    on_stream(family, count(inject).origin, work)


def test_what_no_stream_takes(family: ModuleType, count: Count) -> None:
    with (
        family.Client() as client,
        client.stream("GET", count(echo).origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        with pytest.raises(ValueError, match="-1"):
            stream.read(-1)
        with pytest.raises(TypeError):
            stream.write(5)
        assert stream.read(100) == b"welcome"


def test_a_tunnel_of_http_client_keeps_its_limit(count: Count) -> None:
    def quiet(peer: Peer) -> None:
        peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
        peer.wait_for_close()

    server = count(quiet)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=0.3)
    connection.request("CONNECT", "other.example:443")
    response = connection.getresponse()
    assert response.status == 200
    with pytest.raises(TimeoutError):
        response.read()
    connection.close()


@pytest.mark.parametrize("is_late", [False, True])
def test_a_cancelled_read_loses_nothing(
    family: ModuleType, count: Count, is_late: bool
) -> None:
    async def work(stream: Any) -> None:
        assert await stream.read(100) == b"welcome"
        reading = asyncio.ensure_future(stream.read(100))
        await asyncio.sleep(0)
        if is_late:
            # The bytes are there, and the task has not seen them.
            await stream.write(b"kept")
            while not reading.done():  # noqa: ASYNC110
                await asyncio.sleep(0)
        reading.cancel()
        if not is_late:
            await stream.write(b"kept")
        found = (await asyncio.gather(reading, return_exceptions=True))[0]
        if isinstance(found, BaseException):
            found = await stream.read(100)
        assert found == b"kept"

    on_stream(family, count(echo).origin, work)


def test_an_end_amid_a_frame_is_an_end(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    server = count(half_a_frame)
    with (
        family.Client() as client,
        client.stream("GET", server.origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        assert b"".join(iter(lambda: stream.read(3), b"")) == b"\x81\x7ehalf"

    async def work(stream: Any) -> None:
        found = b""
        while piece := await stream.read(4):
            found += piece
        assert found == b"\x81\x7ehalf"
        assert await stream.read(4) == b""
        # As with a socket: the first bytes make the server's system refuse the next.
        with pytest.raises(core.WriteError):
            while True:
                await stream.write(b"x")

    on_stream(family, server.origin, work)


def test_after_the_servers_end_more_can_be_written(
    family: ModuleType, count: Count
) -> None:
    heard: list[bytes] = []
    done = threading.Event()

    def listen(peer: Peer) -> None:
        switch(peer)
        peer.connection.shutdown(socket.SHUT_WR)
        heard.extend(iter(lambda: peer.connection.recv(100), b""))
        done.set()

    with (
        family.Client(timeout=20) as client,
        client.stream("GET", count(listen).origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        assert stream.read(1) == b""
        stream.write(b"still here")
    assert done.wait(20)
    assert b"".join(heard) == b"still here"
    becomes(_amaru_http.in_flight, 0)


def test_a_switch_that_nobody_asked_for(family: ModuleType, count: Count) -> None:
    server = count(echo)
    with family.Client() as client:
        with pytest.raises(family.RemoteProtocolError, match="did not ask"):
            client.get(server.origin)
    becomes(_amaru_http.in_flight, 0)
    # http.client takes it for a response without a body.
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    connection.request("GET", "/")
    response = connection.getresponse()
    assert (response.status, response.read()) == (101, b"")
    connection.close()


def test_two_readers_of_a_stream(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    with (
        family.Client(timeout=20) as client,
        client.stream("GET", count(echo).origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        assert stream.read(100) == b"welcome"
        found: list[bytes] = []
        first = threading.Thread(target=lambda: found.append(stream.read(100)))
        first.start()
        becomes(stream._reading.locked, True)
        with pytest.raises(core.ReadError, match="another read"):
            stream.read(100)
        stream.write(b"kept")
        first.join(20)
        assert found == [b"kept"]


def test_a_reset_is_an_error_both_ways(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    async def work(stream: Any) -> None:
        await stream.write(b"x")
        with pytest.raises(core.ReadError) as caught:
            await stream.read(4)
        assert isinstance(caught.value.__cause__, ConnectionResetError)
        with pytest.raises(core.WriteError):
            await stream.write(b"x")

    on_stream(family, count(reset).origin, work)


def test_a_server_that_takes_nothing_holds_the_writer_back(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    released = threading.Event()
    server = count(deaf(released))

    async def work(stream: Any) -> None:
        with pytest.raises(core.WriteTimeout):
            for _ in range(1000):
                await stream.write(b"x" * 1_000_000, timeout=0.3)
        with pytest.raises(core.ReadError):
            await stream.read(1)

    try:
        on_stream(family, server.origin, work)
    finally:
        released.set()


def test_a_reader_that_takes_nothing_holds_the_server_back(
    family: ModuleType, count: Count
) -> None:
    sent = [0]
    total = 64 * 1_000_000

    def flood(peer: Peer) -> None:
        switch(peer)
        for _ in range(64):
            peer.send(b"x" * 1_000_000)
            sent[0] += 1_000_000

    async def work(stream: Any) -> None:
        found = len(await stream.read(10))
        last = -1
        while sent[0] != last:
            last = sent[0]
            await asyncio.sleep(0.2)
        assert last < total
        while piece := await stream.read(1_000_000):
            found += len(piece)
        assert found == total

    on_stream(family, count(flood).origin, work)


def test_a_cancelled_write_closes_the_connection(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    released = threading.Event()

    async def work(stream: Any) -> None:
        writing = asyncio.ensure_future(stream.write(b"x" * 50_000_000))
        await asyncio.sleep(0)
        writing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writing
        with pytest.raises(core.ReadError):
            await stream.read(1)

    try:
        on_stream(family, count(deaf(released)).origin, work)
    finally:
        released.set()


def test_closing_ends_the_reads_that_wait(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    server = count(silent)

    async def work(stream: Any) -> None:
        reading = asyncio.ensure_future(stream.read(1))
        await asyncio.sleep(0)
        await stream.aclose()
        await stream.aclose()
        with pytest.raises(core.ReadError):
            await reading

    on_stream(family, server.origin, work)
    with (
        family.Client() as client,
        client.stream("GET", server.origin, headers=UPGRADE) as response,
    ):
        stream = response.extensions["network_stream"]
        threading.Timer(0.1, stream.close).start()
        with pytest.raises(core.ReadError):
            stream.read(1)


def test_what_a_signal_handler_raises_ends_a_read(
    family: ModuleType, count: Count
) -> None:
    def expire(*arguments: object) -> None:
        raise LookupError("too late")

    former = signal.signal(signal.SIGALRM, expire)
    server = count(silent)
    try:
        with (
            family.Client() as client,
            client.stream("GET", server.origin, headers=UPGRADE) as response,
        ):
            signal.setitimer(signal.ITIMER_REAL, 0.2)
            with pytest.raises(LookupError, match="too late"):
                response.extensions["network_stream"].read(1)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


@pytest.mark.parametrize("waits", [False, True])
def test_a_stream_that_nobody_closes_is_closed(
    family: ModuleType, count: Count, complaints: Complaints, waits: bool
) -> None:
    server = count(silent)

    async def run() -> None:
        limits = family.Limits(max_connections=1)
        client = family.AsyncClient(limits=limits, timeout=5)
        for _ in range(3):
            request = client.build_request("GET", server.origin, headers=UPGRADE)
            response = await client.send(request, stream=True)
            stream = response.extensions["network_stream"]
            del response
            gc.collect()
            # The stream alone keeps it open.
            assert stream.get_extra_info("is_readable") is False
            if waits:
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(stream.read(1), 0.05)
            del stream
            gc.collect()
        await client.aclose()

    asyncio.run(run())
    becomes(_amaru_http.in_flight, 0)
    gc.collect()
    assert complaints.all == []


def test_without_a_stream_a_switch_has_no_body(
    family: ModuleType, count: Count
) -> None:
    server = count(echo)
    with family.Client() as client:
        response = client.get(server.origin, headers=UPGRADE)
        assert (response.status_code, response.content) == (101, b"")
    assert _amaru_http.in_flight() == 0


def test_an_ordinary_response_says_what_to_do(
    family: ModuleType, core: ModuleType, count: Count
) -> None:
    server = count(lambda peer: peer.reply("200 OK", "hello"))
    response = family.get(server.origin)
    stream = response.extensions["network_stream"]
    assert stream.get_extra_info("server_addr") == ("127.0.0.1", server.port)
    for use in (lambda: stream.read(1), lambda: stream.write(b"x")):
        with pytest.raises(
            core.LocalProtocolError, match=r"read the response.*CONNECT"
        ):
            use()
    stream.close()
    assert response.text == "hello"


def tunnel(peer: Peer) -> None:
    peer.send(b"HTTP/1.1 200 Connected\r\n\r\n")
    while data := peer.connection.recv(65536):
        peer.send(data.upper())


def test_connect_opens_a_tunnel(family: ModuleType, count: Count) -> None:
    server = count(tunnel)
    extensions = {"target": b"example.com:443"}
    with (
        family.Client() as client,
        client.stream("CONNECT", server.origin, extensions=extensions) as response,
    ):
        stream = response.extensions["network_stream"]
        stream.write(b"through")
        assert stream.read(100, 5) == b"THROUGH"
    assert server.received[0].target == "example.com:443"
    with (
        pytest.raises(family.LocalProtocolError, match=r"such as example\.com:443"),
        family.Client() as client,
    ):
        client.request("CONNECT", server.origin)
