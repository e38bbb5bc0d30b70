# SPDX-License-Identifier: Apache-2.0
"""The real openai SDK over the core against a real server: turns and history."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat, eventually
from scripted_server import Peer, Server

from amaru.chat import Conversation
from amaru.host import Settings, Turn

Serve = Callable[..., Server]
Talk = Callable[..., Conversation]


@pytest.fixture
async def talk(core: ModuleType, screen: RecordingChat) -> AsyncIterator[Talk]:
    """Make conversations with a server; they are closed afterwards."""
    made: list[Conversation] = []

    def make(server: Server, filters: Any = None, **options: Any) -> Conversation:
        values: dict[str, Any] = {
            "stall_timeout": 20.0,
            "api_key": "placeholder-1",
        } | options
        base_url = f"{server.origin}/v1"
        settings = Settings("small", base_url, **values)
        made.append(Conversation(settings, filters=filters))
        return made[-1]

    yield make
    for conversation in made:
        await conversation.aclose()


def whole(*deltas: str) -> Callable[[Peer], None]:
    return lambda peer: peer.stream(*deltas)


def contents(server: Server, request: int = -1) -> list[tuple[str, str]]:
    messages = server.received[request].json()["messages"]
    return [(message["role"], message["content"]) for message in messages]


async def test_a_turn_streams_and_is_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("Hel", "lo"), whole("again"))
    chat = talk(server, system="be brief")
    await chat.send(Turn(1), "hi")
    await chat.send(Turn(2), "and now")
    assert screen.of("text") == [(1, "Hel"), (1, "lo"), (2, "again")]
    assert screen.of("finished") == [(1, "stop"), (2, "stop")]
    assert contents(server) == [
        ("system", "be brief"),
        ("user", "hi"),
        ("assistant", "Hello"),
        ("user", "and now"),
    ]
    first = server.received[0]
    assert first.target == "/v1/chat/completions"
    assert first.headers["authorization"] == "Bearer placeholder-1"
    assert first.json()["stream_options"] == {"include_usage": True}


async def test_deltas_are_shown_as_they_arrive(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("first")
        assert go_on.wait(20)
        peer.delta("second", "stop")
        peer.event("[DONE]")
        peer.end()

    task = asyncio.create_task(talk(serve(answer)).send(Turn(1), "hi"))
    await eventually(lambda: screen.of("text"))
    assert screen.of("text") == [(1, "first")]
    go_on.set()
    await task
    assert screen.shown(1) == "firstsecond"


@pytest.mark.parametrize(
    "message",
    ['it\'s "quoted"', "two\nlines\r\n", "\N{GRINNING FACE} grün", "x" * 100_000],
    ids=["quotes", "lines", "emoji", "long"],
)
async def test_messages_arrive_exactly_and_come_back_exactly(
    talk: Talk, screen: RecordingChat, serve: Serve, message: str
) -> None:
    server = serve(whole(message))
    await talk(server).send(Turn(1), message)
    assert contents(server) == [("user", message)]
    assert screen.shown(1) == message


async def test_lone_surrogates_are_replaced_in_both_directions(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("b\udfffc"))
    await talk(server).send(Turn(1), "a\ud800b")
    assert contents(server) == [("user", "a�b")]
    assert screen.shown(1) == "b�c"


async def test_reasoning_tools_and_usage_are_reported(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def call(index: int, name: str | None, arguments: str) -> dict[str, Any]:
        return {"index": index, "function": {"name": name, "arguments": arguments}}

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("", reasoning_content="hm")
        peer.delta("", reasoning="mm")
        peer.delta("", tool_calls=[call(0, "look", '{"a"'), call(1, "run", "{")])
        peer.delta("", tool_calls=[call(0, None, ":1}"), call(1, None, "}")])
        peer.delta("done", "tool_calls")
        usage = {"prompt_tokens": 3, "completion_tokens": 5}
        peer.event({"choices": [], "usage": usage})
        peer.event("[DONE]")
        peer.end()

    await talk(serve(answer)).send(Turn(1), "hi")
    assert screen.of("reasoning") == [(1, "hm"), (1, "mm")]
    assert screen.of("tool_call") == [(1, "look", '{"a":1}'), (1, "run", "{}")]
    assert screen.of("usage") == [(1, 3, 5)]
    assert screen.of("finished") == [(1, "tool_calls")]


async def test_an_answer_cut_by_length_says_so(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("to be", "length")
        peer.end()

    await talk(serve(answer)).send(Turn(1), "hi")
    assert screen.of("finished") == [(1, "length")]


async def test_a_server_without_stream_options_is_asked_again_without(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def refuse(peer: Peer) -> None:
        error = {"error": {"message": "Unrecognized field: stream_options"}}
        peer.reply("400 Bad Request", json.dumps(error))

    server = serve(refuse, whole("fine"), whole("still"))
    chat = talk(server)
    await chat.send(Turn(1), "hi")
    await chat.send(Turn(2), "more")
    assert screen.shown(1) == "fine"
    asked = ["stream_options" in received.json() for received in server.received]
    assert asked == [True, False, False]


async def test_a_cancelled_turn_keeps_what_came(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half an")
        peer.wait_for_close()

    server = serve(half, whole("more"))
    chat = talk(server)
    turn = Turn(1)
    task = asyncio.create_task(chat.send(turn, "hi"))
    turn.bind(task)
    await eventually(lambda: screen.of("text"))
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert screen.of("finished") == [(1, "cancelled")]
    assert core.exchanges == {}
    assert chat.history.messages[-1].interrupted
    await chat.send(Turn(2), "go on")
    assert contents(server) == [
        ("user", "hi"),
        ("assistant", "half an"),
        ("user", "go on"),
    ]


async def test_a_turn_cancelled_before_any_text_leaves_no_trace(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    arrived = threading.Event()

    def silent(peer: Peer) -> None:
        arrived.set()
        peer.wait_for_close()

    server = serve(silent, whole("fine"))
    chat = talk(server)
    task = asyncio.create_task(chat.send(Turn(1), "lost"))
    await asyncio.to_thread(arrived.wait, 20)
    task.cancel()
    await asyncio.wait([task])
    assert screen.of("finished") == [(1, "cancelled")]
    await chat.send(Turn(2), "kept")
    assert contents(server) == [("user", "kept")]


async def test_a_failed_turn_without_text_is_not_sent_again(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(lambda peer: peer.reply("401 Unauthorized", "{}"), whole("fine"))
    chat = talk(server)
    await chat.send(Turn(1), "lost")
    await chat.send(Turn(2), "kept")
    assert contents(server) == [("user", "kept")]


async def test_a_failed_turn_with_text_is_kept(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def cut(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.end()

    server = serve(cut, whole("fine"))
    chat = talk(server)
    await chat.send(Turn(1), "one")
    assert screen.failure[0] == "incomplete"
    await chat.send(Turn(2), "two")
    assert contents(server) == [
        ("user", "one"),
        ("assistant", "half"),
        ("user", "two"),
    ]


async def test_an_empty_answer_is_finished_and_not_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    chat = talk(serve(whole()))
    await chat.send(Turn(1), "hi")
    assert screen.of("finished") == [(1, "stop")]
    assert len(chat.history) == 0


async def test_two_turns_at_once_are_asked_in_turn(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("a"), whole("b"))
    chat = talk(server)
    await asyncio.gather(chat.send(Turn(1), "one"), chat.send(Turn(2), "two"))
    assert contents(server) == [("user", "one"), ("assistant", "a"), ("user", "two")]


async def test_filters_change_message_pieces_and_answer(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    class Loud:
        def message(self, text: str, turn: Turn) -> str:
            return text.upper()

        def chunk(self, text: str, turn: Turn) -> str:
            return text.title()

        def answer(self, text: str, turn: Turn) -> str:
            return text + "!"

    server = serve(whole("well", " said"), whole("."))
    chat = talk(server, Loud())
    await chat.send(Turn(1), "hi")
    assert screen.shown(1) == "Well Said!"
    await chat.send(Turn(2), "more")
    assert contents(server) == [
        ("user", "HI"),
        ("assistant", "Well Said!"),
        ("user", "MORE"),
    ]


async def test_the_sdk_does_not_look_for_the_platform(
    talk: Talk,
    screen: RecordingChat,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []
    monkeypatch.setattr("openai._base_client.get_platform", lambda: looked.append("x"))
    server = serve(whole("fine"))
    await talk(server).send(Turn(1), "hi")
    assert screen.shown(1) == "fine"
    assert looked == []
    assert server.received[0].headers["x-stainless-os"] != "None"


async def test_a_connection_is_read_to_its_end_after_done(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    await talk(serve(whole("fine"))).send(Turn(1), "hi")
    assert core.cancels == []
