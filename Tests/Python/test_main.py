# SPDX-License-Identifier: Apache-2.0
"""The default script, driven as the host drives it."""

from __future__ import annotations

import asyncio
import importlib.util
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat, eventually
from scripted_server import Peer, Server

from amaru import host

Serve = Callable[..., Server]
Start = Callable[..., "Chat"]
SCRIPT = Path(__file__).parents[2] / "Python" / "main.py"


class Chat:
    """A running script and its screen."""

    def __init__(self, script: Any, screen: RecordingChat) -> None:
        self.script = script
        self.screen = screen
        self.running = asyncio.create_task(script.main())

    def say(self, turn: int, message: str) -> host.Turn:
        with host._enter_turn(turn) as entered:
            assert self.script.sender_message_proxy("placeholder", message) is None
        return entered

    async def until(self, done: Callable[[], Any]) -> None:
        while not done():
            assert not self.running.done()
            await asyncio.sleep(0)

    async def settled(self, turn: host.Turn) -> None:
        await self.until(lambda: turn.settled)


@pytest.fixture
async def start(core: ModuleType, screen: RecordingChat) -> AsyncIterator[Start]:
    chats: list[Chat] = []

    def run(server: Server, plugins: str = "") -> Chat:
        screen.given = {
            "model": "m",
            "base_url": f"{server.origin}/v1",
            "api_key": "placeholder",
            "stall_timeout": "20",
            "plugins": plugins,
        }
        spec = importlib.util.spec_from_file_location("script", SCRIPT)
        assert spec is not None and spec.loader is not None
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        chats.append(Chat(script, screen))
        return chats[-1]

    yield run
    for chat in chats:
        chat.running.cancel()
        with suppress(asyncio.CancelledError):
            await chat.running


def whole(*deltas: str) -> Callable[[Peer], None]:
    return lambda peer: peer.stream(*deltas)


async def test_messages_are_answered_in_order(
    start: Start, screen: RecordingChat, serve: Serve
) -> None:
    chat = start(serve(whole("one"), whole("two")))
    chat.say(1, "a")
    await chat.settled(chat.say(2, "b"))
    assert [event[0] for event in screen.events] == [
        "text",
        "finished",
        "text",
        "finished",
    ]
    assert (screen.shown(1), screen.shown(2)) == ("one", "two")


async def test_the_receiver_survives_failures(
    start: Start, screen: RecordingChat, serve: Serve
) -> None:
    def refuse(peer: Peer) -> None:
        peer.reply("401 Unauthorized", "{}")

    chat = start(serve(refuse, whole("fine")))
    await chat.settled(chat.say(1, "a"))
    await chat.settled(chat.say(2, "b"))
    assert screen.failure[0] == "authentication"
    assert screen.shown(2) == "fine"


async def test_a_cancel_ends_one_turn_and_not_the_next(
    start: Start, screen: RecordingChat, serve: Serve
) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.wait_for_close()

    server = serve(half, whole("fine"))
    chat = start(server)
    first = chat.say(1, "a")
    second = chat.say(2, "b")
    third = chat.say(3, "c")
    host._cancel(2)
    await chat.until(lambda: screen.shown(1))
    host._cancel(1)
    await chat.settled(third)
    assert first.settled and second.settled
    assert screen.of("finished") == [(1, "cancelled"), (2, "cancelled"), (3, "stop")]
    sent = server.received[-1].json()["messages"]
    assert [message["content"] for message in sent] == ["a", "half", "c"]


async def test_commands(
    start: Start, screen: RecordingChat, serve: Serve, tmp_path: Path
) -> None:
    (tmp_path / "dice.py").write_text(
        "from amaru.plugins import hookimpl\n"
        "def roll(arguments):\n"
        '    "Roll a die."\n'
        '    return f"rolled {arguments}"\n'
        "def fail(arguments): 1 / 0\n"
        "@hookimpl\n"
        "def amaru_commands(): return {'roll': roll, 'fail': fail}\n"
    )
    chat = start(serve(whole("fine")), str(tmp_path))
    await chat.settled(chat.say(1, "/roll two dice"))
    await chat.settled(chat.say(2, "/help"))
    await chat.settled(chat.say(3, "/fail"))
    await chat.settled(chat.say(4, "/roll"))
    await chat.settled(chat.say(5, "/etc/hosts is empty, why?"))
    assert screen.shown(1) == "rolled two dice"
    assert "/help: " in screen.shown(2)
    assert "/roll: Roll a die." in screen.shown(2)
    failed = [(turn, code) for turn, code, *_ in screen.of("failed")]
    assert failed == [(3, "plugin"), (4, "plugin")]
    assert screen.shown(5) == "fine"


async def test_the_end_of_main_ends_everything(
    start: Start, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.wait_for_close()

    chat = start(serve(half))
    turn = chat.say(1, "a")
    await chat.until(lambda: screen.shown(1))
    chat.running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await chat.running
    await eventually(lambda: turn.settled)
    assert screen.of("finished") == [(1, "cancelled")]
    assert core.exchanges == {}


def test_the_script_is_small() -> None:
    assert SCRIPT.read_text("utf-8").count("\n") <= 80
