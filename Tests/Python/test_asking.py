# SPDX-License-Identifier: Apache-2.0
"""``amaru.chat``: any script asks the configured model."""

from __future__ import annotations

import pydoc
import threading
from collections.abc import Callable
from typing import Any

import pytest
from recording_chat import RecordingChat
from scripted_server import Peer, Serve, Server, contents, whole

import amaru
from amaru import _current

pytestmark = pytest.mark.usefixtures("core")
Start = Callable[..., Server]
OPTIONS = {"user": '"a"', "top_p": "1"}


@pytest.fixture
def start(screen: RecordingChat, serve: Serve) -> Start:
    """Serve, and point the settings of the run there."""

    def point(*answers: Callable[[Peer], None], **given: Any) -> Server:
        server = serve(*answers)
        screen.given = {"model": "m", "base_url": f"{server.origin}/v1", **given}
        return server

    return point


async def test_the_answer_is_awaited(start: Start, screen: RecordingChat) -> None:
    server = start(whole("Hel", "lo"))
    assert await amaru.chat("hi") == "Hello"
    assert contents(server) == [("user", "hi")]
    assert screen.events == []


async def test_the_answer_comes_in_pieces(start: Start) -> None:
    go_on = threading.Event()

    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("a", reasoning="hm")
        assert go_on.wait(20)
        peer.delta("b", "stop")
        peer.event({"usage": {"prompt_tokens": 1, "completion_tokens": 2}})
        peer.event("[DONE]")
        peer.end()

    start(answer)
    question = amaru.chat("hi")
    pieces = []
    async for piece in question:
        pieces.append(piece)
        go_on.set()
    assert pieces == ["a", "b"]
    assert question.text == "ab"
    assert question.reasoning == "hm"
    assert question.finish_reason == "stop"
    assert question.usage == amaru.Usage(1, 2)


async def test_history_system_model_options_and_files(start: Start) -> None:
    server = start(whole("fine"), options=OPTIONS, system="default")
    history = [{"role": "user", "content": "1"}, {"role": "assistant", "content": "2"}]
    await amaru.chat(
        "3",
        history=history,
        system="brief",
        model="big",
        temperature=0,
        top_p=0.5,
        attachments=[amaru.Attachment("a.txt", "text/plain", b"x")],
    )
    assert contents(server) == [
        ("system", "brief"),
        ("user", "1"),
        ("assistant", "2"),
        ("user", '<file name="a.txt">\nx\n</file>\n\n3'),
    ]
    request = server.received[0].json()
    fields = [request[name] for name in ("model", "temperature", "user", "top_p")]
    assert fields == ["big", 0, "a", 0.5]
    assert len(history) == 2


async def test_the_configured_system_prompt_is_the_default(start: Start) -> None:
    server = start(whole("fine"), whole("fine"), system="default")
    await amaru.chat("3")
    assert contents(server) == [("system", "default"), ("user", "3")]
    await amaru.chat([{"role": "system", "content": "own"}])
    assert contents(server) == [("system", "own")]


async def test_tool_calls_and_the_reply_for_a_history(start: Start) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        call = {"index": 0, "id": "c1", "function": {"name": "f", "arguments": "{"}}
        peer.delta("", tool_calls=[call])
        peer.delta("", tool_calls=[{"index": 0, "function": {"arguments": "}"}}])
        peer.delta("", "tool_calls")
        peer.event("[DONE]")
        peer.end()

    server = start(answer)
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    question = amaru.chat("hi", tools=[tool])
    assert await question == ""
    assert question.tool_calls == [amaru.ToolCall("c1", "f", "{}")]
    function = {"name": "f", "arguments": "{}"}
    assert question.reply == {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "c1", "type": "function", "function": function}],
    }
    assert server.received[0].json()["tools"] == [tool]


async def test_an_answer_by_a_schema_is_a_value(start: Start) -> None:
    start(whole('{"a": 1}'), whole('{"a": "x"}'))
    wanted = {"properties": {"a": {"type": "integer"}}}
    question = amaru.chat("hi", schema=wanted)
    await question
    assert question.value == {"a": 1}
    with pytest.raises(amaru.ChatError, match='/a: "x" is not of the type integer'):
        await amaru.chat("hi", schema=wanted)
    with pytest.raises(amaru.ChatError, match="no type 'text'"):
        await amaru.chat("hi", schema={"type": "text"})


async def test_a_fault_is_one_public_error(start: Start) -> None:
    server = start(lambda peer: peer.reply("401 No", '{"error": {"message": "bad"}}'))
    with pytest.raises(amaru.ChatError) as caught:
        await amaru.chat("hi")
    assert caught.value.code == "authentication"
    assert caught.value.message.startswith(f"{server.origin} ")
    assert str(caught.value) == f"{caught.value.message}: {caught.value.remedy}"


async def test_a_fault_says_when_to_ask_again(start: Start) -> None:
    start(lambda peer: peer.reply("429 Slow", "{}", Retry_After="70"))
    with pytest.raises(amaru.ChatError) as caught:
        await amaru.chat("hi")
    assert caught.value.retry_after == 70


async def test_what_came_before_a_fault_is_kept(start: Start) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half")
        peer.end()

    start(answer)
    question = amaru.chat("hi")
    with pytest.raises(amaru.ChatError, match="ended before it was finished"):
        await question
    assert question.text == "half"


async def test_without_a_key_it_says_so(start: Start) -> None:
    server = start(whole("fine"), needs_key=True)
    with pytest.raises(amaru.ChatError) as caught:
        await amaru.chat("hi")
    assert caught.value.code == "authentication"
    assert str(caught.value).startswith(f"there is no key for {server.origin}: set ")
    assert not server.received


async def test_outside_the_host_it_says_so() -> None:
    with pytest.raises(amaru.ChatError, match="only inside the amaru host"):
        await amaru.chat("hi")


async def test_a_question_is_asked_once(start: Start) -> None:
    start(whole("fine"))
    question = amaru.chat("hi")
    await question
    with pytest.raises(RuntimeError, match="make another one"):
        await question


def refusing(peer: Peer) -> None:
    peer.reply("503 Busy", "{}", Retry_After_Ms="1")


async def test_trying_again_is_a_notice_or_an_event_of_the_turn(
    start: Start, screen: RecordingChat
) -> None:
    start(refusing, whole("fine"), refusing, whole("fine"))
    assert await amaru.chat("hi") == "fine"
    [(notice,)] = screen.of("notice")
    assert notice.endswith("failed (503); trying again in 0.0 s (1 of 2)")
    token = _current.turn.set(screen.turn(4))
    try:
        assert await amaru.chat("hi") == "fine"
    finally:
        _current.turn.reset(token)
    [(turn, *_)] = screen.of("retrying")
    assert turn == 4


def test_the_help_of_the_package_is_that_of_the_function() -> None:
    text = pydoc.plain(pydoc.render_doc(amaru.chat))
    assert "amaru.chat - Ask the configured model." in text
    assert "amaru.chat(message: " in text
    assert "`schema` is a JSON schema that the answer must fit" in text
