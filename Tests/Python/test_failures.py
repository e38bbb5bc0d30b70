# SPDX-License-Identifier: Apache-2.0
"""Everything that can go wrong with a turn is named, with what to do about it."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat
from scripted_server import Peer, Serve, Server

from amaru.chat import Conversation, client
from amaru.chat.client import Fault
from amaru.chat.failures import may_pass

Ask = Callable[..., Any]
SETTINGS: Any = ChatSettings("m", "http://h/v1")


@pytest.fixture
def ask(core: ModuleType, screen: RecordingChat) -> Ask:
    """Send one turn to a server and return how it failed."""

    async def send(server: Server, **options: Any) -> tuple[str, str, str]:
        values: dict[str, Any] = {"api_key": "placeholder-1"} | options
        settings: Any = ChatSettings("small", f"{server.origin}/v1", **values)
        await Conversation(settings).send(screen.turn(), "hi")
        assert screen.of("finished") == []
        failure: tuple[str, str, str] = screen.failure
        return failure

    return send


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again without a pause."""
    monkeypatch.setattr(client, "_pause", lambda *_: 0.0)


def talk(server: Server, **options: Any) -> Conversation:
    settings: Any = ChatSettings("small", f"{server.origin}/v1", **options)
    return Conversation(settings)


def error(message: str, code: str | None = None) -> str:
    return json.dumps({"error": {"message": message, "code": code}})


STATUSES = [
    ("400 Bad Request", "too odd", "bad_request", "--|model small"),
    ("401 Unauthorized", "no such key", "authentication", "check the key"),
    ("402 Payment Required", "pay", "rate_limit", "credit"),
    ("403 Forbidden", "not yours", "authentication", "may use the model small"),
    ("404 Not Found", "no route", "not_found", "check the base URL"),
    ("404 Not Found", "model 'small' not found", "no_model", "--model"),
    ("400 Bad Request", "Invalid model: small", "no_model", "--model"),
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


async def test_a_refused_port(ask: Ask, core: ModuleType) -> None:
    server = Server(lambda peer: None)
    server.close()
    code, message, remedy = await ask(server)
    assert code == "connection"
    assert server.origin in message
    assert "refused" in message.lower()
    assert "is the server running" in remedy


CONNECTS = [
    ("connect system 111", "nobody listens", "connection", "running"),
    ("connect unknown_host", "it has no address", "connection", "spelling"),
    ("connect system 101", "network unreachable", "connection", "network"),
    ("connect certificate 62", "another name", "tls", "SSL_CERT_FILE"),
    ("connect tls", "no common version", "tls", "base URL"),
    ("connect", "no word as refused, TLS or DNS counts", "connection", "network"),
    ("connect_timeout", "no connection after 10 s", "timeout", "address"),
    ("read_timeout", "no answer after 20 s", "timeout", "stall timeout"),
    ("proxy", "CONNECT answered 407", "connection", "HTTPS_PROXY"),
    ("write", "broken pipe", "connection", "again"),
    ("secret_refused", "key of A must not go to B", "bad_request", "--key-env"),
    ("not_allowed", "origin not on the list", "bad_request", "--allow-net"),
    ("not_allowed not_recorded", "no answer", "bad_request", "--record"),
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
    kind, *facts = given.split()
    reason: list[Any] = [int(fact) if fact.isdigit() else fact for fact in facts]

    async def fail(exchange: int) -> None:
        raise core.TransferError(kind, text, *reason)

    monkeypatch.setattr(core, "head", fail)
    found, message, what_to_do = await ask(serve(Peer.wait_for_close))
    assert found == code
    assert text in message
    assert remedy in what_to_do


def test_what_is_the_same_a_moment_later_is_not_asked_again() -> None:
    assert may_pass(Fault("connect", "refused", reason="system", number=111))
    assert not may_pass(Fault("connect", "no address", reason="unknown_host"))
    assert not may_pass(Fault("connect", "no TLS on this port", reason="tls"))
    assert not may_pass(Fault("connect", "expired", reason="certificate", number=10))


async def test_a_web_page(ask: Ask, serve: Serve) -> None:
    page = "<html><head><title>Welcome\n to nginx!</title></head></html>"
    server = serve(lambda p: p.reply("200 OK", page, Content_Type="text/html"))
    code, message, remedy = await ask(server)
    assert code == "not_openai"
    assert "“Welcome to nginx!”" in message
    assert remedy == f"check the base URL ({server.origin}/v1)"


async def test_a_redirect_to_a_login_is_named(ask: Ask, serve: Serve) -> None:
    server = serve(
        lambda p: p.reply("302 Found", "", Location="/oauth2/start?rd=x"),
        lambda p: p.reply("200 OK", "<html><title>Acme</title></html>"),
    )
    code, message, remedy = await ask(server)
    assert code == "not_openai"
    assert message == f"{server.origin} wants you to sign in with a browser: " + (
        "a web page “Acme”"
    )
    assert f"check the base URL ({server.origin}/v1)" in remedy


async def test_a_page_that_asks_for_a_password_is_a_login(
    ask: Ask, serve: Serve
) -> None:
    page = "<html><body>" + " " * 2000 + "<input name=p type='password'></body></html>"
    server = serve(lambda p: p.reply("200 OK", page, Content_Type="text/html"))
    _, message, _ = await ask(server)
    assert "wants you to sign in" in message


async def test_another_json_document_is_named_by_its_keys(
    ask: Ask, serve: Serve
) -> None:
    body = '{"version": 3, "links": [], "name": "shop"}'
    server = serve(lambda p: p.reply("200 OK", body, Content_Type="application/json"))
    code, message, _ = await ask(server)
    assert code == "not_openai"
    assert "a JSON document with version, links, name" in message


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
    await talk(server).send(screen.turn(), "hi")
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


ERRORS: list[tuple[dict[str, Any], str]] = [
    ({"delta": {"content": "half"}}, "off the answer"),
    ({"delta": {}, "error": {"message": "no"}}, ": no"),
    ({"delta": {}, "message": "no"}, ": no"),
    ({"message": {"role": "assistant", "content": "half"}}, "off the answer"),
    ({"message": {"content": ""}, "error": "no"}, ": no"),
]


@pytest.mark.parametrize(("choice", "words"), ERRORS)
async def test_an_answer_that_ends_as_an_error(
    ask: Ask, serve: Serve, screen: RecordingChat, choice: Any, words: str
) -> None:
    document = json.dumps({"choices": [choice | {"finish_reason": "error"}]})
    for body in (document, f"data: {document}\n\n"):
        screen.events.clear()
        server = serve(lambda peer, body=body: peer.reply("200 OK", body))
        assert (await ask(server))[1].endswith(words)
        assert screen.shown(1) == ("half" if "half" in document else "")


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
    chat = talk(server)
    await chat.send(screen.turn(1), "hi")
    await chat.send(screen.turn(2), "hi")
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
    await talk(server, stall_timeout=1.0).send(screen.turn(), "hi")
    assert screen.of("finished") == [(1, "stop")]


async def test_silence_in_the_stream_is_a_stall_too(ask: Ask, serve: Serve) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.wait_for_close()

    code, _, _ = await ask(serve(answer), stall_timeout=0.2)
    assert code == "stall"


FORMS: list[tuple[Any, str]] = [
    ({"error": {"message": "no"}}, "no"),
    ({"error": {"error": {"message": "no"}}}, "no"),
    ({"error": "no"}, "no"),
    ({"message": "no"}, "no"),
    ({"detail": "no"}, "no"),
    ({"detail": [{"loc": ["body"], "msg": "no"}]}, "no"),
    ({"errors": ["no", "never"]}, "no"),
    ([{"error": {"message": "no"}}], "no"),
    ({"error": {"code": 7}}, '{"code": 7}'),
    ("no", "no"),
]


@pytest.mark.parametrize(("form", "words"), FORMS)
async def test_errors_in_any_form(
    ask: Ask, serve: Serve, screen: RecordingChat, form: Any, words: str
) -> None:
    body = form if form == "no" else json.dumps(form)

    def event(peer: Peer) -> None:
        peer.start_stream()
        peer.chunk(f"event: error\ndata: {body}\n\n")
        peer.end()

    server = serve(lambda peer: peer.reply("400 Bad Request", body), event)
    assert (await ask(server))[1].endswith(f": {words}")
    screen.events.clear()
    code, message, _ = await ask(server)
    assert code == "server"
    assert message.endswith(f": {words}")


@pytest.mark.parametrize("body", ["", "{}", "[]", " \n"])
async def test_an_error_without_words(ask: Ask, serve: Serve, body: str) -> None:
    server = serve(lambda peer: peer.reply("401 Unauthorized", body))
    assert (await ask(server))[1].endswith("(401)")


async def test_a_missing_package_is_named_with_the_option(
    ask: Ask, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*arguments: Any) -> None:
        importlib.import_module("no_such_package.part")

    monkeypatch.setattr(client.Client, "ask", fail)
    code, message, remedy = await ask(serve(Peer.wait_for_close))
    assert code == "internal"
    assert "no_such_package" in message
    assert remedy.endswith("--with no_such_package")
