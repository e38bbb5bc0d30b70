# SPDX-License-Identifier: Apache-2.0
"""The synchronous classes of both families: the same contract without a loop."""

from __future__ import annotations

import errno
import gc
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import adoption
import httpx
import httpx2
import pytest
from scripted_server import Peer, Serve, Server

from amaru.transport._httpcore._errors import EXCEPTIONS

FAMILIES = [pytest.param(httpx2, id="httpx2"), pytest.param(httpx, id="httpx")]
pytestmark = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(autouse=True)
def adopted(hosted: ModuleType) -> None:
    """Every client here is over the core."""


def client(family: Any, **options: Any) -> Any:
    return family.Client(**options)


def ok(peer: Peer) -> None:
    peer.reply("200 OK", "hello")


def endless(peer: Peer) -> None:
    peer.start_stream()
    peer.chunk("one")
    peer.wait_for_close()


def test_a_response_is_whole(family: Any, core: ModuleType, serve: Serve) -> None:
    def answer(peer: Peer) -> None:
        peer.send(
            b"HTTP/1.1 418 Short And Stout\r\nX-A: 1\r\nx-b: 2\r\nX-A: 3\r\n"
            b"Content-Length: 2\r\n\r\nhi"
        )

    server = serve(answer)
    with client(family) as http:
        response = http.post(f"{server.origin}/a%20b?q=%C3%A9", content=b"body")
    assert (response.status_code, response.text) == (418, "hi")
    assert response.reason_phrase == "Short And Stout"
    assert response.http_version == "HTTP/1.1"
    assert response.headers.raw[:3] == [(b"X-A", b"1"), (b"x-b", b"2"), (b"X-A", b"3")]
    assert server.received[0].target == "/a%20b?q=%C3%A9"
    assert server.received[0].body == b"body"


def test_a_body_is_streamed_lazily(family: Any, core: ModuleType, serve: Serve) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk("one")
        assert go_on.wait(20)
        peer.chunk("two")
        peer.end()

    with client(family) as http, http.stream("GET", serve(answer).origin) as response:
        pieces = response.iter_bytes()
        assert next(pieces) == b"one"
        go_on.set()
        assert list(pieces) == [b"two"]


def test_leaving_a_stream_early_cancels_it_once(
    family: Any, core: Any, serve: Serve
) -> None:
    with client(family) as http:
        with http.stream("GET", serve(endless).origin) as response:
            for _ in response.iter_bytes():
                break
        response.close()
        response.stream.close()
    assert len(core.cancels) == 1
    assert core.exchanges == {}


def test_a_stream_that_nobody_holds_is_cancelled(
    family: Any, core: Any, serve: Serve
) -> None:
    http = client(family)
    request = http.build_request("GET", serve(endless).origin)
    response = http.send(request, stream=True)
    assert core.cancels == []
    del response
    gc.collect()
    assert len(core.cancels) == 1


def test_closing_the_transport_ends_what_is_in_flight(
    family: Any, core: Any, serve: Serve
) -> None:
    http = client(family)
    request = http.build_request("GET", serve(endless).origin)
    response = http.send(request, stream=True)
    http.close()
    http.close()
    assert core.exchanges == {}
    with pytest.raises(family.ReadError):
        response.read()


@pytest.mark.parametrize("status", ["302 Found", "303 See Other", "307 Again"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_request_after_a_redirect_is_framed_as_the_clients_own(
    family: Any, core: Any, serve: Serve, status: str, method: str
) -> None:
    def redirect(peer: Peer) -> None:
        peer.reply(status, "", Location="/next")

    def lines() -> list[list[bytes]]:
        server = serve(redirect, ok)
        content = b"body" if method == "POST" else None
        with client(family, follow_redirects=True) as http:
            http.request(method, server.origin, content=content)
        return [got.lines[1:] for got in server.received]

    hosted = lines()
    assert len(core.opened) == 2
    adoption.undo()
    assert hosted == lines()


def test_a_body_without_framing_is_refused_as_by_h11(
    family: Any, core: Any, serve: Serve
) -> None:
    class Stream(family.SyncByteStream):  # type: ignore[misc]
        def __init__(self, *pieces: bytes) -> None:
            self.pieces = pieces

        def __iter__(self) -> Iterator[bytes]:
            return iter(self.pieces)

    server = serve(ok)
    with client(family) as http:
        host = {"Host": "x"}
        empty = family.Request("GET", server.origin, headers=host, stream=Stream(b""))
        assert http.send(empty).text == "hello"
        full = family.Request("GET", server.origin, headers=host, stream=Stream(b"x"))
        with pytest.raises(family.LocalProtocolError, match="Too much data"):
            http.send(full)
    names = [line.partition(b":")[0].lower() for line in server.received[0].lines]
    assert not {b"content-length", b"transfer-encoding"} & set(names)


def test_a_generator_may_come_with_its_length(
    family: Any, core: Any, serve: Serve
) -> None:
    server = serve(ok)
    with client(family) as http:
        length = {"Content-Length": "4"}
        http.post(server.origin, content=iter([b"fo", b"ur"]), headers=length)
    assert server.received[0].body == b"four"
    assert "transfer-encoding" not in server.received[0].headers


@pytest.mark.parametrize(
    ("code", "reason", "expected", "number"),
    [
        ("connect", ("system", 111), ConnectionRefusedError, errno.ECONNREFUSED),
        ("connect", ("unknown_host",), socket.gaierror, socket.EAI_NONAME),
        ("connect", ("certificate", 62), ssl.SSLCertVerificationError, 1),
        ("connect", ("tls",), ssl.SSLError, 1),
        ("connect_timeout", (), TimeoutError, errno.ETIMEDOUT),
        ("read_timeout", (), TimeoutError, errno.ETIMEDOUT),
        ("read", ("system", 104), ConnectionResetError, errno.ECONNRESET),
        ("not_allowed", (), PermissionError, errno.EACCES),
    ],
)
def test_the_cause_of_a_failure_is_that_of_a_socket(
    family: Any,
    core: Any,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
    reason: tuple[Any, ...],
    expected: type[OSError],
    number: int,
) -> None:
    def fail(*arguments: object) -> None:
        # No word of the message counts.
        raise core.TransferError(code, "TLS certificate (errno 1) timed out", *reason)

    monkeypatch.setattr(core, "head_blocking", fail)
    with client(family) as http, pytest.raises(family.RequestError) as caught:
        http.get("http://127.0.0.1:9/")
    found: list[Any] = [caught.value]
    while found[-1].__cause__ is not None:
        found.append(found[-1].__cause__)
    error = next(each for each in found if isinstance(each, OSError))
    assert (type(error), error.errno) == (expected, number)
    assert isinstance(found[-1], core.TransferError)


def test_an_upload_is_streamed(family: Any, core: Any, serve: Serve) -> None:
    def body() -> Iterator[bytes]:
        yield b"one "
        yield b""
        yield b"two"

    server = serve(ok)
    with client(family) as http:
        assert http.post(server.origin, content=body()).text == "hello"
    assert server.received[0].body == b"one two"
    assert core.cancels == []


def test_an_early_answer_ends_the_upload(
    family: Any, core: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []

    def answer(peer: Peer) -> None:
        peer.receive_head()
        peer.receive_chunk()
        peer.reply("413 Content Too Large", "no")
        peer.wait_for_close()

    def timings(exchange: int) -> dict[str, float]:
        return {"first_byte": 1.0} if len(taken) > 3 else {}

    def body() -> Iterator[bytes]:
        while True:
            taken.append(1)
            yield b"x" * 1000

    monkeypatch.setattr(core, "timings", timings)
    server = Server(answer)
    with client(family) as http:
        response = http.post(server.origin, content=body())
    assert (response.status_code, response.text) == (413, "no")
    assert len(taken) == 4
    assert len(core.cancels) == 1
    server.close()


def test_what_the_upload_raises_passes_unchanged(
    family: Any, core: Any, serve: Serve
) -> None:
    def broken() -> Iterator[bytes]:
        yield b"x"
        raise KeyError("mine")

    server = Server(Peer.wait_for_close)
    with client(family) as http, pytest.raises(KeyError, match="mine"):
        http.post(server.origin, content=broken())
    assert len(core.cancels) == 1
    server.close()


@pytest.mark.parametrize(
    ("code", "name"),
    [(code, EXCEPTIONS[code]) for code in sorted(EXCEPTIONS) if code != "interrupted"],
)
@pytest.mark.parametrize("place", ["open", "head_blocking", "read_chunks_blocking"])
def test_the_exception_table(
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

    monkeypatch.setattr(core, place, fail)
    with client(family) as http:
        with pytest.raises(family.RequestError, match="what happened") as caught:
            http.get(serve(ok).origin)
    assert type(caught.value).__name__ == name
    assert caught.value.request.method == "GET"


@pytest.mark.parametrize("exc", [RuntimeError("x"), OSError(5, "x"), ValueError("x")])
@pytest.mark.parametrize("place", ["open", "head_blocking", "read_chunks_blocking"])
def test_what_a_signal_handler_raises_passes_unchanged(
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
    with client(family) as http:
        with pytest.raises(type(exc)) as caught:
            http.get(serve(ok).origin)
    assert caught.value is exc
    assert core.exchanges == {}


@pytest.mark.parametrize("by_the_host", [True, False])
@pytest.mark.parametrize("place", ["head_blocking", "read_chunks_blocking"])
def test_an_interrupt_passes_and_ends_the_exchange(
    family: Any,
    core: Any,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
    place: str,
    by_the_host: bool,
) -> None:
    def interrupt(exchange: int) -> None:
        if by_the_host:
            raise core.TransferError("interrupted", "it was interrupted")
        raise KeyboardInterrupt

    monkeypatch.setattr(core, place, interrupt)
    with client(family) as http, pytest.raises(KeyboardInterrupt):
        http.get(serve(ok).origin)
    assert len(core.cancels) == 1
    assert core.exchanges == {}


def test_several_threads_share_a_transport(
    family: Any, core: Any, serve: Serve
) -> None:
    server = serve(ok)
    with client(family) as http, ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: http.get(server.origin).text, range(40)))
    assert answers == ["hello"] * 40
    assert core.cancels == []
