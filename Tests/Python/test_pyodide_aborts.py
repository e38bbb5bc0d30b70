# SPDX-License-Identifier: Apache-2.0
"""A fetch that is aborted, cancelled, dropped or failed leaves nothing."""

from __future__ import annotations

import asyncio
import gc
import socket
from collections.abc import AsyncIterator, Iterator
from types import ModuleType
from typing import Any

import pytest
from fetch_scripts import ok, stalling, telling
from scripted_server import Peer, Serve, Server

from pyodide.http import (
    AbortController,
    AbortError,
    AbortSignal,
    pyfetch,
)


async def test_abort_ends_reading_and_all_later_reads(
    core: ModuleType, serve: Serve
) -> None:
    response = await pyfetch(serve(stalling("a")).origin)
    clone = response.clone()
    stream = aiter(response)
    await anext(stream)
    waiting = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    response.abort("enough")
    assert not core.exchanges
    for read in (waiting, clone.text(), clone.json()):
        with pytest.raises(AbortError, match="enough") as caught:
            await read
        assert caught.value.code == "aborted"


async def test_abort_after_the_last_byte_still_counts(
    core: ModuleType, serve: Serve
) -> None:
    response = await pyfetch(serve(ok()).origin)
    response.abort()
    with pytest.raises(AbortError, match="the fetch was aborted"):
        await response.text()


async def test_a_signal_aborts_before_within_and_after_the_head(
    core: ModuleType, serve: Serve
) -> None:
    with pytest.raises(AbortError, match="too late"):
        await pyfetch("http://127.0.0.1:1/", signal=AbortSignal.abort("too late"))
    assert not core.opened
    asked = asyncio.Event()
    server = serve(telling(asked), stalling("a"))
    controller = AbortController.new()
    fetch = asyncio.ensure_future(pyfetch(server.origin, signal=controller.signal))
    await asked.wait()
    controller.abort("changed my mind")
    with pytest.raises(AbortError, match="changed my mind"):
        await fetch
    controller = AbortController()
    response = await pyfetch(server.origin, signal=controller.signal)
    read = asyncio.ensure_future(response.text())
    await asyncio.sleep(0)
    controller.abort()
    with pytest.raises(AbortError):
        await read
    assert not core.exchanges


async def test_a_signal_can_be_a_time_limit(core: ModuleType, serve: Serve) -> None:
    server = serve(lambda peer: peer.wait_for_close())
    with pytest.raises(AbortError, match="took longer than 20 ms"):
        await pyfetch(server.origin, signal=AbortSignal.timeout(20))
    assert not core.exchanges


async def test_a_signal_holds_no_fetch_that_is_over(
    core: ModuleType, serve: Serve
) -> None:
    controller = AbortController()
    server = serve(ok())
    for _ in range(3):
        await (await pyfetch(server.origin, signal=controller.signal)).text()
    assert controller.signal._listeners == []


def test_a_signal_tells_everyone_once() -> None:
    controller = AbortController()
    signal = AbortSignal.any([AbortSignal(), controller.signal])
    heard: list[object] = []

    def broken(event: Any) -> None:
        raise KeyError("broken")

    signal.onabort = lambda event: heard.append("on")
    signal.addEventListener("abort", broken)
    signal.addEventListener("abort", lambda event: heard.append(event.target.reason))
    unwanted = heard.append
    signal.addEventListener("abort", unwanted)
    signal.removeEventListener("abort", unwanted)
    with pytest.raises(KeyError, match="broken"):
        controller.abort("why")
    controller.abort("again")
    assert heard == ["on", "why"]
    with pytest.raises(AbortError, match="why"):
        signal.throwIfAborted()


@pytest.mark.parametrize("place", ["head", "body", "upload"])
async def test_cancelling_the_task_aborts_the_request(
    core: ModuleType, serve: Serve, place: str
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x"
            await asyncio.sleep(0.001)

    asked = asyncio.Event()
    server = Server(telling(asked, *(["a"] if place == "body" else [])))
    body = endless() if place == "upload" else None

    async def fetch() -> str:
        method = "POST" if place == "upload" else "GET"
        return await (await pyfetch(server.origin, method=method, body=body)).text()

    task = asyncio.ensure_future(fetch())
    await asked.wait()
    task.cancel()
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not core.exchanges
    server.close()


async def test_an_early_answer_ends_the_upload(core: ModuleType) -> None:
    def script(peer: Peer) -> None:
        peer.receive_head()
        peer.receive_chunk()
        peer.reply("413 TOO BIG", "stop")
        peer.wait_for_close()

    ended = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        try:
            while True:
                yield b"x" * 1000
                await asyncio.sleep(0.001)
        finally:
            ended.set()

    server = Server(script)
    response = await pyfetch(server.origin, method="POST", body=endless())
    assert (response.status, await response.text()) == (413, "stop")
    await ended.wait()
    # The core would wait for the rest of the upload.
    assert len(core.cancels) == 1
    assert not core.exchanges
    server.close()


async def test_a_fault_of_the_upload_is_the_callers_own(
    core: ModuleType, serve: Serve
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise KeyError("mine")

    server = Server(lambda peer: peer.wait_for_close())
    with pytest.raises(KeyError, match="mine"):
        await pyfetch(server.origin, method="POST", body=broken())
    assert not core.exchanges
    server.close()


async def test_a_response_that_nobody_reads_is_cancelled(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(stalling("a"))
    gc.disable()
    try:
        response = await pyfetch(server.origin, signal=AbortSignal())
        assert core.exchanges
        del response
        # At once, not when a collector finds it.
        assert not core.exchanges
    finally:
        gc.enable()


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


async def test_a_server_that_is_not_there_is_an_abort_error(core: ModuleType) -> None:
    with pytest.raises(AbortError) as caught:
        await pyfetch(f"http://127.0.0.1:{closed_port()}/")
    assert caught.value.code == "connect"
    assert isinstance(caught.value, OSError)
    assert isinstance(caught.value.__cause__, core.TransferError)


async def test_a_body_that_is_cut_off_is_an_abort_error(
    core: ModuleType, serve: Serve
) -> None:
    def script(peer: Peer) -> None:
        peer.head(Content_Length="10")
        peer.send(b"abc")

    response = await pyfetch(serve(script).origin)
    with pytest.raises(AbortError) as caught:
        await response.bytes()
    assert caught.value.code == "remote_protocol"
    assert not core.exchanges


@pytest.mark.parametrize("code", ["secret_refused", "not_allowed"])
async def test_a_refusal_of_the_host_says_so(
    core: ModuleType, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def open(*arguments: object) -> int:
        raise core.TransferError(code, "http://h:80 may not be asked: --allow-net")

    monkeypatch.setattr(core, "open", open)
    with pytest.raises(AbortError, match="--allow-net") as caught:
        await pyfetch("http://h/")
    assert caught.value.code == code


async def test_many_fetches_run_at_once(core: ModuleType, serve: Serve) -> None:
    server = serve(ok("x" * 1000))

    async def one(number: int) -> int:
        return len(await (await pyfetch(f"{server.origin}/{number}")).bytes())

    assert await asyncio.gather(*map(one, range(200))) == [1000] * 200
    assert len({request.target for request in server.received}) == 200
    assert not core.exchanges
