# SPDX-License-Identifier: Apache-2.0
"""What the chat's client sends, where it sends it, and when it tries again."""

from __future__ import annotations

import asyncio
import gzip
import json
import tracemalloc
import zlib
from email.utils import formatdate
from types import ModuleType
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat, eventually
from scripted_server import Peer, Script, Serve

from amaru.chat import Conversation, client
from amaru.chat.client import Fault, endpoint, origin

KEY = "placeholder-1"
NOW = 1_800_000_000.0


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Sleep through no pause; what it would have been is kept."""
    kept: list[float] = []
    pause = client._pause

    def short(fault: Fault, attempt: int) -> float:
        kept.append(pause(fault, attempt))
        return 0.0

    monkeypatch.setattr(client, "_pause", short)
    return kept


async def say(screen: RecordingChat, base_url: str, **options: Any) -> Conversation:
    settings: Any = ChatSettings("small", base_url, **{"api_key": KEY, **options})
    chat = Conversation(settings)
    await chat.send(screen.turn(), "hi")
    return chat


def fine(peer: Peer) -> None:
    peer.stream("fine")


def status(line: str, body: str = "{}", **headers: str) -> Script:
    return lambda peer: peer.reply(line, body, **headers)


# The request.


async def test_the_request(
    core: ModuleType, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(fine)
    await say(screen, f"{server.origin}/v1")
    (request,) = server.received
    assert request.headers == {
        "host": server.origin.removeprefix("http://"),
        "accept": "text/event-stream, application/json",
        "accept-encoding": "identity",
        "user-agent": "amaru",
        "content-type": "application/json",
        "content-length": str(len(request.body)),
        "authorization": f"Bearer {KEY}",
    }
    assert request.json() == {
        "model": "small",
        "messages": [{"role": "user", "content": "hi"}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def test_without_a_key_there_is_no_authorization(
    core: ModuleType, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(fine)
    await say(screen, f"{server.origin}/v1", api_key="")
    assert "authorization" not in server.received[0].headers


ADDRESSES = [
    ("https://h/v1", "https://h/v1/chat/completions"),
    ("https://h", "https://h/chat/completions"),
    ("https://h/", "https://h/chat/completions"),
    ("https://h/v1//", "https://h/v1/chat/completions"),
    ("HTTPS://H.example:8443/V1", "https://h.example:8443/V1/chat/completions"),
    ("http://h/v1/chat/completions", "http://h/v1/chat/completions"),
    ("http://h/v1/chat/completions/", "http://h/v1/chat/completions"),
    ("http://h/xchat/completions", "http://h/xchat/completions/chat/completions"),
    ("http://h/v1?api-version=1", "http://h/v1/chat/completions?api-version=1"),
    ("http://h/v1/?a=/b/&c", "http://h/v1/chat/completions?a=/b/&c"),
    ("http://h?a=b", "http://h/chat/completions?a=b"),
    ("http://h/v1/chat/completions?a=1#x", "http://h/v1/chat/completions?a=1"),
    ("http://h/v1#x", "http://h/v1/chat/completions"),
    ("http://[::1]:8080/v1", "http://[::1]:8080/v1/chat/completions"),
    ("http://h/v%201/%C3%BC/", "http://h/v%201/%C3%BC/chat/completions"),
    ("http://h/a@b", "http://h/a@b/chat/completions"),
]


@pytest.mark.parametrize(("given", "expected"), ADDRESSES)
def test_a_base_url_is_understood(given: str, expected: str) -> None:
    assert endpoint(given) == expected


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("http://user:pa55word@h/v1", "user name or password"),
        ("http://pa55word@h", "user name or password"),
        ("ftp://h/v1", "https:// or http://"),
        ("localhost:8080/v1", "https:// or http://"),
        ("http:///v1", "https:// or http://"),
        ("", "https:// or http://"),
    ],
)
async def test_a_base_url_that_cannot_be_used_is_named(
    core: Any, screen: RecordingChat, given: str, words: str
) -> None:
    await say(screen, given)
    code, message, remedy = screen.failure
    assert code == "bad_request"
    assert words in f"{message} {remedy}"
    assert "pa55word" not in message
    assert core.opened == []


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.openai.com/v1", "https://api.openai.com"),
        ("http://user:secret@h:8080/v1?key=1", "http://h:8080"),
        ("http://h?x=a/b@c", "http://h"),
        ("http://[::1]:8080/v1", "http://[::1]:8080"),
        ("nonsense", "nonsense"),
    ],
)
def test_the_origin_of_a_url(url: str, expected: str) -> None:
    assert origin(url) == expected


# Trying again.


@pytest.mark.parametrize("line", ["408 No", "409 No", "429 No", "500 No", "599 No"])
async def test_a_passing_fault_is_tried_twice_again_and_announced(
    core: Any, screen: RecordingChat, serve: Serve, pauses: list[float], line: str
) -> None:
    server = serve(status(line, '{"error": "busy with sk-abcdef1234"}'))
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) == 3
    assert screen.failure[1].endswith("busy with sk-…")
    reason = screen.failure[1]
    assert screen.of("retrying") == [(1, reason, 0.0, 1, 2), (1, reason, 0.0, 2, 2)]
    assert 0.375 <= pauses[0] <= 0.5 and 0.75 <= pauses[1] <= 1.0
    assert core.exchanges == {}


@pytest.mark.parametrize("line", ["400 No", "401 No", "404 No", "418 No", "304 No"])
async def test_other_faults_are_not_tried_again(
    core: Any, screen: RecordingChat, serve: Serve, pauses: list[float], line: str
) -> None:
    server = serve(status(line))
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) == 1
    assert screen.of("retrying") == []
    assert line[:3] in screen.failure[1]


@pytest.mark.parametrize(
    ("reason", "attempts"),
    [(("unknown_host",), 1), (("system", 111), 3), (("system", 113), 3), ((), 3)],
)
async def test_a_name_that_does_not_resolve_is_not_tried_again(
    core: Any,
    screen: RecordingChat,
    pauses: list[float],
    monkeypatch: pytest.MonkeyPatch,
    reason: tuple[Any, ...],
    attempts: int,
) -> None:
    async def fail(exchange: int) -> None:
        raise core.TransferError("connect", "x", *reason)

    monkeypatch.setattr(core, "head", fail)
    await say(screen, "http://h/v1")
    assert len(core.opened) == attempts
    assert len(pauses) == len(screen.of("retrying")) == attempts - 1


async def test_the_second_attempt_may_succeed(
    core: Any, screen: RecordingChat, serve: Serve, pauses: list[float]
) -> None:
    server = serve(status("503 No"), lambda peer: None, fine)
    await say(screen, f"{server.origin}/v1")
    assert screen.shown(1) == "fine"
    assert [event[3:] for event in screen.of("retrying")] == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("wish", "line", "tries"), [("true", "401 No", 3), ("false", "500 No", 1)]
)
async def test_the_servers_wish_counts(
    core: Any,
    screen: RecordingChat,
    serve: Serve,
    pauses: list[float],
    wish: str,
    line: str,
    tries: int,
) -> None:
    server = serve(status(line, x_should_retry=wish))
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) == tries


@pytest.mark.parametrize(
    ("headers", "least", "most"),
    [
        ({"retry-after": "7"}, 7, 7),
        ({"retry-after": "0.25"}, 0.25, 0.25),
        ({"retry-after": "60"}, 60, 60),
        ({"retry-after-ms": "1500", "retry-after": "7"}, 1.5, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "7"}, 7, 7),
        ({"retry-after": formatdate(NOW + 30, usegmt=True)}, 30, 30),
        ({"retry-after": "0"}, 0.375, 0.5),
        ({"retry-after": "-1"}, 0.375, 0.5),
        ({"retry-after": "nan"}, 0.375, 0.5),
        ({"retry-after": "inf"}, 0.375, 0.5),
        ({"retry-after": "9" * 400}, 0.375, 0.5),
        ({"retry-after": "tomorrow"}, 0.375, 0.5),
        ({"retry-after": formatdate(0, usegmt=True)}, 0.375, 0.5),
        ({"retry-after": "Fri, 31 Feb 99999 99:99:99 GMT"}, 0.375, 0.5),
        ({}, 0.375, 0.5),
    ],
)
def test_the_pause(
    monkeypatch: pytest.MonkeyPatch, headers: dict[str, str], least: float, most: float
) -> None:
    monkeypatch.setattr("time.time", lambda: NOW)
    assert least <= client._pause(Fault("status", "", 429, headers=headers), 0) <= most


def test_the_pause_grows_to_a_limit() -> None:
    pauses = [client._pause(Fault("connect"), attempt) for attempt in (0, 1, 2, 20)]
    assert all(a < b for a, b in zip(pauses[:3], pauses[1:], strict=False))
    assert 6 <= pauses[-1] <= 8


async def test_a_cancel_during_the_pause_ends_the_turn(
    core: Any, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(status("429 No", retry_after="59"))
    turn = screen.turn()
    settings: Any = ChatSettings("small", f"{server.origin}/v1")
    task = asyncio.create_task(Conversation(settings).send(turn, "hi"))
    turn.bind(task)
    await eventually(lambda: screen.of("retrying"))
    assert screen.of("retrying")[0][2] == 59
    turn.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert screen.of("cancelled") == [(1,)]
    assert len(server.received) == 1


async def test_after_the_first_event_nothing_is_tried_again(
    core: Any, screen: RecordingChat, serve: Serve
) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")

    server = serve(half, fine)
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) == 1
    assert screen.failure[0] == "incomplete"


async def test_an_error_of_the_core_itself_is_a_fault_of_the_network(
    core: Any,
    screen: RecordingChat,
    monkeypatch: pytest.MonkeyPatch,
    pauses: list[float],
) -> None:
    def fail(*arguments: Any) -> int:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(core, "open", fail)
    await say(screen, "http://h/v1")
    code, message, _ = screen.failure
    assert code == "connection"
    assert "Too many open files" in message


# Redirects.


def to(where: str, line: str = "307 Moved") -> Script:
    return status(line, Location=where)


@pytest.mark.parametrize("line", ["307 Temporary Redirect", "308 Permanent Redirect"])
async def test_a_redirect_within_the_origin_is_followed_with_key_and_body(
    core: Any, screen: RecordingChat, serve: Serve, line: str
) -> None:
    server = serve(to("/v2/chat/completions?a=1#b", line), fine)
    await say(screen, f"{server.origin}/v1")
    first, second = server.received
    assert second.target == "/v2/chat/completions?a=1"
    assert (second.method, second.body) == ("POST", first.body)
    assert second.headers["authorization"] == f"Bearer {KEY}"
    assert screen.shown(1) == "fine"
    assert core.exchanges == {}


@pytest.mark.parametrize("line", ["301 Moved", "302 Found", "303 See Other"])
async def test_other_redirects_become_a_get(
    core: Any, screen: RecordingChat, serve: Serve, line: str
) -> None:
    server = serve(to("elsewhere", line), fine)
    await say(screen, f"{server.origin}/v1")
    second = server.received[1]
    assert (second.method, second.target, second.body) == (
        "GET",
        "/v1/chat/elsewhere",
        b"",
    )
    assert "content-length" not in second.headers
    assert "content-type" not in second.headers


async def test_another_origin_never_gets_the_key(
    core: Any, screen: RecordingChat, serve: Serve
) -> None:
    other = serve(status("401 Unauthorized"))
    server = serve(to(f"{other.origin}/v1/chat/completions"))
    await say(screen, f"{server.origin}/v1")
    assert other.received[0].method == "POST"
    assert "authorization" not in other.received[0].headers
    assert KEY.encode() not in other.received[0].body
    assert f"redirects to {other.origin}/v1/chat/completions" in screen.failure[2]


@pytest.mark.parametrize("line", ["307 Moved", "302 Found"])
async def test_a_loop_is_named_after_a_few_requests(
    core: Any, screen: RecordingChat, serve: Serve, line: str
) -> None:
    server = serve(to("/v1/chat/completions", line))
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) <= 2
    assert screen.failure[0] == "not_openai"
    assert "keeps redirecting" in screen.failure[1]
    assert screen.of("retrying") == []


async def test_an_endless_chain_is_named_too(
    core: Any, screen: RecordingChat, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.reply("307 Moved", "", Location=f"/{len(server.received)}")

    server = serve(answer)
    await say(screen, f"{server.origin}/v1")
    assert len(server.received) == 6
    assert "keeps redirecting" in screen.failure[1]


@pytest.mark.parametrize("where", ["http://[", "ftp://h/", "javascript:x", "//"])
async def test_a_redirect_to_nowhere_is_a_failure(
    core: Any, screen: RecordingChat, serve: Serve, where: str
) -> None:
    await say(screen, f"{serve(to(where)).origin}/v1")
    assert screen.failure[0] in ("not_openai", "bad_request", "connection")


# Bodies.


async def test_an_error_body_without_end_is_read_to_its_limit(
    core: Any, screen: RecordingChat, serve: Serve
) -> None:
    def endless(peer: Peer) -> None:
        peer.head("400 Bad Request", Transfer_Encoding="chunked")
        while True:
            peer.chunk(b"x" * 65536)

    tracemalloc.start()
    await say(screen, f"{serve(endless).origin}/v1")
    assert tracemalloc.get_traced_memory()[1] < 4 * 2**20
    tracemalloc.stop()
    code, message, _ = screen.failure
    assert code == "bad_request"
    assert len(message) < 400


async def test_an_error_body_that_stops_coming_is_not_waited_for(
    core: Any, screen: RecordingChat, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def silent(peer: Peer) -> None:
        peer.head("401 Unauthorized", Transfer_Encoding="chunked")
        peer.chunk("no such key")
        peer.wait_for_close()

    monkeypatch.setattr(client, "_ERROR_SECONDS", 0.2)
    await say(screen, f"{serve(silent).origin}/v1")
    assert screen.failure[0] == "authentication"
    assert "no such key" in screen.failure[1]


def packed(body: bytes, encoding: str) -> bytes:
    return gzip.compress(body) if "gzip" in encoding else zlib.compress(body)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "deflate", "GZIP"])
async def test_a_body_that_is_compressed_unasked_is_unpacked(
    core: Any, screen: RecordingChat, serve: Serve, encoding: str
) -> None:
    events = (
        b"data: " + json.dumps({"choices": [{"delta": {"content": "fine"}}]}).encode()
    )
    body = packed(
        events + b"\n\n" + b": \n" * 100_000 + b"data: [DONE]\n\n", encoding.lower()
    )
    server = serve(lambda p: p.reply("200 OK", body, Content_Encoding=encoding))
    await say(screen, f"{server.origin}/v1")
    assert screen.shown(1) == "fine"
    assert screen.of("finished") == [(1, "stop")]


@pytest.mark.parametrize("line", ["400 Bad Request", "200 OK"])
async def test_a_body_that_unpacks_to_far_more_is_bounded(
    core: Any, screen: RecordingChat, serve: Serve, line: str
) -> None:
    body = gzip.compress(b"x" * 200 * 2**20)
    server = serve(lambda peer: peer.reply(line, body, Content_Encoding="gzip"))
    tracemalloc.start()
    await say(screen, f"{server.origin}/v1")
    assert tracemalloc.get_traced_memory()[1] < 40 * 2**20
    tracemalloc.stop()
    assert screen.failure[0] in ("bad_request", "not_openai")


@pytest.mark.parametrize("encoding", ["br", "gzip"])
async def test_a_body_that_cannot_be_unpacked_is_named(
    core: Any, screen: RecordingChat, serve: Serve, encoding: str
) -> None:
    refusal = status("401 Unauthorized", "odd", Content_Encoding=encoding)
    await say(screen, f"{serve(refusal).origin}/v1")
    assert screen.failure[0] == "authentication"
    screen.events.clear()
    body = status("200 OK", "odd", Content_Encoding=encoding)
    await say(screen, f"{serve(body).origin}/v1")
    assert screen.failure[0] == "not_openai"
    assert "decoded" in screen.failure[1]
