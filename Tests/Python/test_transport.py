# SPDX-License-Identifier: Apache-2.0
"""Both client families over the core: the contract of a transport, point by point."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from types import ModuleType
from typing import Any

import httpx
import httpx2
import pytest
from recording_chat import eventually
from scripted_server import Peer, Serve, Server

from amaru.transport._httpcore._errors import EXCEPTIONS

FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]
pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def adopted(hosted: ModuleType) -> None:
    """Every client here is over the core."""


def client(family: Any, **options: Any) -> Any:
    return family.AsyncClient(**options)


def innermost(exc: BaseException) -> BaseException:
    return exc if exc.__cause__ is None else innermost(exc.__cause__)


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


async def test_a_response_is_whole(family: Any, core: ModuleType, serve: Serve) -> None:
    def answer(peer: Peer) -> None:
        peer.send(
            b"HTTP/1.1 418 Short And Stout\r\nX-A: 1\r\nx-b: 2\r\nX-A: 3\r\n"
            b"Content-Length: 2\r\n\r\nhi"
        )

    server = serve(answer)
    async with client(family) as http:
        response = await http.get(f"{server.origin}/a%20b?q=%C3%A9#part")
    assert response.status_code == 418
    assert response.reason_phrase == "Short And Stout"
    assert response.http_version == "HTTP/1.1"
    assert response.headers.raw[:3] == [(b"X-A", b"1"), (b"x-b", b"2"), (b"X-A", b"3")]
    assert response.text == "hi"
    assert response.elapsed.total_seconds() >= 0
    assert server.received[0].target == "/a%20b?q=%C3%A9"


async def test_request_headers_keep_order_case_and_duplicates(
    family: Any, core: ModuleType, serve: Serve
) -> None:
    server = serve(ok)
    headers = [("X-One", "1"), ("x-TWO", "2"), ("X-One", "3")]
    async with client(family, headers={"User-Agent": "mine"}) as http:
        await http.post(server.origin, headers=headers, content=b"body")
    lines = server.received[0].lines
    assert lines[0].startswith(b"Host: 127.0.0.1:")
    own = [line for line in lines if line.lower().startswith(b"x-")]
    assert own == [b"X-One: 1", b"x-TWO: 2", b"X-One: 3"]
    assert sum(line.lower().startswith(b"user-agent") for line in lines) == 1
    assert server.received[0].body == b"body"


@pytest.mark.parametrize("url", ["http://[::1]:9/x", "http://h.example/", "http://h/"])
async def test_urls_reach_the_core_unchanged(
    family: Any, core: ModuleType, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    seen: list[str] = []

    def refuse(method: str, url: str, *rest: object) -> int:
        seen.append(url)
        raise core.TransferError("connect", "no")

    monkeypatch.setattr(core, "open", refuse)
    async with client(family) as http:
        with pytest.raises(family.ConnectError):
            await http.get(url)
    assert seen == [url]


async def test_timeouts_are_passed_when_set(
    family: Any, core: Any, serve: Serve
) -> None:
    server = serve(ok)
    timeout = family.Timeout(None, connect=1.5, read=2)
    async with client(family, timeout=timeout) as http:
        await http.get(server.origin)
    assert core.opened[0].timeouts == {"connect": 1.5, "read": 2.0}


@pytest.mark.parametrize(
    ("method", "content", "body"),
    [("GET", None, None), ("POST", b"", b""), ("POST", b"x", b"x")],
)
async def test_no_body_differs_from_an_empty_one(
    family: Any,
    core: Any,
    serve: Serve,
    method: str,
    content: bytes | None,
    body: bytes | None,
) -> None:
    server = serve(ok)
    async with client(family) as http:
        await http.request(method, server.origin, content=content)
    assert core.opened[0].body == body
    assert not core.opened[0].upload


async def test_a_body_is_streamed_lazily(
    family: Any, core: ModuleType, serve: Serve
) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        assert go_on.wait(20)
        peer.chunk("two")
        peer.end()

    server = serve(answer)
    async with client(family) as http, http.stream("GET", server.origin) as response:
        with pytest.raises(family.ResponseNotRead):
            response.content  # noqa: B018
        pieces = response.aiter_bytes()
        assert await anext(pieces) == b"one"
        go_on.set()
        assert [piece async for piece in pieces] == [b"two"]


async def test_leaving_a_stream_early_cancels_it(
    family: Any, core: Any, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        peer.wait_for_close()

    server = serve(answer)
    async with client(family) as http:
        async with http.stream("GET", server.origin) as response:
            async for _ in response.aiter_bytes():
                break
        assert len(core.cancels) == 1
        await response.aclose()
        await response.stream.aclose()
    assert len(core.cancels) == 1
    assert core.exchanges == {}


async def test_a_stream_read_to_its_end_is_not_cancelled(
    family: Any, core: Any, serve: Serve
) -> None:
    async with client(family) as http:
        await http.get(serve(ok).origin)
    assert core.cancels == []


async def test_cancel_while_waiting_for_headers_is_posted_before_any_await(
    family: Any, core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived = threading.Event()

    def answer(peer: Peer) -> None:
        arrived.set()
        peer.wait_for_close()

    server = serve(answer)
    never: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(core, "closed", lambda exchange: never)
    http = client(family)
    task = asyncio.create_task(http.get(server.origin))
    await asyncio.to_thread(arrived.wait, 20)
    task.cancel()
    await eventually(lambda: core.cancels)
    # The release is awaited, and a second cancel ends that wait, not the first's work.
    assert not task.done()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert len(core.cancels) == 1
    await http.aclose()


async def test_cancel_while_reading_twice(family: Any, core: Any, serve: Serve) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        peer.wait_for_close()

    server = serve(answer)
    reading = asyncio.Event()

    async def read(http: Any) -> None:
        async with http.stream("GET", server.origin) as response:
            async for _ in response.aiter_bytes():
                reading.set()

    async with client(family) as http:
        task = asyncio.create_task(read(http))
        await reading.wait()
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert len(core.cancels) == 1


async def test_closing_the_transport_ends_what_is_in_flight(
    family: Any, core: Any, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.wait_for_close()

    http = client(family)
    request = http.build_request("GET", serve(answer).origin)
    response = await http.send(request, stream=True)
    pieces = response.aiter_bytes()
    reading = asyncio.ensure_future(anext(pieces))
    await asyncio.sleep(0)
    await http.aclose()
    await http.aclose()
    with pytest.raises(family.ReadError):
        await reading
    assert core.exchanges == {}


async def test_an_upload_is_streamed(
    family: Any, core: ModuleType, serve: Serve
) -> None:
    async def body() -> AsyncIterator[bytes]:
        yield b"one "
        yield b""
        yield b"two"

    server = serve(ok)
    async with client(family) as http:
        response = await http.post(server.origin, content=body())
    assert response.text == "hello"
    assert server.received[0].body == b"one two"
    assert core.cancels == []


async def test_an_early_answer_ends_the_upload(family: Any, core: Any) -> None:
    produced = 0

    def answer(peer: Peer) -> None:
        peer.receive_head()
        peer.receive_chunk()
        peer.reply("413 Content Too Large", "no")
        peer.wait_for_close()

    async def endless() -> AsyncIterator[bytes]:
        nonlocal produced
        while True:
            produced += 1
            yield b"x" * 1000
            await asyncio.sleep(0)

    server = Server(answer)
    async with client(family) as http:
        response = await http.post(server.origin, content=endless())
        assert response.status_code == 413
        before = produced
        for _ in range(5):
            await asyncio.sleep(0)
        assert produced == before
        assert response.text == "no"
    assert len(core.cancels) == 1
    server.close()


async def test_what_the_upload_raises_passes_unchanged(
    family: Any, core: Any, serve: Serve
) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x"
        raise KeyError("mine")

    server = Server(Peer.wait_for_close)
    async with client(family) as http:
        with pytest.raises(KeyError, match="mine"):
            await http.post(server.origin, content=broken())
    assert len(core.cancels) == 1
    server.close()


async def test_compressed_bodies_are_left_to_the_client(
    family: Any, core: Any, serve: Serve
) -> None:
    import gzip

    def answer(peer: Peer) -> None:
        peer.reply("200 OK", gzip.compress(b"squeezed"), Content_Encoding="gzip")

    async with client(family) as http:
        assert (await http.get(serve(answer).origin)).text == "squeezed"


@pytest.mark.parametrize(("code", "name"), sorted(EXCEPTIONS.items()))
@pytest.mark.parametrize("place", ["open", "head", "read_chunks"])
async def test_the_exception_table(
    family: Any,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    name: str,
    place: str,
) -> None:
    def fail(*arguments: object) -> None:
        raise core.TransferError(code, "what happened")

    async def fail_later(*arguments: object) -> None:
        fail()

    monkeypatch.setattr(core, place, fail if place == "open" else fail_later)
    async with client(family) as http:
        with pytest.raises(family.RequestError, match="what happened") as caught:
            await http.get(serve(ok).origin)
    assert type(caught.value).__name__ == name
    assert caught.value.request.method == "GET"
    assert isinstance(innermost(caught.value), core.TransferError)


@pytest.mark.parametrize("exc", [RuntimeError("x"), OSError(5, "x"), ValueError("x")])
@pytest.mark.parametrize("place", ["open", "head", "read_chunks"])
async def test_what_a_signal_handler_raises_passes_unchanged(
    family: Any,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    exc: Exception,
    place: str,
) -> None:
    def fail(*arguments: object) -> None:
        raise exc

    monkeypatch.setattr(core, place, fail)
    async with client(family) as http:
        with pytest.raises(type(exc)) as caught:
            await http.get(serve(ok).origin)
    assert caught.value is exc
    assert core.exchanges == {}


async def test_a_body_that_is_cut_is_a_protocol_error(
    family: Any, core: Any, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.head(Content_Length="10")
        peer.send(b"half")

    async with client(family) as http:
        with pytest.raises(family.RemoteProtocolError):
            await http.get(serve(answer).origin)


async def test_a_refused_port_is_a_connect_error(family: Any, core: Any) -> None:
    server = Server(ok)
    server.close()
    async with client(family) as http:
        with pytest.raises(family.ConnectError, match="refused"):
            await http.get(server.origin)


async def test_a_silent_server_is_a_read_timeout(
    family: Any, core: Any, serve: Serve
) -> None:
    async with client(family, timeout=0.05) as http:
        with pytest.raises(family.ReadTimeout):
            await http.get(serve(Peer.wait_for_close).origin)


def test_trio_waits_in_threads(family: Any, core: Any, serve: Serve) -> None:
    trio: Any = pytest.importorskip("trio")
    server = serve(ok)

    async def body() -> AsyncIterator[bytes]:
        yield b"one "
        yield b"two"

    async def run() -> None:
        async with client(family, timeout=20) as http:
            assert (await http.post(server.origin, content=body())).text == "hello"
            async with http.stream("GET", server.origin) as response:
                pieces = [piece async for piece in response.aiter_bytes()]
                assert b"".join(pieces) == b"hello"

    trio.run(run)
    assert server.received[0].body == b"one two"
    assert len(core.opened) == 2
    assert core.exchanges == {}


async def test_redirects_and_cookies_are_the_clients(
    family: Any, core: Any, serve: Serve
) -> None:
    def redirect(peer: Peer) -> None:
        peer.reply("302 Found", "", Location="/next", Set_Cookie="a=b")

    server = serve(redirect, ok)
    async with client(family) as http:
        response = await http.get(server.origin)
        assert response.status_code == 302
        assert (await http.get(server.origin)).text == "hello"
    assert server.received[1].headers["cookie"] == "a=b"
