# SPDX-License-Identifier: Apache-2.0
"""What the SDK makes of each fault of the network, over the host, on real sockets."""

from __future__ import annotations

import asyncio
import importlib
import logging
import socket
import ssl
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import openai
import pytest
import trustme
from scripted_server import Peer, Script, Server

import _amaru_http

NEW = openai.__version__.startswith("3.")
family = importlib.import_module("httpx2" if NEW else "httpx")


# What the server does.


def reset(peer: Peer) -> None:
    peer.connection.setsockopt(
        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
    )


def reset_in_the_stream(peer: Peer) -> None:
    start(peer)
    # The client has read what was sent, or the reset would overtake it.
    peer.connection.settimeout(0.1)
    with suppress(TimeoutError):
        peer.connection.recv(1)
    reset(peer)


def start(peer: Peer) -> None:
    peer.start_stream()
    peer.delta("Hel")


def stall_in_the_stream(peer: Peer) -> None:
    start(peer)
    peer.wait_for_close()


def end_without_done(peer: Peer) -> None:
    peer.stream("Hel", done=False)


def status(line: str, body: str = '{"error": {"message": "no"}}', **h: str) -> Script:
    return lambda peer: peer.reply(line, body, Content_Type="application/json", **h)


def html(peer: Peer) -> None:
    peer.reply("200 OK", "<html>Welcome</html>", Content_Type="text/html")


def whole(peer: Peer) -> None:
    peer.stream("Hel")


def error_in_the_stream(peer: Peer) -> None:
    start(peer)
    peer.event({"error": {"message": "overloaded", "type": "server_error"}})
    peer.wait_for_close()


# What must come of it.


@dataclass(frozen=True)
class Case:
    """What the server does, what the caller gets, and after how many tries."""

    name: str
    answers: list[Script]
    expected: type[BaseException] | str
    requests: int


# The releases before 3 let what goes wrong inside a stream out as it is.
IN_STREAM = {
    "read": openai.APIConnectionError if NEW else family.ReadError,
    "protocol": openai.APIConnectionError if NEW else family.RemoteProtocolError,
    "timeout": openai.APITimeoutError if NEW else family.ReadTimeout,
}

CASES = [
    Case("no fault", [whole], "Hel", 1),
    Case("reset before the headers", [reset], openai.APIConnectionError, 3),
    Case("closed before the headers", [lambda p: None], openai.APIConnectionError, 3),
    Case("reset once, then an answer", [reset, whole], "Hel", 2),
    Case("stall before the headers", [Peer.wait_for_close], openai.APITimeoutError, 3),
    Case("reset in the stream", [reset_in_the_stream], IN_STREAM["read"], 1),
    Case("truncated in the stream", [start], IN_STREAM["protocol"], 1),
    Case("stall in the stream", [stall_in_the_stream], IN_STREAM["timeout"], 1),
    Case("error in the stream", [error_in_the_stream], openai.APIError, 1),
    Case(
        "garbage for a status line",
        [lambda peer: peer.send(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")],
        openai.APIConnectionError,
        3,
    ),
    Case("401", [status("401 No")], openai.AuthenticationError, 1),
    Case("404", [status("404 No")], openai.NotFoundError, 1),
    Case(
        "429 each time, with retry-after",
        [status("429 Slow", retry_after="0.01")],
        openai.RateLimitError,
        3,
    ),
    Case(
        "429, then an answer",
        [status("429 Slow", retry_after="0.01"), whole],
        "Hel",
        2,
    ),
    Case(
        "500 and 503, then an answer",
        [status("500 No"), status("503 No"), whole],
        "Hel",
        3,
    ),
    Case("500 each time", [status("500 No")], openai.InternalServerError, 3),
    Case("200 with HTML", [html], "", 1),
    Case("200 with JSON for a stream", [status("200 OK", '{"id": "x"}')], "", 1),
    Case("no [DONE] at the end", [end_without_done], "Hel", 1),
]


# How the SDK is asked.

QUESTION: dict[str, Any] = {
    "model": "m",
    "messages": [{"role": "user", "content": "hi"}],
    "stream": True,
}


def ask(base: str) -> str:
    with openai.OpenAI(**options(base)) as client:
        assert_on_the_host(client)
        with client.chat.completions.create(**QUESTION) as answer:
            return "".join(chunk.choices[0].delta.content or "" for chunk in answer)


def ask_async(base: str) -> str:
    async def run() -> str:
        async with openai.AsyncOpenAI(**options(base)) as client:
            assert_on_the_host(client)
            answer = await client.chat.completions.create(**QUESTION)
            async with answer:
                return "".join(
                    [chunk.choices[0].delta.content or "" async for chunk in answer]
                )

    return asyncio.run(run())


Ask = Callable[[str], str]


def options(base: str) -> dict[str, Any]:
    timeout = family.Timeout(10, read=0.4)
    return {"api_key": "k", "base_url": base, "timeout": timeout}


def assert_on_the_host(client: Any) -> None:
    pool = type(client._client._transport._pool._amaru_pool).__module__
    assert pool.startswith("amaru."), pool


@pytest.fixture(params=[ask, ask_async], ids=["sync", "async"])
def question(request: pytest.FixtureRequest) -> Ask:
    function: Ask = request.param
    return function


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    yield
    end = time.monotonic() + 10
    while left := _amaru_http.in_flight():
        assert time.monotonic() < end, f"{left} exchanges are left"
        time.sleep(0.002)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait as the server says, else hardly at all."""
    module = importlib.import_module("openai._base_client")
    monkeypatch.setattr(module, "INITIAL_RETRY_DELAY", 0.001)


@pytest.fixture
def retries(caplog: pytest.LogCaptureFixture) -> Callable[[], int]:
    """Count what the SDK's log calls a retry: a refused port counts no requests."""
    caplog.set_level(logging.INFO, "openai")
    return lambda: sum("Retrying request" in line for line in caplog.messages)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_fault_ends_in_the_exception_of_the_sdk(
    case: Case, question: Ask, retries: Callable[[], int]
) -> None:
    server = Server()
    server.scripts = [server.recording(answer) for answer in case.answers]
    try:
        if isinstance(case.expected, str):
            assert question(f"{server.origin}/v1") == case.expected
        else:
            with pytest.raises(case.expected) as caught:
                question(f"{server.origin}/v1")
            assert case.expected in (type(caught.value), openai.APIError)
        assert (len(server.received), retries()) == (case.requests, case.requests - 1)
    finally:
        server.close()


def refused() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/v1"


@pytest.mark.parametrize(
    ("base", "words"),
    [
        (refused, "refused"),
        (lambda: "http://no-such-host.invalid/v1", "no-such-host.invalid"),
    ],
    ids=["a refused port", "a name that does not exist"],
)
def test_a_server_out_of_reach_is_tried_again_and_named(
    base: Callable[[], str], words: str, question: Ask, retries: Callable[[], int]
) -> None:
    with pytest.raises(openai.APIConnectionError) as caught:
        question(base())
    assert type(caught.value) is openai.APIConnectionError
    assert type(caught.value.__cause__) is family.ConnectError
    assert words in str(caught.value.__cause__)
    assert retries() == 2


def untrusted(peer: Peer) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    with suppress(OSError):
        context.wrap_socket(peer.connection, server_side=True)


@pytest.mark.parametrize(
    "answer",
    [untrusted, lambda peer: peer.send(b"HTTP/1.0 400 Bad Request\r\n\r\n")],
    ids=["an unknown authority", "no TLS at all"],
)
def test_a_fault_of_tls_is_a_connection_error_with_its_reason(
    answer: Script, question: Ask, retries: Callable[[], int]
) -> None:
    server = Server(answer)
    try:
        with pytest.raises(openai.APIConnectionError) as caught:
            question(f"https://127.0.0.1:{server.port}/v1")
        cause = caught.value.__cause__
        assert type(cause) is family.ConnectError
        assert any(word in str(cause).lower() for word in ("tls", "certificate", "ssl"))
        assert retries() == 2
    finally:
        server.close()


def keep(peer: Peer) -> None:
    """Answer so that the connection stays usable."""
    body = b'{"object": "list", "data": []}'
    peer.send(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
        b"Content-Length: %d\r\n\r\n%s" % (len(body), body)
    )


@pytest.mark.parametrize(
    "reads_again", [False, True], ids=["when idle", "when the second request arrives"]
)
@pytest.mark.parametrize("is_async", [False, True], ids=["sync", "async"])
def test_a_connection_closed_between_requests_is_replaced(
    reads_again: bool, is_async: bool
) -> None:
    def answer(peer: Peer) -> None:
        keep(peer)
        if reads_again:
            server.received.append(peer.receive())

    server = Server()
    server.scripts = [
        server.recording(answer),
        server.recording(keep),
    ]
    try:
        base = f"{server.origin}/v1"
        if is_async:
            asyncio.run(two_requests(base))
        else:
            with openai.OpenAI(**options(base)) as client:
                assert_on_the_host(client)
                client.models.list()
                client.models.list()
        assert len(server.received) == (3 if reads_again else 2)
    finally:
        server.close()


async def two_requests(base: str) -> None:
    async with openai.AsyncOpenAI(**options(base)) as client:
        await client.models.list()
        await client.models.list()


def test_the_family_is_the_one_that_the_sdk_uses() -> None:
    assert isinstance(openai.OpenAI(**options("http://x/v1"))._client, family.Client)
    assert NEW or "httpx2" not in sys.modules
