# SPDX-License-Identifier: Apache-2.0
"""urllib3 pools over the core, and the tutorial's own transport among them."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import sys
import threading
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import adoption
import httpx
import pytest
import urllib3
from scripted_server import Peer, Serve
from urllib3 import exceptions

from amaru.transport._urllib3._errors import HostRefusedError

TUTORIAL = Path(__file__).parents[3] / "shared" / "seed" / "main.py"


@pytest.fixture
def pool(core: ModuleType) -> Iterator[urllib3.PoolManager]:
    with adoption.adopted():
        with urllib3.PoolManager(retries=False, timeout=20) as pool:
            yield pool


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello", X_A="1")


def test_a_response_is_genuine(
    pool: urllib3.PoolManager, core: Any, serve: Serve
) -> None:
    server = serve(ok)
    response = pool.request("GET", f"{server.origin}/a", fields={"d": "e"})
    assert isinstance(response, urllib3.response.HTTPResponse)
    assert (response.status, response.reason) == (200, "OK")
    assert response.data == b"hello"
    assert response.headers["x-a"] == "1"
    assert server.received[0].target == "/a?d=e"
    assert len(core.opened) == 1
    assert core.exchanges == {}


def test_a_url_in_a_query_is_no_absolute_form(
    pool: urllib3.PoolManager, serve: Serve
) -> None:
    server = serve(ok)
    pool.request("GET", f"{server.origin}/to?next=https://elsewhere.example/")
    assert server.received[0].target == "/to?next=https://elsewhere.example/"


def test_framing_is_computed_anew(pool: urllib3.PoolManager, serve: Serve) -> None:
    server = serve(ok)
    headers = {
        "Content-Length": "999",
        "Transfer-Encoding": "chunked",
        "X-Mine": "kept",
    }
    pool.request("POST", server.origin, body=b"four", headers=headers)
    received = server.received[0]
    assert received.body == b"four"
    assert received.headers["content-length"] == "4"
    assert received.headers["x-mine"] == "kept"
    assert "transfer-encoding" not in received.headers
    assert received.headers["user-agent"].startswith("python-urllib3/")


def test_a_length_beside_chunks_is_left_out(
    pool: urllib3.PoolManager, serve: Serve
) -> None:
    """As requests sends a generator whose length the caller gives."""
    server = serve(ok)
    headers = {"Content-Length": "4", "Transfer-Encoding": "chunked"}
    pool.request("POST", server.origin, body=iter([b"fo", b"ur"]), headers=headers)
    received = server.received[0]
    assert received.body == b"four"
    assert "content-length" not in received.headers


def test_a_generator_may_come_with_its_length(
    pool: urllib3.PoolManager, serve: Serve
) -> None:
    server = serve(ok)
    headers = {"Content-Length": "4"}
    pool.request("POST", server.origin, body=iter([b"fo", b"ur"]), headers=headers)
    assert server.received[0].body == b"four"
    assert server.received[0].headers["content-length"] == "4"


@pytest.mark.parametrize(
    "header",
    [
        ("Host", "virtual.example"),
        ("Connection", "close"),
        ("TE", "trailers"),
        ("Content-Length", "0"),
    ],
)
def test_headers_are_the_callers(
    pool: urllib3.PoolManager, serve: Serve, header: tuple[str, str]
) -> None:
    server = serve(ok)
    pool.request("DELETE", server.origin, headers=dict([header]))
    lines = server.received[0].lines
    assert lines.count(": ".join(header).encode()) == 1
    assert sum(line.lower().startswith(b"host:") for line in lines) == 1


@pytest.mark.parametrize(
    "body",
    ["text", b"text", io.BytesIO(b"text"), [b"te", b"xt"]],
    ids=["str", "bytes", "file", "pieces"],
)
def test_every_kind_of_body(pool: urllib3.PoolManager, serve: Serve, body: Any) -> None:
    server = serve(ok)
    pool.request("POST", server.origin, body=body)
    assert server.received[0].body == b"text"


def test_a_stream_is_read_as_it_arrives(
    pool: urllib3.PoolManager, serve: Serve
) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("data: one\n\n")
        assert go_on.wait(20)
        peer.chunk("data: two\n\n")
        peer.end()

    response = pool.request("GET", serve(answer).origin, preload_content=False)
    if not hasattr(response, "read1"):
        go_on.set()
    pieces = response.stream()
    first = next(pieces)
    assert first.startswith(b"data: one\n\n")
    go_on.set()
    assert first + b"".join(pieces) == b"data: one\n\ndata: two\n\n"
    response.release_conn()


def test_lines_and_exact_reads(pool: urllib3.PoolManager, serve: Serve) -> None:
    server = serve(lambda peer: peer.reply("200 OK", "one\ntwo\nthree"))
    response = pool.request("GET", server.origin, preload_content=False)
    assert response.read(2) == b"on"
    assert response.read(4) == b"e\ntw"
    assert response.read() == b"o\nthree"
    assert response.read() == b""


def test_a_finished_stream_gives_its_connection_back(
    hosted: ModuleType, serve: Serve
) -> None:
    server = serve(ok)
    with urllib3.HTTPConnectionPool(
        "127.0.0.1", server.port, maxsize=1, block=True, timeout=20
    ) as pool:
        for _ in range(3):
            response = pool.request(
                "GET", "/", preload_content=False, pool_timeout=5, retries=False
            )
            assert response.read() == b"hello"


def test_closing_a_response_cancels_it(
    pool: urllib3.PoolManager, core: Any, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        peer.wait_for_close()

    response = pool.request("GET", serve(answer).origin, preload_content=False)
    response.close()
    assert len(core.cancels) == 1


def test_compressed_bodies_are_inflated(
    pool: urllib3.PoolManager, serve: Serve
) -> None:
    import gzip

    def answer(peer: Peer) -> None:
        peer.reply("200 OK", gzip.compress(b"squeezed"), Content_Encoding="gzip")

    assert pool.request("GET", serve(answer).origin).data == b"squeezed"


def test_https_opens_no_socket_and_verifies_nothing_itself(
    pool: urllib3.PoolManager, core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    urls = []

    def open(method: str, url: str, *rest: object) -> int:
        urls.append(url)
        return 1

    def no_socket(*arguments: object, **options: object) -> None:
        raise AssertionError("urllib3 opened a socket")

    monkeypatch.setattr(core, "open", open)
    head: tuple[Any, ...] = (204, b"No Content", b"HTTP/1.1", [])
    monkeypatch.setattr(core, "answer_blocking", lambda exchange: (head, []))
    monkeypatch.setattr(socket, "create_connection", no_socket)
    monkeypatch.setattr("urllib3.util.connection.create_connection", no_socket)
    # Without InsecureRequestWarning, which would be an error here.
    with urllib3.PoolManager() as other:
        assert other.request("GET", "https://api.example/v1/x").status == 204
    with urllib3.PoolManager(cert_reqs="CERT_NONE") as other:
        with pytest.warns(exceptions.InsecureRequestWarning):
            assert other.request("GET", "https://api.example/v1/x").status == 204
    assert urls == ["https://api.example/v1/x"] * 2


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("connect", "refused", exceptions.NewConnectionError),
        ("connect tls", "the handshake failed", exceptions.SSLError),
        ("connect_timeout", "slow", exceptions.ConnectTimeoutError),
        ("pool_timeout", "full", exceptions.ConnectTimeoutError),
        ("read_timeout", "slow", exceptions.ReadTimeoutError),
        ("read", "reset", exceptions.ProtocolError),
        ("write", "pipe", exceptions.ProtocolError),
        ("write_timeout", "full", exceptions.ProtocolError),
        ("remote_protocol", "odd", exceptions.ProtocolError),
        ("local_protocol", "odd", HostRefusedError),
        ("unsupported_protocol", "odd", HostRefusedError),
        ("proxy", "407", exceptions.ProxyError),
        ("secret_refused", "A is not B", HostRefusedError),
        ("not_allowed", "not on the list", HostRefusedError),
        ("cancelled", "by the host", HostRefusedError),
        ("interrupted", "by the user", KeyboardInterrupt),
    ],
)
def test_the_exception_table(
    pool: urllib3.PoolManager,
    core: Any,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    message: str,
    expected: type[BaseException],
) -> None:
    name, _, reason = code.partition(" ")

    def fail(exchange: int) -> None:
        raise core.TransferError(name, message, reason or None)

    monkeypatch.setattr(core, "answer_blocking", fail)
    with pytest.raises((exceptions.HTTPError, KeyboardInterrupt)) as caught:
        pool.request("GET", "http://127.0.0.1:9/")
    assert type(caught.value) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("read_timeout", exceptions.ReadTimeoutError),
        ("read", exceptions.ProtocolError),
        ("remote_protocol", exceptions.ProtocolError),
    ],
)
@pytest.mark.parametrize("preload", [True, False])
def test_faults_in_the_body(
    pool: urllib3.PoolManager,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    expected: type[Exception],
    preload: bool,
) -> None:
    def fail(exchange: int) -> None:
        raise core.TransferError(code, "x")

    monkeypatch.setattr(core, "read_chunks_blocking", fail)
    with pytest.raises(expected):
        response = pool.request("GET", serve(ok).origin, preload_content=preload)
        response.read()


def test_retries_and_redirects_are_urllib3s(core: Any, serve: Serve) -> None:
    """Whatever this release does with them: the same with and without the host."""

    def redirect(peer: Peer) -> None:
        peer.reply("302 Found", "", Location="/next")

    def busy(peer: Peer) -> None:
        peer.reply("503 Service Unavailable", "")

    def outcomes() -> list[tuple[bytes, list[str]]]:
        found = []
        for scripts in ((redirect, ok), (busy, ok), (redirect, busy, ok)):
            server = serve(*scripts)
            retries = urllib3.Retry(3, status_forcelist=[503])
            with urllib3.PoolManager(retries=retries) as pool:
                data = pool.request("GET", server.origin).data
            found.append((data, [received.target for received in server.received]))
        return found

    plain = outcomes()
    assert core.opened == []
    with adoption.adopted():
        assert outcomes() == plain
    assert plain[0] == (b"hello", ["/", "/next"])
    assert plain[1] == (b"hello", ["/", "/"])


def test_both_timeouts_reach_the_core(
    pool: urllib3.PoolManager, core: Any, serve: Serve
) -> None:
    timeout = urllib3.Timeout(connect=1.5, read=2.5)
    pool.request("GET", serve(ok).origin, timeout=timeout)
    pool.request("GET", serve(ok).origin, timeout=urllib3.Timeout(None))
    # The limit for connecting is that of each write, as it is for a socket.
    assert core.opened[0].timeouts == {"connect": 1.5, "write": 1.5, "read": 2.5}
    assert core.opened[1].timeouts == {}


class _Display(ModuleType):
    def __init__(self) -> None:
        super().__init__("js_module")
        self.shown: asyncio.Queue[str] = asyncio.Queue()

    async def displayResponse(self, text: str) -> None:
        self.shown.put_nowait(text)


async def test_the_tutorials_transport_works_unmodified(
    core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its requests carry httpx's Content-Length for a body serialised differently."""
    if not TUTORIAL.is_file():
        pytest.skip(f"the tutorial is not at {TUTORIAL}")
    server = serve(lambda peer: peer.reply("200 OK", '{"a": 1}'))
    source = TUTORIAL.read_text("utf-8")
    # Its module level makes a client of an SDK version that is not installed here; the
    # transport is a class of its own.
    wanted = source[
        source.index("class URLLib3Transport") : source.index("\n\n\nclient")
    ]
    scope: dict[str, Any] = {"httpx": httpx, "urllib3": urllib3, "json": json}
    exec(compile(wanted, str(TUTORIAL), "exec"), scope)
    with adoption.adopted():
        async with httpx.AsyncClient(transport=scope["URLLib3Transport"]()) as client:
            spaced = json.dumps({"key": [1, 2, 3], "text": "hi"}, indent=4).encode()
            response = await client.post(f"{server.origin}/v1", content=spaced)
    assert response.json() == {"a": 1}
    received = server.received[0]
    assert received.json() == {"key": [1, 2, 3], "text": "hi"}
    assert int(received.headers["content-length"]) == len(received.body) != len(spaced)
    assert len(core.opened) == 1
    assert "urllib3" in sys.modules


async def test_the_whole_tutorial_runs_unmodified(
    core: Any, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not TUTORIAL.is_file():
        pytest.skip(f"the tutorial is not at {TUTORIAL}")
    if int(version("openai").split(".")[0]) > 2 or not _takes_no_key():
        pytest.skip("the tutorial needs openai 2.33 or older: it passes an empty key")
    reply = {"choices": [{"message": {"content": "it's\n“here”"}}]}
    server = serve(lambda peer: peer.reply("200 OK", json.dumps(reply)))
    original = core.open

    def route(method: str, url: str, *rest: Any) -> Any:
        urls.append(url)
        return original(method, server.origin + url.partition(".com")[2], *rest)

    urls: list[str] = []
    display = _Display()
    monkeypatch.setattr(core, "open", route)
    monkeypatch.setitem(sys.modules, "js_module", display)
    scope: dict[str, Any] = {"__name__": "main"}
    with adoption.adopted():
        source = TUTORIAL.read_bytes()
        exec(compile(source, str(TUTORIAL), "exec"), scope)
        running = asyncio.create_task(scope["main"]())
        scope["sender_message_proxy"]("sk-mine", "hi there")
        assert await display.shown.get() == "it's\n“here”"
        running.cancel()
        await asyncio.wait([running])
    assert urls == ["https://api.openai.com/v1/chat/completions"]
    received = server.received[0]
    assert received.json()["messages"][0]["content"] == "hi+there"
    assert received.headers["authorization"] == "Bearer sk-mine"


def _takes_no_key() -> bool:
    import openai

    try:
        openai.AsyncOpenAI(api_key="")
    except openai.OpenAIError:
        return False
    return True


@pytest.mark.parametrize(
    "codings", ["chunked", "gzip, chunked", "chunked, identity", "identity, Chunked"]
)
@pytest.mark.parametrize("whole", [True, False], ids=["with the head", "later"])
def test_chunks_are_taken_apart_once(
    hosted: Any, monkeypatch: pytest.MonkeyPatch, codings: str, whole: bool
) -> None:
    fields = [b"Transfer-Encoding", codings.encode()]
    pieces = [[b"one", b"two"], []]
    monkeypatch.setattr(hosted, "open", lambda *given: 1)
    answer = (200, b"OK", b"HTTP/1.1", fields), pieces[0] if whole else None
    monkeypatch.setattr(hosted, "answer_blocking", lambda exchange: answer)
    monkeypatch.setattr(hosted, "read_chunks_blocking", lambda exchange: pieces.pop(0))
    with urllib3.PoolManager() as pool:
        response = pool.request("GET", "http://api.example/", preload_content=False)
        assert b"".join(response.stream(decode_content=False)) == b"onetwo"
