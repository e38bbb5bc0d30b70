# SPDX-License-Identifier: Apache-2.0
"""The chat over the core against a real server: turns and history."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from recording_chat import ChatSettings, RecordingChat, RecordingTurn, eventually
from scripted_server import Peer, Serve, contents, whole

from amaru import Attachment, host
from amaru.chat import Conversation

Talk = Callable[..., Conversation]


async def test_a_turn_streams_and_is_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("Hel", "lo"), whole("again"))
    chat = talk(server, system="be brief")
    await chat.send(screen.turn(1), "hi")
    await chat.send(screen.turn(2), "and now")
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

    task = asyncio.create_task(talk(serve(answer)).send(screen.turn(1), "hi"))
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
    await talk(server).send(screen.turn(1), message)
    assert contents(server) == [("user", message)]
    assert screen.shown(1) == message


async def test_lone_surrogates_are_replaced_in_both_directions(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("b\udfffc"))
    await talk(server).send(screen.turn(1), "a\ud800b")
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

    await talk(serve(answer)).send(screen.turn(1), "hi")
    assert screen.of("reasoning") == [(1, "hm"), (1, "mm")]
    assert screen.of("tool_call") == [(1, "look", '{"a":1}'), (1, "run", "{}")]
    (said,) = screen.of("notice")
    assert said[-1].endswith('a chat has none: look({"a":1}), run({})')
    assert screen.of("usage") == [(1, 3, 5)]
    assert screen.of("finished") == [(1, "tool_calls")]


@pytest.mark.parametrize("reason", ["length", "content_filter"])
async def test_an_answer_that_was_cut_says_so(
    talk: Talk, screen: RecordingChat, serve: Serve, reason: str
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("to be", reason)
        peer.end()

    await talk(serve(answer)).send(screen.turn(), "hi")
    assert [event[0] for event in screen.events] == ["text", "notice", "finished"]
    assert "cut short" in screen.of("notice")[0][1]
    assert screen.of("finished") == [(1, reason)]


@pytest.mark.parametrize("reason", ["\ud800", "two words", "x" * 10_000, 7, ["stop"]])
async def test_an_odd_reason_ends_the_turn_all_the_same(
    talk: Talk, screen: RecordingChat, serve: Serve, reason: Any
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("fine", reason)
        peer.event("[DONE]")
        peer.end()

    await talk(serve(answer)).send(screen.turn(), "hi")
    ((_, said),) = screen.of("finished")
    assert said in ("stop", "x" * 64)


@pytest.mark.usefixtures("core")
async def test_a_server_without_stream_options_is_asked_again_without(
    screen: RecordingChat, serve: Serve
) -> None:
    def refuse(peer: Peer) -> None:
        error = {"error": {"message": "Unrecognized field: stream_options"}}
        peer.reply("400 Bad Request", json.dumps(error))

    server = serve(refuse, *[whole("fine")] * 4)
    first, other = (
        host.Settings(model="m", base_url=one.origin)
        for one in (server, serve(whole("other")))
    )
    chat = Conversation(first)
    await chat.send(screen.turn(1), "hi")
    await chat.send(screen.turn(2), "more")
    await chat.send(screen.turn(3), "more", settings=other)
    await chat.send(screen.turn(4), "more", settings=first)
    request = screen.turn(5)
    request.messages = [{"role": "user", "content": "more"}]
    await chat.send(request, "more")
    assert screen.shown(1) == "fine"
    asked = ["stream_options" in received.json() for received in server.received]
    assert asked == [True, False, False, False, False]


async def test_a_cancelled_turn_keeps_what_came(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    def half(peer: Peer) -> None:
        peer.start_stream()
        peer.delta("half an")
        peer.wait_for_close()

    server = serve(half, whole("more"))
    chat = talk(server)
    turn = screen.turn(1)
    task = asyncio.create_task(chat.send(turn, "hi"))
    turn.bind(task)
    await eventually(lambda: screen.of("text"))
    turn.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert screen.of("cancelled") == [(1,)]
    assert core.exchanges == {}
    await chat.send(screen.turn(2), "go on")
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
    task = asyncio.create_task(chat.send(screen.turn(1), "lost"))
    await asyncio.to_thread(arrived.wait, 20)
    task.cancel()
    await asyncio.wait([task])
    assert screen.of("cancelled") == [(1,)]
    await chat.send(screen.turn(2), "kept")
    assert contents(server) == [("user", "kept")]


async def test_a_failed_turn_without_text_is_not_sent_again(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(lambda peer: peer.reply("401 Unauthorized", "{}"), whole("fine"))
    chat = talk(server)
    await chat.send(screen.turn(1), "lost")
    await chat.send(screen.turn(2), "kept")
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
    await chat.send(screen.turn(1), "one")
    assert screen.failure[0] == "incomplete"
    await chat.send(screen.turn(2), "two")
    assert contents(server) == [
        ("user", "one"),
        ("assistant", "half"),
        ("user", "two"),
    ]


async def test_an_empty_answer_is_finished_and_not_remembered(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    chat = talk(serve(whole()))
    await chat.send(screen.turn(1), "hi")
    assert screen.of("finished") == [(1, "stop")]
    assert chat.messages == []


async def test_a_turn_may_go_on_from_another_history(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(*(whole(answer) for answer in ("one", "two", "three")))
    chat = talk(server, system="be brief")
    await chat.send(screen.turn(1), "a")
    await chat.send(screen.turn(2), "b", [("before", "this", [])])
    begin = [("system", "be brief"), ("user", "before"), ("assistant", "this")]
    assert contents(server) == [*begin, ("user", "b")]
    await chat.send(screen.turn(3), "c")
    assert contents(server)[3:] == [("user", "b"), ("assistant", "two"), ("user", "c")]
    chat.rewind([])
    assert chat.messages == [{"role": "system", "content": "be brief"}]


async def test_a_former_question_keeps_its_files(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("one"))
    file = Attachment("a.txt", "text/plain", b"inside")
    await talk(server).send(screen.turn(1), "b", [("before", "this", [file])])
    asked = contents(server)[0][1]
    assert asked == '<file name="a.txt">\ninside\n</file>\n\nbefore'


async def test_another_model_and_server_go_on_with_what_was_said(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server, other = serve(whole("one"), whole("two")), serve(whole("three"))
    chat = talk(server, system="be brief")
    await chat.send(screen.turn(1), "a")
    settings: Any = ChatSettings("larger", f"{server.origin}/v1")
    await chat.send(screen.turn(2), "b", settings=settings)
    assert server.received[1].json()["model"] == "larger"
    said = [("user", "a"), ("assistant", "one"), ("user", "b")]
    assert contents(server) == said
    settings = ChatSettings("small", f"{other.origin}/v1", system="be long")
    await chat.send(screen.turn(3), "c", settings=settings)
    rest = [("assistant", "two"), ("user", "c")]
    assert contents(other) == [("system", "be long"), *said, *rest]


async def test_two_turns_at_once_are_asked_in_turn(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    server = serve(whole("a"), whole("b"))
    chat = talk(server)
    await asyncio.gather(
        chat.send(screen.turn(1), "one"), chat.send(screen.turn(2), "two")
    )
    assert contents(server) == [("user", "one"), ("assistant", "a"), ("user", "two")]


async def test_filters_change_message_pieces_and_answer(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    async def loud(what: str, text: str, turn: RecordingTurn) -> str:
        changed = {"message": text.upper(), "chunk": text.title(), "answer": text + "!"}
        return changed[what]

    server = serve(whole("well", " said"), whole("."))
    chat = talk(server, loud)
    await chat.send(screen.turn(1), "hi")
    assert screen.shown(1) == "Well Said!"
    await chat.send(screen.turn(2), "more")
    assert contents(server) == [
        ("user", "HI"),
        ("assistant", "Well Said!"),
        ("user", "MORE"),
    ]


async def test_what_was_said_before_is_sent_as_filters_have_changed_it(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    asked: list[str] = []

    async def redact(what: str, text: str, turn: RecordingTurn) -> str:
        if what == "message":
            asked.append(text)
        return text.replace("secret", "***") if what != "chunk" else text

    server = serve(whole("the secret"), whole("b"), whole("c"))
    chat = talk(server, redact)
    await chat.send(screen.turn(1), "my secret")
    # As the store has it: what was typed, and what was shown.
    said = [("my secret", "the secret"), ("an older secret", "secret")]
    await chat.send(screen.turn(2), "go on", [(*exchange, []) for exchange in said])
    assert contents(server) == [
        ("user", "my ***"),
        ("assistant", "the ***"),
        ("user", "an older ***"),
        ("assistant", "secret"),
        ("user", "go on"),
    ]
    # What was sent once is sent the same again.
    assert asked == ["my secret", "an older secret", "go on"]
    turn = screen.turn(3)
    parts = [{"type": "text", "text": "secret"}, {"type": "image_url"}]
    given = [{"role": "user", "content": text} for text in ("my secret", parts)]
    turn.messages = given
    await chat.send(turn, "")
    sent = [{"type": "text", "text": "***"}, {"type": "image_url"}]
    assert contents(server) == [("user", "my ***"), ("user", sent)]


async def test_a_refusal_is_text(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    def refuse(peer: Peer) -> None:
        peer.start_stream()
        peer.event({"choices": [{"delta": {"content": None, "refusal": "I can’t."}}]})
        peer.delta("", "stop")
        peer.end()

    chat = talk(serve(refuse))
    await chat.send(screen.turn(), "hi")
    assert screen.shown(1) == "I can’t."
    assert chat.messages[-1]["content"] == "I can’t."


async def test_a_whole_completion_is_shown_like_a_stream(
    talk: Talk, screen: RecordingChat, serve: Serve, core: Any
) -> None:
    call = {"function": {"name": "look", "arguments": "{}"}}
    message = {"content": "fine", "reasoning_content": "hm", "tool_calls": [call]}
    completion = {
        "choices": [{"message": message, "finish_reason": "length"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2},
    }
    body = json.dumps(completion, indent=2)
    server = serve(lambda p: p.reply("200 OK", body, Content_Type="application/json"))
    await talk(server).send(screen.turn(), "hi")
    assert [event[0] for event in screen.events] == [
        *("reasoning", "text", "usage", "tool_call", "notice", "notice", "finished")
    ]
    assert screen.of("finished") == [(1, "length")]
    assert core.cancels == []


@pytest.mark.parametrize(
    "usage",
    [
        {},
        None,
        [],
        {"prompt_tokens": -1},
        {"prompt_tokens": 10**30},
        {"prompt_tokens": True},
    ],
)
async def test_an_invalid_count_is_left_out(
    talk: Talk, screen: RecordingChat, serve: Serve, usage: Any
) -> None:
    def answer(peer: Peer) -> None:
        peer.start_stream()
        peer.event({"choices": [], "usage": usage})
        peer.delta("fine", "stop")
        peer.end()

    await talk(serve(answer)).send(screen.turn(), "hi")
    assert screen.of("usage") == []
    assert screen.of("finished") == [(1, "stop")]


async def test_a_filter_is_given_clean_text_and_may_wait(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    given: list[str] = []

    async def slow(what: str, text: str, turn: RecordingTurn) -> str:
        await asyncio.sleep(0)
        if what == "chunk":
            given.append(text)
        return text

    await talk(serve(whole("a\x1bb", "c")), slow).send(screen.turn(), "hi")
    assert given == ["ab", "c"]
    assert screen.shown(1) == "abc"


async def test_a_turn_cancelled_in_a_filter_keeps_what_was_shown(
    talk: Talk, screen: RecordingChat, serve: Serve
) -> None:
    async def stuck(what: str, text: str, turn: RecordingTurn) -> str:
        if what == "answer":
            await asyncio.Event().wait()
        return text

    chat = talk(serve(whole("half")), stuck)
    turn = screen.turn()
    task = asyncio.create_task(chat.send(turn, "hi"))
    turn.bind(task)
    await eventually(lambda: screen.of("text"))
    turn.cancel()
    await asyncio.wait([task])
    assert [m["content"] for m in chat.messages] == ["hi", "half"]
