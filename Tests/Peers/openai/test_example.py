# SPDX-License-Identifier: Apache-2.0
"""The example script on the SDK, driven as the host drives it."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat, RecordingTurn, eventually
from scripted_server import Peer, Script, Server

import amaru

SCRIPT = Path(__file__).parents[3] / "Python" / "examples" / "openai_chat.py"
Serve = Callable[..., Server]


class Chat:
    """The running script, and the screen of its turns."""

    def __init__(self, script: Any, screen: RecordingChat) -> None:
        self.script = script
        self.screen = screen

    def say(self, number: int, message: str) -> RecordingTurn:
        turn: RecordingTurn = self.screen.turn(number)
        self.turn = turn
        self.script.sender_message_proxy("placeholder-1", message)
        return turn

    async def ask(self, number: int, message: str) -> None:
        turn = self.say(number, message)
        await eventually(lambda: turn.ended)


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[Server] = []

    def start(*answers: Script) -> Server:
        server = Server()
        server.scripts = [server.recording(answer) for answer in answers]
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.close()


@asynccontextmanager
async def running(server: Server, patch: pytest.MonkeyPatch) -> AsyncIterator[Chat]:
    settings = ChatSettings("small", f"{server.origin}/v1", api_key="placeholder-1")
    patch.setattr(amaru, "settings", lambda: settings)
    patch.setattr(amaru, "current_turn", lambda: chat.turn)
    spec = importlib.util.spec_from_file_location("openai_chat", SCRIPT)
    assert spec is not None and spec.loader is not None
    script: Any = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    chat = Chat(script, RecordingChat())
    task = asyncio.create_task(script.main())
    try:
        yield chat
        assert not task.done()
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await script.client.close()


def whole(*deltas: str) -> Script:
    return lambda peer: peer.stream(*deltas)


def half(peer: Peer) -> None:
    peer.start_stream()
    peer.delta("half an")
    peer.wait_for_close()


def contents(server: Server) -> list[str]:
    messages = server.received[-1].json()["messages"]
    return [message["content"] for message in messages]


def test_answers_stream_and_are_remembered(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        server = serve(whole("Hel", "lo"), whole("again"))
        async with running(server, monkeypatch) as chat:
            pool = chat.script.client._client._transport._pool
            assert type(pool._amaru_pool).__module__.startswith("amaru.")
            await chat.ask(1, "hi")
            await chat.ask(2, "and now")
            texts = [event for event in chat.screen.of("text") if event[1]]
            assert texts == [(1, "Hel"), (1, "lo"), (2, "again")]
            assert chat.screen.of("finished") == [(1, "stop"), (2, "stop")]
            assert chat.screen.drains >= 3
            assert contents(server) == ["hi", "Hello", "and now"]
            sent = server.received[0].headers["authorization"]
            assert sent == "Bearer placeholder-1"

    asyncio.run(run())


def test_an_answer_survives_a_cancel(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        server = serve(half, whole("fine"))
        async with running(server, monkeypatch) as chat:
            turn = chat.say(1, "one")
            lost = chat.say(2, "lost")
            await eventually(lambda: chat.screen.shown(1))
            lost.cancel()
            turn.cancel()
            await chat.ask(3, "two")
            assert chat.screen.of("cancelled") == [(2,), (1,)]
            assert chat.screen.shown(3) == "fine"
            assert contents(server) == ["one", "half an", "two"]

    asyncio.run(run())


def test_a_failure_ends_its_turn_and_not_the_chat(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def run() -> None:
        refusal = '{"error": {"message": "no such key"}}'
        server = serve(
            lambda peer: peer.reply("401 Unauthorized", refusal), whole("fine")
        )
        async with running(server, monkeypatch) as chat:
            await chat.ask(1, "one")
            await chat.ask(2, "two")
            assert "no such key" in chat.screen.failure[1]
            assert chat.screen.shown(2) == "fine"
            assert contents(server) == ["two"]

    asyncio.run(run())


def test_a_broken_answer_is_kept_as_far_as_it_was_shown(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")

    async def run() -> None:
        server = serve(cut, whole("fine"))
        async with running(server, monkeypatch) as chat:
            await chat.ask(1, "one")
            await chat.ask(2, "two")
            assert chat.screen.failure[0] == "openai"
            assert contents(server) == ["one", "half", "two"]

    asyncio.run(run())


def test_the_script_is_small() -> None:
    assert SCRIPT.read_text("utf-8").count("\n") <= 60
