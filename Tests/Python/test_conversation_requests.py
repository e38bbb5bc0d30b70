# SPDX-License-Identifier: Apache-2.0
"""Turns of those who send a whole conversation with each request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from recording_chat import RecordingChat
from scripted_server import Serve, contents, whole

from amaru.chat import Conversation

Talk = Callable[..., Conversation]


REQUEST = [
    {"role": "user", "content": "weather?"},
    {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]},
    {"role": "tool", "tool_call_id": "1", "content": "sunny"},
]


async def test_a_request_goes_out_as_it_came_and_is_not_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("fine"), whole("hello"))
    chat = talk(server, system="be brief", options={"top_p": 1, "seed": 1})
    turn = screen.turn(1)
    turn.messages, turn.options = REQUEST, {"temperature": 0.5, "seed": 2}
    await chat.send(turn, "weather?", [("lost", "gone", [])])
    sent = server.received[0].json()
    assert sent["messages"] == [{"role": "system", "content": "be brief"}, *REQUEST]
    assert (sent["temperature"], sent["top_p"], sent["seed"]) == (0.5, 1, 2)
    assert screen.of("finished") == [(1, "stop")]
    await chat.send(screen.turn(2), "hi")
    assert contents(server) == [("system", "be brief"), ("user", "hi")]
    assert "temperature" not in server.received[1].json()


@pytest.mark.parametrize("role", ["system", "developer"])
async def test_the_system_message_of_a_request_is_the_only_one(
    talk: Talk, screen: RecordingChat, serve: Serve, role: str
) -> None:
    server = serve(whole("fine"))
    turn = screen.turn(1)
    turn.messages = [{"role": role, "content": "rhyme"}, *REQUEST[:1]]
    await talk(server, system="be brief").send(turn, "weather?")
    assert contents(server) == [(role, "rhyme"), ("user", "weather?")]


async def test_a_plugin_sees_the_question_of_a_request(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    async def filter(kind: str, text: str, turn: Any) -> str:
        return text.upper()

    server = serve(whole("fine"))
    turn = screen.turn(1)
    turn.messages = REQUEST[:1]
    await talk(server, filter).send(turn, "weather?")
    assert contents(server) == [("user", "WEATHER?")]
    assert screen.shown(1) == "FINE"
    assert turn.messages == [{"role": "user", "content": "weather?"}]


async def test_a_request_that_fails_ends_its_turn(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(lambda peer: peer.reply("401 Unauthorized", "{}"))
    turn = screen.turn(1)
    turn.messages = REQUEST[:1]
    await talk(server).send(turn, "weather?")
    assert screen.failure[0] == "authentication"
