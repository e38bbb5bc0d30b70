# SPDX-License-Identifier: Apache-2.0
"""How much of an answer is read, kept and waited for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from recording_chat import RecordingChat, eventually
from scripted_server import Peer, Serve, whole

from amaru.chat import Conversation

Talk = Callable[..., Conversation]


async def test_a_connection_is_read_to_its_end_after_done(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    await talk(serve(whole("fine"))).send(screen.turn(1), "hi")
    assert core.cancels == []


async def test_the_readers_hold_up_the_server(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def endless(peer: Peer) -> None:
        peer.start_stream()
        while True:
            peer.delta("x" * 1000)

    screen.room.clear()
    turn = screen.turn()
    task = asyncio.create_task(talk(serve(endless), stall_timeout=1).send(turn, "hi"))
    turn.bind(task)
    await eventually(lambda: screen.drains)
    # Waiting for the readers is not a stall of the server.
    await asyncio.sleep(1.2)
    assert screen.drains == 1 and not turn.ended
    turn.cancel()
    await asyncio.wait([task])
    assert screen.of("cancelled") == [(1,)]


async def test_a_turn_that_the_host_has_ended_is_not_read_on(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    def endless(peer: Peer) -> None:
        peer.start_stream()
        while True:
            peer.delta("x")

    turn = screen.turn()
    chat = talk(serve(endless))
    task = asyncio.create_task(chat.send(turn, "hi"))
    await eventually(lambda: screen.of("text"))
    turn.failed("host", "no more", "")
    await task
    assert core.exchanges == {}
    assert chat.messages[-1]["content"] == screen.shown(1)


async def test_only_what_was_shown_is_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    chat = talk(serve(whole("a", "b")))
    turn = screen.turn()
    turn.cancelled()
    await chat.send(turn, "hi")
    assert chat.messages == []


async def test_an_answer_is_bounded(
    talk: Talk,
    screen: RecordingChat,
    serve: Serve,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def endless(peer: Peer) -> None:
        peer.start_stream()
        while True:
            peer.delta("x" * 999, reasoning="y")

    monkeypatch.setattr("amaru.chat.conversation.LIMIT", 100_000)
    chat = talk(serve(endless))
    await chat.send(screen.turn(), "hi")
    assert screen.failure[0] == "incomplete"
    assert "longer than 16 MiB" in screen.failure[1]
    assert len(screen.shown(1)) == 99_900
    assert len(chat.messages[-1]["content"]) == 99_900


async def test_tool_calls_are_bounded_too(
    talk: Talk, screen: RecordingChat, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    def endless(peer: Peer) -> None:
        peer.start_stream()
        for index in range(10**9):
            peer.delta("", tool_calls=[{"index": index}])

    monkeypatch.setattr("amaru.chat.conversation.LIMIT", 10_000)
    await talk(serve(endless)).send(screen.turn(), "hi")
    assert screen.failure[0] == "incomplete"
