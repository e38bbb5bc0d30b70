# SPDX-License-Identifier: Apache-2.0
"""`pyfetch` sends what fetch sends, and gives what fetch gives."""

from __future__ import annotations

import asyncio
import base64
import gzip
import hashlib
import io
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from fetch_scripts import ok, stalling, streaming
from scripted_server import Peer, Serve

from pyodide.http import (
    AbortController,
    AbortError,
    BodyUsedError,
    FetchResponse,
    HttpStatusError,
    pyfetch,
)

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
    for _ in range(5):
        # Until it is the source that is waited for.
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


async def test_the_last_clone_to_go_ends_a_read_that_nobody_waits_for(
    core: ModuleType, serve: Serve
) -> None:
    response = await pyfetch(serve(stalling("a")).origin)
    clone = response.clone()
    stream = aiter(response)
    assert await anext(stream) == b"a"
    reader = asyncio.ensure_future(anext(stream))
    for _ in range(5):
        await asyncio.sleep(0)
    reader.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reader
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
        ({"integrity": "md5-abcd"}, ValueError, "sha256-"),
        ({"integrity": "sha256-abcd"}, ValueError, "no hash"),
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


def integrity(data: bytes, name: str = "sha256") -> str:
    return f"{name}-{base64.b64encode(hashlib.new(name, data).digest()).decode()}"


@pytest.mark.parametrize(
    "text",
    [
        integrity(b"right"),
        f"{integrity(b'wrong')} {integrity(b'right', 'sha512')}?option",
        f" {integrity(b'wrong', 'sha384')}  {integrity(b'right', 'sha384')}",
        "",
    ],
)
async def test_a_body_with_a_named_hash_is_given(
    core: ModuleType, serve: Serve, text: str
) -> None:
    server = serve(ok(gzip.compress(b"right"), Content_Encoding="gzip"))
    response = await pyfetch(server.origin, integrity=text)
    assert await response.clone().text() == await response.text() == "right"


@pytest.mark.parametrize(
    "text",
    [
        integrity(b"wrong"),
        f"{integrity(b'right')} {integrity(b'wrong', 'sha512')}",
    ],
)
async def test_a_body_with_another_hash_is_not_given(
    core: ModuleType, serve: Serve, text: str
) -> None:
    with pytest.raises(AbortError, match="not what integrity says: it is sha"):
        await pyfetch(serve(ok("right")).origin, integrity=text)
    assert not core.exchanges


async def test_a_fetcher_takes_the_place_of_the_network() -> None:
    asked = []

    async def fetcher(url: str, options: dict[str, Any]) -> FetchResponse:
        asked.append((url, options))
        return FetchResponse(url, b"made", status=201, headers={"X-A": "1"})

    response = await pyfetch("x", fetcher=fetcher, method="POST")
    assert asked == [("x", {"method": "POST"})]
    assert (response.status, response.status_text) == (201, "Created")
    assert (await response.text(), response.type) == ("made", "default")
    controller = AbortController()
    response = await pyfetch("x", fetcher=fetcher, signal=controller.signal)
    assert asked[1] == ("x", {"signal": controller.signal})
    controller.abort("enough")
    with pytest.raises(AbortError, match="enough"):
        await response.text()
    with pytest.raises(TypeError, match="FetchResponse"):
        await pyfetch("x", fetcher=lambda url, options: 3)
