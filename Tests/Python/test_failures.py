# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong with a turn is named, with what to do about it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import httpx2
import pytest
from recording_chat import RecordingChat
from scripted_server import Peer, Server

from amaru.chat import Conversation
from amaru.chat.failures import Fault, describe, origin
from amaru.host import Settings, Turn

Serve = Callable[..., Server]
Ask = Callable[..., Any]


@pytest.fixture
async def ask(core: ModuleType, screen: RecordingChat) -> AsyncIterator[Ask]:
    """Send one turn to a server and return how it failed."""
    made: list[Conversation] = []

    async def send(server: Server, **options: Any) -> tuple[str, str, str]:
        values: dict[str, Any] = {
            "stall_timeout": 20.0,
            "api_key": "placeholder-1",
        } | options
        chat = Conversation(Settings("small", f"{server.origin}/v1", **values))
        made.append(chat)
        await chat.send(Turn(1), "hi")
        assert screen.of("finished") == []
        failure: tuple[str, str, str] = screen.failure
        return failure

    yield send
    for chat in made:
        await chat.aclose()


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the SDK try again without its pause."""
    from openai._base_client import BaseClient

    monkeypatch.setattr(
        BaseClient, "_calculate_retry_timeout", lambda *args, **options: 0
    )


def error(message: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "code": code}})


STATUSES = [
    ("400 Bad Request", "too odd", "bad_request", "--|model small"),
    ("401 Unauthorized", "no such key", "authentication", "check the key"),
    ("402 Payment Required", "pay", "rate_limit", "credit"),
    ("403 Forbidden", "not yours", "authentication", "may use the model small"),
    ("404 Not Found", "no route", "not_found", "missing /v1"),
    ("404 Not Found", "model 'small' not found", "not_found", "--model"),
    ("408 Request Timeout", "slow", "timeout", "again"),
    ("409 Conflict", "busy", "server", "again"),
    ("413 Content Too Large", "long", "bad_request", "less"),
    ("418 I'm a teapot", "tea", "bad_request", "/v1"),
    ("422 Unprocessable Entity", "odd field", "bad_request", "model small"),
    ("429 Too Many Requests", "slow down", "rate_limit", "wait"),
    ("500 Internal Server Error", "oops", "server", "log"),
    ("503 Service Unavailable", "loading", "server", "log"),
]


@pytest.mark.parametrize(("status", "text", "code", "remedy"), STATUSES)
async def test_statuses(
    ask: Ask, serve: Serve, status: str, text: str, code: str, remedy: str
) -> None:
    server = serve(lambda peer: peer.reply(status, error(text)))
    found, message, what_to_do = await ask(server)
    assert found == code
    assert server.origin in message
    assert status[:3] in message
    assert text in message
    assert any(part in what_to_do for part in remedy.split("|"))


async def test_a_used_up_quota_is_not_a_reason_to_wait(ask: Ask, serve: Serve) -> None:
    body = error("You exceeded your quota", "insufficient_quota")
    server = serve(lambda peer: peer.reply("429 Too Many Requests", body))
    code, message, remedy = await ask(server)
    assert code == "rate_limit"
    assert "billing" in remedy


async def test_retries_are_reported(
    ask: Ask, serve: Serve, screen: RecordingChat
) -> None:
    server = serve(lambda peer: peer.reply("503 Service Unavailable", error("busy")))
    await ask(server)
    assert len(server.received) == 3
    assert [notice for (notice,) in screen.of("notice")] == [
        "127.0.0.1 answered 503 Service Unavailable; retrying, 1 of 2",
        "127.0.0.1 answered 503 Service Unavailable; retrying, 2 of 2",
    ]


async def test_retries_without_an_answer_are_reported(
    ask: Ask, serve: Serve, screen: RecordingChat
) -> None:
    def leave(peer: Peer) -> None:
        return

    code, message, _ = await ask(serve(leave))
    assert code == "connection"
    assert screen.of("notice")[0] == ("no answer from 127.0.0.1; retrying, 1 of 2",)


async def test_a_refused_port(ask: Ask, core: ModuleType) -> None:
    server = Server(lambda peer: None)
    server.close()
    code, message, remedy = await ask(server)
    assert code == "connection"
    assert server.origin in message
    assert "refused" in message.lower()
    assert "is the server running" in remedy


CONNECTS = [
    ("connect", "connection refused", "connection", "running"),
    ("connect", "could not resolve host", "connection", "spelling"),
    ("connect", "network unreachable", "connection", "network"),
    ("connect", "TLS handshake: certificate has expired", "tls", "certificate"),
    ("connect_timeout", "no connection after 10 s", "timeout", "address"),
    ("read_timeout", "no answer after 20 s", "timeout", "stall timeout"),
    ("proxy", "CONNECT answered 407", "connection", "HTTPS_PROXY"),
    ("write", "broken pipe", "connection", "again"),
    ("secret_refused", "key of A must not go to B", "bad_request", "meant for"),
    ("not_allowed", "origin not on the list", "bad_request", "base URL"),
    ("unsupported_protocol", "ftp is not HTTP", "bad_request", "https://"),
]


@pytest.mark.parametrize(("given", "text", "code", "remedy"), CONNECTS)
async def test_faults_of_the_network(
    ask: Ask,
    serve: Serve,
    core: Any,
    monkeypatch: pytest.MonkeyPatch,
    given: str,
    text: str,
    code: str,
    remedy: str,
) -> None:
    async def fail(exchange: int) -> None:
        raise core.TransferError(given, text)

    monkeypatch.setattr(core, "head", fail)
    found, message, what_to_do = await ask(serve(Peer.wait_for_close))
    assert found == code
    assert text in message
    assert remedy in what_to_do


async def test_a_web_page(ask: Ask, serve: Serve) -> None:
    page = "<html><head><title>Welcome\n to nginx!</title></head></html>"
    server = serve(lambda p: p.reply("200 OK", page, Content_Type="text/html"))
    code, message, remedy = await ask(server)
    assert code == "not_openai"
    assert "“Welcome to nginx!”" in message
    assert "missing /v1?" in remedy


async def test_a_json_document(ask: Ask, serve: Serve) -> None:
    body = json.dumps({"choices": [{"message": {"content": "hi"}}]})
    kind = "application/json; charset=utf-8"
    server = serve(lambda peer: peer.reply("200 OK", body, Content_Type=kind))
    code, message, _ = await ask(server)
    assert code == "not_openai"
    assert "JSON" in message


async def test_an_error_as_json_with_status_200(ask: Ask, serve: Serve) -> None:
    kind = "application/json"
    server = serve(lambda p: p.reply("200 OK", error("no GPU"), Content_Type=kind))
    code, message, _ = await ask(server)
    assert code == "server"
    assert "no GPU" in message


async def test_plain_text(ask: Ask, serve: Serve) -> None:
    server = serve(lambda p: p.reply("200 OK", "hello", Content_Type="text/plain"))
    code, message, _ = await ask(server)
    assert code == "not_openai"
    assert "text/plain" in message


async def test_a_stream_with_a_wrong_label_is_read(
    serve: Serve, core: ModuleType, screen: RecordingChat
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream("text/plain")
        peer.delta("fine", "stop")
        peer.end()

    server = serve(answer)
    chat = Conversation(Settings("small", f"{server.origin}/v1"))
    await chat.send(Turn(1), "hi")
    await chat.aclose()
    assert screen.events == [("text", 1, "fine"), ("finished", 1, "stop")]


async def test_an_error_inside_the_stream(
    ask: Ask, serve: Serve, screen: RecordingChat
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.event({"error": {"message": "out of memory"}})
        peer.end()

    code, message, _ = await ask(serve(answer))
    assert code == "server"
    assert "out of memory" in message
    assert screen.shown(1) == "half"


@pytest.mark.parametrize("data", ["{not json", "[1]", '"text"', "nothing"])
async def test_a_malformed_event(ask: Ask, serve: Serve, data: str) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.event(data)
        peer.event("[DONE]")
        peer.end()

    code, message, _ = await ask(serve(answer))
    assert code == "not_openai"
    assert data in message


@pytest.mark.parametrize("way", ["ended", "cut", "torn event", "empty"])
async def test_an_answer_that_ends_too_early(ask: Ask, serve: Serve, way: str) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        if way != "empty":
            peer.delta("half")
        if way == "torn event":
            peer.chunk('data: {"choices": [{"del')
        if way != "cut":
            peer.end()

    code, message, remedy = await ask(serve(answer))
    assert code == "incomplete"
    assert "before it was finished" in message
    assert "continue" in remedy


async def test_done_without_a_reason_and_a_reason_without_done_are_enough(
    core: ModuleType, serve: Serve, screen: RecordingChat
) -> None:
    def done(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("a")
        peer.chunk("data: [DONE]")
        peer.end()

    def cut_after_the_reason(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("b", "stop")

    server = serve(done, cut_after_the_reason)
    chat = Conversation(Settings("small", f"{server.origin}/v1"))
    await chat.send(Turn(1), "hi")
    await chat.send(Turn(2), "hi")
    await chat.aclose()
    assert screen.of("finished") == [(1, "stop"), (2, "stop")]


async def test_comments_do_not_keep_a_stalled_answer_alive(
    ask: Ask, serve: Serve, screen: RecordingChat
) -> None:
    def answer(peer: Peer) -> None:
        import time

        peer.start_stream()
        peer.delta("half")
        # Ends when the client closes the connection.
        while True:
            peer.chunk(": still here\n\n")
            time.sleep(0.01)

    code, message, remedy = await ask(serve(answer), stall_timeout=0.3)
    assert code == "stall"
    assert "0.3 s" in message
    assert "stall timeout" in remedy
    assert screen.shown(1) == "half"


async def test_content_keeps_a_slow_answer_alive(
    core: ModuleType, serve: Serve, screen: RecordingChat
) -> None:
    def answer(peer: Peer) -> None:
        import time

        peer.start_stream()
        # Longer than the limit in all, far shorter between two pieces.
        for _ in range(12):
            peer.delta("x")
            time.sleep(0.1)
        peer.event("[DONE]")
        peer.end()

    server = serve(answer)
    chat = Conversation(Settings("small", f"{server.origin}/v1", stall_timeout=1.0))
    await chat.send(Turn(1), "hi")
    await chat.aclose()
    assert screen.of("finished") == [(1, "stop")]


async def test_silence_in_the_stream_is_a_stall_too(ask: Ask, serve: Serve) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.wait_for_close()

    code, _, _ = await ask(serve(answer), stall_timeout=0.2)
    assert code == "stall"


async def test_a_missing_sdk(
    ask: Ask, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "openai", None)
    code, message, remedy = await ask(serve(Peer.wait_for_close))
    assert code == "internal"
    assert "openai" in message
    assert "install" in remedy


async def test_keys_are_never_shown(ask: Ask, serve: Serve) -> None:
    text = "Incorrect key: sk-abcdef123456 (Bearer placeholder-1)"
    server = serve(lambda peer: peer.reply("401 Unauthorized", error(text)))
    _, message, _ = await ask(server)
    assert "abcdef" not in message
    assert "placeholder-1" not in message


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("http://user:secret@h:8080/v1?key=1", "http://h:8080"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("nonsense", "nonsense"),
    ],
)
def test_the_origin_of_a_url(url: str, expected: str) -> None:
    assert origin(url) == expected


def test_what_is_not_in_the_table_is_an_internal_fault() -> None:
    failure = describe(ZeroDivisionError("by zero"), Settings("m", "http://h/v1"))
    assert failure.code == "internal"
    assert "ZeroDivisionError: by zero" in failure.message


def test_braces_in_a_servers_text_are_only_text() -> None:
    fault = Fault("in stream", "{origin} {0}")
    failure = describe(fault, Settings("m", "http://h/v1"))
    assert "{origin} {0}" in failure.message


def test_a_long_text_is_one_short_line() -> None:
    fault = Fault("in stream", "a\n" * 1000)
    message = describe(fault, Settings("m", "http://h/v1")).message
    assert "\n" not in message
    assert len(message) < 400


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        (
            "could not connect to http://h:1: Connection refused (errno 111). "
            "Check that the server runs and that the port is right.",
            "cannot connect to http://h:1: Connection refused (errno 111)",
        ),
        (
            "could not connect to the proxy p for http://h:1: no route. "
            "Check its address.",
            "cannot connect to http://h:1: could not connect to the proxy p for "
            "http://h:1: no route",
        ),
    ],
)
def test_the_networks_advice_and_repetitions_are_left_out(
    detail: str, expected: str
) -> None:
    failure = describe(httpx2.ConnectError(detail), Settings("m", "http://h:1/v1"))
    assert failure.message == expected
    assert failure.remedy
