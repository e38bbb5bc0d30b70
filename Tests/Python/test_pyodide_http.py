# SPDX-License-Identifier: Apache-2.0
"""`pyfetch` does what fetch does: requests, redirects, bodies, aborts, failures."""

from __future__ import annotations

import asyncio
import gc
import gzip
import io
import json
import socket
import zlib
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from scripted_server import Peer, Script, Server

from pyodide.http import (
    AbortController,
    AbortError,
    AbortSignal,
    BodyUsedError,
    FetchResponse,
    HttpStatusError,
    base,
    pyfetch,
    set_base,
)

Serve = Callable[..., Server]


@pytest.fixture(autouse=True)
def default_base() -> Iterator[None]:
    yield
    set_base(None)


def ok(body: str | bytes = "hello", **headers: str) -> Script:
    return lambda peer: peer.reply("200 OK", body, **headers)


def redirect(status: str, location: str) -> Script:
    return lambda peer: peer.reply(status, "", Location=location)


def streaming(*chunks: str | bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        peer.end()

    return script


def stalling(*chunks: str | bytes) -> Script:
    def script(peer: Peer) -> None:
        peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        peer.wait_for_close()

    return script


def telling(asked: asyncio.Event, *chunks: str) -> Script:
    """Say that the request is here, and perhaps begin an answer that has no end."""
    loop = asyncio.get_running_loop()

    def script(peer: Peer) -> None:
        if chunks:
            peer.start_stream()
        for chunk in chunks:
            peer.chunk(chunk)
        loop.call_soon_threadsafe(asked.set)
        peer.wait_for_close()

    return script


# Responses


async def test_a_response_has_the_properties_of_fetch(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(ok('{"a": [1]}', Content_Type="application/json", X_One="1"))
    response = await pyfetch(f"{server.origin}/x?y=1#part")
    assert (response.status, response.status_text, response.ok) == (200, "OK", True)
    assert response.url == f"{server.origin}/x?y=1"
    assert (response.redirected, response.type) == (False, "basic")
    assert response.headers["x-one"] == response.headers["X-One"] == "1"
    assert "X-ONE" in response.headers
    assert all(name == name.lower() for name in response.headers)
    assert not response.body_used
    assert await response.json(parse_int=str) == {"a": ["1"]}
    assert response.body_used


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("bytes", b"\xef\xbb\xbfh\xc3\xa9\xff"),
        ("buffer", bytearray(b"\xef\xbb\xbfh\xc3\xa9\xff")),
        ("memoryview", memoryview(b"\xef\xbb\xbfh\xc3\xa9\xff")),
        ("text", "hé\ufffd"),
        ("string", "hé\ufffd"),
    ],
)
async def test_a_body_comes_in_every_form(
    core: ModuleType, serve: Serve, method: str, expected: object
) -> None:
    kind = "text/plain; charset=iso-8859-1"
    server = serve(ok(b"\xef\xbb\xbfh\xc3\xa9\xff", Content_Type=kind))
    response = await pyfetch(server.origin)
    assert await getattr(response, method)() == expected


READERS = ["bytes", "buffer", "memoryview", "text", "json", "unpack_archive"]


@pytest.mark.parametrize("second", READERS)
async def test_a_body_is_read_once(core: ModuleType, serve: Serve, second: str) -> None:
    response = await pyfetch(serve(ok("1")).origin + "/a.zip")
    await response.bytes()
    with pytest.raises(BodyUsedError, match=r"clone\(\)"):
        await getattr(response, second)()
    with pytest.raises(OSError, match=r"clone\(\)"):
        response.clone()
    with pytest.raises(BodyUsedError):
        response.lines()


async def test_a_response_without_a_body_is_read_at_will(
    core: ModuleType, serve: Serve
) -> None:
    response = await pyfetch(serve(lambda peer: peer.head("204 No Content")).origin)
    assert await response.bytes() == await response.bytes() == b""
    assert not response.body_used
    assert not core.exchanges


@pytest.mark.parametrize("status", [400, 404, 504, 599])
async def test_an_error_status_is_a_response_until_asked(
    core: ModuleType, serve: Serve, status: int
) -> None:
    server = serve(lambda peer: peer.reply(f"{status} NO WAY", "why"))
    response = await pyfetch(f"{server.origin}/x")
    kind = "Client" if status < 500 else "Server"
    with pytest.raises(HttpStatusError) as caught:
        response.raise_for_status()
    text = f"{status} {kind} Error: NO WAY for url: {server.origin}/x"
    assert str(caught.value) == text
    assert (caught.value.status, caught.value.status_text) == (status, "NO WAY")
    assert await response.text() == "why"


@pytest.mark.parametrize("status", [200, 399, 600, 900])
def test_other_statuses_do_not_raise(status: int) -> None:
    FetchResponse("http://h/", status=status).raise_for_status()


async def test_a_body_goes_into_a_file(
    core: ModuleType, serve: Serve, tmp_path: Path
) -> None:
    server = serve(streaming(b"ab", b"cd"))
    path = tmp_path / "file"
    await (await pyfetch(server.origin))._create_file(path)
    assert path.read_bytes() == b"abcd"
    with pytest.raises(FileExistsError):
        await (await pyfetch(server.origin))._create_file(path)


# Clones


async def test_a_clone_reads_the_same_body_once_from_the_server(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(streaming("a", "b", "c"))
    response = await pyfetch(server.origin)
    clone = response.clone()
    third = clone.clone()
    texts = await asyncio.gather(third.text(), response.text())
    assert list(texts) == ["abc", "abc"]
    assert await clone.text() == "abc"
    assert len(server.received) == 1


async def test_cancelling_a_reader_leaves_its_clone_alone(
    core: ModuleType, serve: Serve
) -> None:
    go = asyncio.Event()
    loop = asyncio.get_running_loop()

    def script(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("a")
        asyncio.run_coroutine_threadsafe(go.wait(), loop).result()
        peer.chunk("b")
        peer.end()

    response = await pyfetch(serve(script).origin)
    clone = response.clone()
    stream = aiter(response)
    assert await anext(stream) == b"a"
    reader = asyncio.ensure_future(anext(stream))
    await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
    go.set()
    assert await clone.text() == "ab"


async def test_the_last_clone_to_go_ends_the_exchange(
    core: ModuleType, serve: Serve
) -> None:
    response = await pyfetch(serve(stalling("a")).origin)
    clone = response.clone()
    del response
    assert core.exchanges
    del clone
    assert not core.exchanges


# Requests


async def test_a_request_says_what_fetch_says(core: ModuleType, serve: Serve) -> None:
    server = serve(ok())
    await pyfetch(f"{server.origin}/a b/ü?q=ä ö&r=%20", headers={"X-A": "1"})
    [request] = server.received
    assert request.method == "GET"
    assert request.target == "/a%20b/%C3%BC?q=%C3%A4%20%C3%B6&r=%20"
    assert request.headers["host"] == f"127.0.0.1:{server.port}"
    assert request.headers["accept"] == "*/*"
    assert request.headers["accept-encoding"].startswith("gzip, deflate")
    assert request.headers["x-a"] == "1"
    assert "content-length" not in request.headers


class Ticks:
    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"ti"
        yield b"ck"


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        ("tick", "text/plain;charset=UTF-8"),
        (b"tick", None),
        (bytearray(b"tick"), None),
        (memoryview(b"tick"), None),
        (io.BytesIO(b"tick"), None),
        (io.StringIO("tick"), None),
        (iter([b"ti", b"", b"ck"]), None),
        (Ticks(), None),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_a_body_is_sent_in_every_form(
    core: ModuleType, serve: Serve, body: Any, kind: str | None
) -> None:
    server = serve(ok())
    response = await pyfetch(server.origin, method="post", body=body)
    assert response.ok
    [request] = server.received
    assert (request.method, request.body) == ("POST", b"tick")
    assert request.headers.get("content-type") == kind


async def test_an_own_content_type_stays(core: ModuleType, serve: Serve) -> None:
    server = serve(ok())
    headers = [("content-type", "application/json"), ("Content-Length", "99")]
    await pyfetch(server.origin, method="PUT", headers=headers, body="{}")
    assert server.received[0].headers["content-type"] == "application/json"
    assert server.received[0].headers["content-length"] == "2"


async def test_a_request_may_be_an_object(core: ModuleType, serve: Serve) -> None:
    server = serve(ok())
    request = SimpleNamespace(
        url=server.origin, method="PATCH", headers={"X-A": "1", "X-B": "1"}, body="x"
    )
    await pyfetch(request, headers={"X-A": "2"}, credentials="omit", mode="cors")
    [received] = server.received
    assert (received.method, received.body) == ("PATCH", b"x")
    assert received.headers["x-a"] == "2"
    assert "x-b" not in received.headers
    await pyfetch(SimpleNamespace(href=server.origin))
    assert server.received[1].method == "GET"


@pytest.mark.parametrize(
    ("options", "error", "text"),
    [
        ({"timeout": 3}, TypeError, "no option 'timeout'; it knows body, browsing"),
        ({"method": "TRACE"}, ValueError, "TRACE"),
        ({"method": "G T"}, ValueError, "no HTTP method"),
        ({"method": 3}, TypeError, "method must be str"),
        ({"body": "x"}, TypeError, "GET request has no body"),
        ({"method": "POST", "body": {"a": 1}}, TypeError, r"json\.dumps"),
        ({"method": "POST", "body": 3}, TypeError, "not int"),
        ({"redirect": "never"}, ValueError, "follow, error, manual"),
        ({"headers": "a: b"}, TypeError, "dict or pairs"),
        ({"headers": ["ab"]}, TypeError, "pairs of a name and a value"),
        ({"headers": {"a": "b\r\nc: d"}}, ValueError, "line end"),
        ({"headers": {"a b": "c"}}, ValueError, "name of a header"),
        ({"headers": {"a": "\u20ac"}}, ValueError, "'a'"),
        ({"signal": 3}, TypeError, "AbortSignal"),
    ],
)
async def test_what_fetch_refuses_is_refused_before_anything_is_sent(
    core: ModuleType, options: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        await pyfetch("http://127.0.0.1:1/", **options)
    assert not core.opened


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("ftp://h/x", "scheme must be http or https"),
        ("http://", "names no host"),
        ("http://me:secret@h/", "Authorization header"),
        ("http://a b/", "no host name"),
        ("http://h:99999/", "Port out of range"),
    ],
)
async def test_a_url_that_cannot_be_fetched_says_why(
    core: ModuleType, url: str, text: str
) -> None:
    with pytest.raises(AbortError, match=text) as caught:
        await pyfetch(url)
    assert "secret" not in str(caught.value)


async def test_a_fetcher_takes_the_place_of_the_network() -> None:
    asked = []

    async def fetcher(url: str, options: dict[str, Any]) -> FetchResponse:
        asked.append((url, options))
        return FetchResponse(url, b"made", status=201, headers={"X-A": "1"})

    response = await pyfetch("x", fetcher=fetcher, method="POST")
    assert asked == [("x", {"method": "POST"})]
    assert (response.status, response.status_text) == (201, "Created")
    assert (await response.text(), response.type) == ("made", "default")
    with pytest.raises(TypeError, match="FetchResponse"):
        await pyfetch("x", fetcher=lambda url, options: 3)


# Redirects


@pytest.mark.parametrize(
    ("status", "method", "expected"),
    [
        ("301 x", "POST", "GET"),
        ("302 x", "POST", "GET"),
        ("303 x", "POST", "GET"),
        ("303 x", "PUT", "GET"),
        ("301 x", "PUT", "PUT"),
        ("307 x", "POST", "POST"),
        ("308 x", "POST", "POST"),
    ],
)
async def test_a_redirect_keeps_or_changes_the_method(
    core: ModuleType, serve: Serve, status: str, method: str, expected: str
) -> None:
    server = serve(redirect(status, "../there?x"), ok("end"))
    headers = {"Content-Type": "a/b", "Authorization": "me"}
    response = await pyfetch(
        f"{server.origin}/a/b/c", method=method, body="data", headers=headers
    )
    assert await response.text() == "end"
    assert response.url == f"{server.origin}/a/there?x"
    assert response.redirected
    second = server.received[1]
    assert (second.method, second.target) == (expected, "/a/there?x")
    assert second.body == (b"data" if expected == method else b"")
    assert ("content-type" in second.headers) == (expected == method)
    assert second.headers["authorization"] == "me"


async def test_credentials_stay_behind_at_another_origin(
    core: ModuleType, serve: Serve
) -> None:
    there = serve(ok())
    here = serve(redirect("307 x", f"{there.origin}/x"))
    headers = {"Authorization": "me", "cookie": "a=b", "X-Other": "1"}
    await pyfetch(here.origin, headers=headers)
    received = there.received[0].headers
    assert "authorization" not in received
    assert "cookie" not in received
    assert received["x-other"] == "1"


async def test_a_body_of_pieces_is_sent_again_only_from_a_file(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(redirect("307 x", "/b"), ok())
    await pyfetch(server.origin, method="POST", body=io.BytesIO(b"data"))
    assert [request.body for request in server.received] == [b"data", b"data"]
    server = serve(redirect("307 x", "/b"), ok())
    with pytest.raises(AbortError, match="cannot be sent again"):
        await pyfetch(server.origin, method="POST", body=iter([b"data"]))
    assert not core.exchanges


async def test_twenty_redirects_are_followed_and_no_more(
    core: ModuleType, serve: Serve
) -> None:
    hops = [redirect("302 x", f"/{number}") for number in range(20)]
    response = await pyfetch(serve(*hops, ok("end")).origin)
    assert await response.text() == "end"
    with pytest.raises(AbortError, match="more than 20 times"):
        await pyfetch(serve(redirect("302 x", "/")).origin)
    assert not core.exchanges


async def test_a_redirect_can_be_an_error_or_be_looked_at(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(redirect("302 Found", "/x"))
    with pytest.raises(AbortError, match="redirects to .*/x"):
        await pyfetch(server.origin, redirect="error")
    response = await pyfetch(server.origin, redirect="manual")
    assert (response.status, response.redirected) == (302, False)
    assert response.headers["location"] == "/x"
    del response
    assert not core.exchanges


@pytest.mark.parametrize("location", ["file:///etc/passwd", "data:,x", "http://"])
async def test_a_redirect_leads_to_web_servers_only(
    core: ModuleType, serve: Serve, location: str
) -> None:
    with pytest.raises(AbortError, match="cannot follow the redirect"):
        await pyfetch(serve(redirect("302 x", location)).origin)
    assert not core.exchanges


# Content codings


def deflated(data: bytes, bits: int) -> bytes:
    stream = zlib.compressobj(wbits=bits)
    return stream.compress(data) + stream.flush()


TEXT = b"to and fro " * 100_000


@pytest.mark.parametrize(
    ("coding", "data"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("x-gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("deflate", deflated(TEXT, 15)),
        ("deflate", deflated(TEXT, -15)),
        ("deflate, gzip", gzip.compress(deflated(TEXT, 15))),
        ("identity", TEXT),
    ],
)
async def test_codings_are_undone(
    core: ModuleType, serve: Serve, coding: str, data: bytes
) -> None:
    pieces = [data[:1], data[1:11], data[11:500], data[500:]]

    def script(peer: Peer) -> None:
        peer.head(Content_Encoding=coding, Transfer_Encoding="chunked")
        for piece in filter(None, pieces):
            peer.chunk(piece)
        peer.end()

    response = await pyfetch(serve(script).origin)
    sizes = []
    body = bytearray()
    async for chunk in response:
        sizes.append(len(chunk))
        body += chunk
    assert body == TEXT
    assert max(sizes) <= 256 * 1024 or coding == "identity"


@pytest.mark.parametrize(
    "data", [b"no gzip at all", gzip.compress(TEXT)[:-20], gzip.compress(TEXT)[:-4]]
)
async def test_a_broken_coding_is_an_error(
    core: ModuleType, serve: Serve, data: bytes
) -> None:
    response = await pyfetch(serve(ok(data, Content_Encoding="gzip")).origin)
    with pytest.raises(AbortError, match="not valid gzip"):
        await response.bytes()


async def test_an_unknown_coding_is_left_alone(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(ok(b"\1\2", Content_Encoding="own")).origin)
    assert await response.bytes() == b"\1\2"


# Streams


async def test_bytes_come_as_they_arrive(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(streaming(b"a", b"bc")).origin)
    assert b"".join([chunk async for chunk in response]) == b"abc"


async def test_lines_end_in_every_way_and_across_pieces(
    core: ModuleType, serve: Serve
) -> None:
    text = "\ufeffone\ntwo\r\n\nth\u00e9\rend".encode()
    for cut in range(1, len(text)):
        source = FetchResponse("x", text)
        source._source = Pieces(text[:cut], text[cut:])
        lines = [line async for line in source.lines()]
        assert lines == ["one", "two", "", "thé", "end"]


class Pieces:
    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.cancelled = 0

    async def read(self) -> bytes:
        return self.pieces.pop(0) if self.pieces else b""

    def cancel(self) -> None:
        self.cancelled += 1


async def test_events_are_those_of_the_standard(core: ModuleType, serve: Serve) -> None:
    text = (
        ": comment\ndata: one\ndata:two\nid: 7\n\n"
        "event: more\r\ndata:  x\r\nretry: 250\r\n\r\n"
        "event: dropped\n\nid: a\0b\nretry: x\ndata\n\ndata: cut off"
    )
    response = await pyfetch(serve(streaming(text)).origin)
    events = [(e.data, e.event, e.id, e.retry) async for e in response.events()]
    assert events == [
        ("one\ntwo", "message", "7", None),
        (" x", "more", "7", 250),
        ("", "message", "7", 250),
    ]


@pytest.mark.parametrize("reader", [aiter, FetchResponse.lines, FetchResponse.events])
async def test_leaving_a_loop_cancels_the_exchange(
    core: ModuleType, serve: Serve, reader: Callable[[FetchResponse], Any]
) -> None:
    response = await pyfetch(serve(stalling("data: 1\n\n")).origin)
    async for _ in reader(response):
        break
    assert not core.exchanges
    with pytest.raises(BodyUsedError):
        await response.text()


async def test_a_stream_can_be_closed(core: ModuleType, serve: Serve) -> None:
    response = await pyfetch(serve(stalling("a\nb\n")).origin)
    async with response.lines() as lines:
        assert await anext(lines) == "a"
    assert not core.exchanges
    assert [line async for line in lines] == []


# Aborts, cancellation, failures


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


# The base


async def test_relative_urls_resolve_against_a_url(
    core: ModuleType, serve: Serve
) -> None:
    server = serve(ok())
    set_base(f"{server.origin}/app/index.html")
    for reference in ("data.json", "../up", "/root", "?q", "./a/../b"):
        await pyfetch(reference)
    targets = [request.target for request in server.received]
    assert targets == ["/app/data.json", "/up", "/root", "/app/index.html?q", "/app/b"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    (folder / "inner").mkdir(parents=True)
    (tmp_path / "secret").write_text("classified")
    (folder / "a b.json").write_text(json.dumps([1]))
    (folder / "app.tar.gz").write_bytes(b"x" * 300_000)
    (folder / "inner" / "index.html").write_text("<p>")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "outer").symlink_to(tmp_path)
    (folder / "in").symlink_to("a b.json")
    set_base(folder)
    return folder


@pytest.mark.parametrize(
    ("reference", "kind"),
    [
        ("a b.json", "application/json"),
        ("a%20b.json?version=1#x", "application/json"),
        ("/inner/../a b.json", "application/json"),
        ("./in", "application/json"),
        ("app.tar.gz", "application/gzip"),
        ("inner/", "text/html"),
        ("/../../app.tar.gz", "application/gzip"),
    ],
)
async def test_files_of_a_folder_are_served(
    folder: Path, reference: str, kind: str
) -> None:
    response = await pyfetch(reference)
    assert (response.status, response.headers["content-type"]) == (200, kind)
    length = int(response.headers["content-length"])
    again = await pyfetch(response.url)
    assert len(await response.bytes()) == len(await again.bytes()) == length


@pytest.mark.parametrize(
    "reference",
    [
        "none",
        "out",
        "outer/secret",
        "../secret",
        "..%2fsecret",
        "%2e%2e/secret",
        "..\\secret",
        "a b.json%00",
        "inner/none/..%2f..%2f",
        "a b.json/x",
        "x" * 300,
    ],
)
async def test_what_is_not_in_the_folder_is_not_found(
    folder: Path, reference: str
) -> None:
    response = await pyfetch(reference)
    assert response.status in (403, 404)
    assert "classified" not in await response.text()
    with pytest.raises(HttpStatusError):
        response.raise_for_status()


async def test_a_folder_is_no_more_than_its_files(folder: Path) -> None:
    for url in ("file:///etc/passwd", "//host/x"):
        with pytest.raises(AbortError, match="cannot fetch"):
            await pyfetch(url)
    assert (await pyfetch("in", method="POST", body="x")).status == 405
    response = await pyfetch("in", method="HEAD")
    assert (response.headers["content-length"], await response.text()) == ("3", "")
    (await pyfetch("app.tar.gz")).abort()


def test_the_base_is_by_default_the_folder_of_the_script(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_base(None)
    main = SimpleNamespace(__file__=str(folder / "main.py"))
    monkeypatch.setitem(__import__("sys").modules, "__main__", main)
    assert base() == folder.resolve()
    del main.__file__
    assert base() == Path.cwd()
    with pytest.raises(ValueError, match="no URL and no folder"):
        set_base(folder / "none")


def test_the_host_may_say_what_the_base_is(
    screen: Any, core: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    from amaru import _bridge

    monkeypatch.setattr(_bridge, "IN_AMARU", True)
    given = {"fetch_base": "http://HOST:80/app/"}
    monkeypatch.setattr(screen, "settings", lambda: given, raising=False)
    assert base() == "http://host/app/"


@pytest.mark.parametrize(
    ("url", "kind", "body"),
    [
        ("data:,a%20b", "text/plain;charset=US-ASCII", b"a b"),
        ("data:text/html;base64,PHA+", "text/html", b"<p>"),
        ("data:;charset=x,%ff", "text/plain;charset=x", b"\xff"),
    ],
)
async def test_data_urls_hold_their_body(url: str, kind: str, body: bytes) -> None:
    response = await pyfetch(url)
    assert (response.headers["content-type"], await response.bytes()) == (kind, body)
