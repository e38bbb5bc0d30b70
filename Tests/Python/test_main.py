# SPDX-License-Identifier: Apache-2.0
"""The default script, driven as the host drives it."""

from __future__ import annotations

import asyncio
import importlib.util
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat, RecordingTurn, eventually
from scripted_server import Peer, Serve, Server

import amaru

Start = Callable[..., "Chat"]
SCRIPT = Path(__file__).parents[2] / "Python" / "main.py"


class Chat:
    """A running script and its screen."""

    def __init__(self, script: Any, screen: RecordingChat) -> None:
        self.script = script
        self.screen = screen
        self.running = asyncio.create_task(script.main())

    def say(self, number: int, message: str) -> RecordingTurn:
        turn: RecordingTurn = self.screen.turn(number)
        self.turn = turn
        assert self.script.sender_message_proxy("placeholder", message) is None
        return turn

    async def until(self, done: Callable[[], Any]) -> None:
        while not done():
            assert not self.running.done()
            await asyncio.sleep(0)

    async def settled(self, turn: RecordingTurn) -> None:
        await self.until(lambda: turn.ended)


@pytest.fixture
async def start(
    core: ModuleType, screen: RecordingChat, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Start]:
    chats: list[Chat] = []

    def run(
        server: Server, plugins: str = "", *, terminal: bool = True, **others: Any
    ) -> Chat:
        options = {"plugins": plugins, "terminal": terminal, **others}
        settings = ChatSettings("m", f"{server.origin}/v1", **options)
        monkeypatch.setattr(amaru, "settings", lambda: settings)
        monkeypatch.setattr(amaru, "current_turn", lambda: chats[-1].turn)
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


def has_asked(server: Server, message: str) -> bool:
    return any(r.json()["messages"][-1]["content"] == message for r in server.received)


async def test_messages_with_their_own_history_are_answered_at_once(
    start: Start, screen: RecordingChat, serve: Serve
) -> None:
    go_on = threading.Event()

    def late(peer: Peer) -> None:
        assert go_on.wait(20)
        peer.stream("late")

    server = serve(late, whole("soon"))
    chat = start(server)
    turns = [screen.turn(number) for number in range(2)]
    for turn, name in zip(turns, "ab", strict=True):
        turn.history = [(f"{name}?", f"{name}.", [])]
        chat.turn = turn
        chat.script.sender_message_proxy("placeholder", name)
        await chat.until(partial(has_asked, server, name))
    await chat.settled(turns[1])
    assert not turns[0].ended
    go_on.set()
    await chat.settled(turns[0])
    assert (screen.shown(0), screen.shown(1)) == ("late", "soon")
    asked = [[m["content"] for m in r.json()["messages"]] for r in server.received]
    assert asked == [["a?", "a.", "a"], ["b?", "b.", "b"]]


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
    second.cancel()
    await chat.until(lambda: screen.shown(1))
    first.cancel()
    await chat.settled(third)
    assert first.ended and second.ended
    assert screen.of("cancelled") == [(2,), (1,)]
    assert screen.of("finished") == [(3, "stop")]
    sent = server.received[-1].json()["messages"]
    assert [message["content"] for message in sent] == ["a", "half", "c"]


class Dice:
    """Plugins with two commands, one of which fails."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.loaded = False

    async def load(self) -> None:
        await asyncio.sleep(0)
        self.loaded = True

    def commands(self) -> dict[str, Any]:
        assert self.loaded
        summaries = {"roll": "Roll a die.", "fail": ""}
        return {
            name: SimpleNamespace(name=name, plugin="dice", summary=summary)
            for name, summary in summaries.items()
        }

    async def run(self, command: Any, arguments: str) -> str:
        if command.name == "fail":
            raise RuntimeError("/fail failed: dice.py:3: ZeroDivisionError")
        return f"rolled {arguments}"

    async def filter(self, what: str, text: str, turn: Any) -> str:
        if what == "message":
            return f"{text} ({self.folder})"
        return text.upper() if what == "chunk" else text


@pytest.fixture
def dice(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr("amaru.plugins.Plugins", Dice)
    return "my folder"


async def test_commands(
    start: Start, screen: RecordingChat, serve: Serve, dice: str
) -> None:
    server = serve(whole("fine"))
    chat = start(server, dice)
    await chat.settled(chat.say(1, "/roll two dice"))
    await chat.settled(chat.say(2, "/help"))
    await chat.settled(chat.say(3, "/fail"))
    await chat.settled(chat.say(4, "/nothing"))
    await chat.settled(chat.say(5, "/etc/hosts is empty, why?"))
    assert screen.shown(1) == "rolled two dice"
    assert "/help: " in screen.shown(2)
    assert "/roll: Roll a die." in screen.shown(2)
    assert "/fail: of the plugin dice" in screen.shown(2)
    failed = [(turn, code) for turn, code, *_ in screen.of("failed")]
    assert failed == [(3, "plugin"), (4, "plugin")]
    assert screen.shown(5) == "FINE"
    said = server.received[0].json()["messages"][0]["content"]
    assert said == "/etc/hosts is empty, why? (my folder)"


async def test_help_lists_the_commands_of_the_host(
    start: Start, screen: RecordingChat, serve: Serve, tmp_path: Path
) -> None:
    chat = start(serve(), commands={"undo": "take it back"})
    await chat.settled(chat.say(1, "/help"))
    assert screen.shown(1) == "/help: show this\n/undo: take it back"


async def test_without_plugins_there_is_only_help(
    start: Start, screen: RecordingChat, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "amaru.plugins", None)
    chat = start(serve(whole("fine")))
    await chat.settled(chat.say(1, "/help"))
    await chat.settled(chat.say(2, "/roll"))
    assert screen.shown(1) == "/help: show this"
    assert screen.failure[0] == "plugin"
    assert chat.script.command_names == ["help"]


async def test_commands_are_named_for_completion(
    start: Start,
    screen: RecordingChat,
    serve: Serve,
    dice: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from amaru import _script

    chat = start(serve(whole("fine")), dice)
    await chat.settled(chat.say(1, "/help"))
    monkeypatch.setitem(sys.modules, "__main__", chat.script)
    assert _script.command_names() == ["help", "roll", "fail"]
    monkeypatch.setattr(chat.script, "command_names", "a script's own")
    assert _script.command_names() == []


@pytest.mark.parametrize("message", ["/help", "/tmp is full, what now?"])
async def test_away_from_a_terminal_a_slash_word_is_a_message(
    start: Start, screen: RecordingChat, serve: Serve, message: str
) -> None:
    server = serve(whole("fine"))
    chat = start(server, terminal=False)
    await chat.settled(chat.say(1, message))
    assert screen.shown(1) == "fine"
    assert server.received[0].json()["messages"][0]["content"] == message


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
    await eventually(lambda: turn.ended)
    assert screen.of("cancelled") == [(1,)]
    assert core.exchanges == {}


def test_nothing_is_imported_that_an_answer_does_not_need() -> None:
    code = (
        "import sys; from types import ModuleType\n"
        "for name in ('_amaru_http', '_amaru_chat'):\n"
        "    sys.modules[name] = ModuleType(name)\n"
        "import asyncio, json, amaru.host\n"
        "known = set(sys.modules)\n"
        "import main\n"
        "print(*sorted(set(sys.modules) - known))"
    )
    done = subprocess.run(
        [sys.executable, "-B", "-S", "-c", code],
        cwd=SCRIPT.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    names = ("answer", "client", "conversation", "waiting")
    modules = [f"amaru.chat.{name}" for name in names]
    assert done.stdout.split() == ["amaru.chat", *modules, "main"]


def test_the_script_is_small() -> None:
    assert SCRIPT.read_text("utf-8").count("\n") <= 92
