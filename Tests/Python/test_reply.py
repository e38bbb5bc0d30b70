# SPDX-License-Identifier: Apache-2.0
"""What a function marked by ``amaru.reply`` takes, and what it may return or yield."""

from __future__ import annotations

import asyncio
from functools import partial
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat, RecordingTurn, eventually
from scripted_server import whole
from test_asking import Start, start  # noqa: F401
from test_script import main  # noqa: F401

import amaru
from amaru import _reply, _script
from amaru._pieces import FileLimitError

pytestmark = pytest.mark.usefixtures("core", "main")


async def say(screen: RecordingChat, text: str, number: int = 1, **given: Any) -> Any:
    turn = screen.turn(number)
    turn.__dict__.update(given)
    _script.deliver(turn, "", text)
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    return turn


class Callable:
    def __call__(self, message: str, turn: Any) -> str:
        return message


WISHES: list[tuple[Any, set[str]]] = [
    (lambda message: "", set()),
    (lambda m, history: "", {"history"}),
    (lambda m, turn: "", {"turn"}),
    (lambda m, turn, history: "", {"turn", "history"}),
    (lambda m, *, history, limit=3: "", {"history"}),
    (lambda *words, **more: "", set()),
    (Callable(), {"turn"}),
    (partial(lambda limit, m: "", 3), set()),
]


@pytest.mark.parametrize(("function", "wanted"), WISHES)
def test_a_function_says_by_names_what_it_takes(
    function: Any, wanted: set[str]
) -> None:
    assert _reply.wishes(function) == wanted


def named(name: str) -> Any:
    def function(message: str) -> str:
        return ""

    function.__qualname__ = name
    return function


def test_the_last_of_several_answers_and_a_warning_names_both(
    recwarn: pytest.WarningsRecorder,
) -> None:
    first, second = named("first"), named("second")
    amaru.reply(first)
    # As a module that is loaded again does.
    amaru.reply(named("first"))
    assert not recwarn.list
    amaru.reply(second)
    (warning,) = recwarn.list
    words, line = str(warning.message), first.__code__.co_firstlineno
    assert "second() now answers messages instead of " in words
    assert f"first() ({__file__}, line {line})" in words
    assert warning.filename == __file__
    marked = _reply.function()
    assert marked and marked[0] is second


def no_message() -> str:
    return ""


def strange(message: str, key: str) -> str:
    return ""


WRONG = [
    (no_message, r"no_message\(\) -> 'str' cannot .* has no parameter for the message"),
    (
        strange,
        r"strange\(.*the parameter key, which nothing is given for; write strange",
    ),
    (lambda m, history, /: "", "the parameter history, which"),
]


@pytest.mark.parametrize(("function", "why"), WRONG)
def test_a_function_that_cannot_be_called_is_refused_at_once(
    function: Any, why: str
) -> None:
    with pytest.raises(TypeError, match=why):
        amaru.reply(function)
    assert _reply.function() is None


async def test_the_history_is_what_was_said(screen: RecordingChat) -> None:
    seen: list[Any] = []

    @amaru.reply
    def answer(message: str, history: list[Any]) -> Any:
        seen.append(history)
        yield message.upper()
        if message == "b":
            raise ValueError
        yield "!"

    _script.offer()
    for number, text in enumerate("abc"):
        await say(screen, text, number)
    assert seen[0] == []
    assert [m["content"] for m in seen[2]] == ["a", "A!", "b", "B"]
    assert [m["role"] for m in seen[2]] == ["user", "assistant"] * 2


async def test_the_turn_is_at_hand_with_its_files(screen: RecordingChat) -> None:
    file = amaru.Attachment("a.txt", "text/plain", b"x")
    seen: list[Any] = []

    @amaru.reply
    async def answer(message: str, turn: Any, history: list[Any]) -> str:
        seen.append((turn, history))
        return turn.attachments[0].data.decode() if turn.attachments else "none"

    _script.offer()
    turn = await say(screen, "read", attachments=[file])
    assert screen.shown(1) == "x"
    await say(screen, "again", 2)
    assert seen[0][0] is turn
    assert seen[1][1][0]["content"] == '<file name="a.txt">\nx\n</file>\n\nread'


async def test_pieces_have_types(screen: RecordingChat) -> None:
    @amaru.reply
    async def answer(message: str) -> Any:
        yield amaru.Reasoning("hm")
        yield "text"
        yield amaru.Attachment("p.png", "image/png", b"\x89")
        yield amaru.Usage(3, 4)
        yield 5

    _script.offer()
    await say(screen, "x")
    assert screen.events[1:] == [
        ("reasoning", 1, "hm"),
        ("text", 1, "text"),
        ("attach", 1, "p.png", "image/png", b"\x89"),
        ("usage", 1, 3, 4),
        ("text", 1, "5"),
        ("finished", 1, "stop"),
    ]


@pytest.mark.parametrize(
    ("fault", "code"),
    [(FileLimitError("too large"), "file_limit"), (ValueError("x"), "script")],
)
async def test_a_refused_file_ends_the_answer(
    screen: RecordingChat, monkeypatch: pytest.MonkeyPatch, fault: ValueError, code: str
) -> None:
    def attach(*of: object) -> bool:
        raise fault

    monkeypatch.setattr(RecordingTurn, "attach", attach)

    @amaru.reply
    async def answer(message: str) -> Any:
        yield amaru.Attachment("p.png", "image/png", b"")

    _script.offer()
    await say(screen, "x")
    assert screen.failure[0] == code


async def test_a_question_to_the_model_may_be_the_answer(
    start: Start,  # noqa: F811
    screen: RecordingChat,
) -> None:
    server = start(
        lambda peer: (
            (peer.start_stream(), peer.delta("a", reasoning="hm"), peer.end()) and None
        ),
        whole("fine"),
    )

    @amaru.reply
    def answer(message: str, history: list[Any]) -> amaru.Question:
        return amaru.chat(message, history=history)

    _script.offer()
    await say(screen, "one")
    assert screen.of("reasoning") == [(1, "hm")]
    assert screen.shown(1) == "a"
    # Its fault is the turn's, with its own remedy.
    assert screen.failure[0] == "incomplete"
    assert "the script raised" not in screen.failure[1]
    await say(screen, "two", 2)
    messages = server.received[1].json()["messages"]
    assert [m["content"] for m in messages] == ["one", "a", "two"]


async def test_what_a_piece_comes_from_is_closed_with_the_turn(
    main: ModuleType,  # noqa: F811
    screen: RecordingChat,
) -> None:
    closed: list[str] = []

    @amaru.reply
    async def answer(message: str) -> Any:
        try:
            while True:
                await asyncio.sleep(0)
                yield "x"
        finally:
            closed.append(message)

    _script.offer()
    turn = screen.turn()
    _script.deliver(turn, "", "m")
    await eventually(lambda: screen.of("text"))
    turn.cancelled()
    await eventually(lambda: closed)
    assert closed == ["m"]


async def test_a_request_has_its_own_history_and_is_not_remembered(
    screen: RecordingChat,
) -> None:
    seen: list[Any] = []

    @amaru.reply
    def answer(message: str, history: Any, turn: Any) -> str:
        seen.append((message, history, turn.options))
        return "fine"

    before = [
        {"role": "system", "content": "brief"},
        {"role": "user", "content": "one"},
        {"role": "assistant", "content": "first"},
    ]
    question = {"role": "user", "content": "two"}
    options = {"temperature": 1}
    await say(screen, "two", messages=[*before, question], options=options)
    await say(screen, "three", 2)
    assert seen == [("two", before, options), ("three", [], {})]


async def test_a_piece_may_ask_for_a_tool(screen: RecordingChat) -> None:
    @amaru.reply
    def answer(message: str) -> Any:
        yield amaru.ToolCall("1", "look", "{}")

    await say(screen, "go")
    assert screen.of("tool_call") == [(1, "look", "{}")]


async def test_a_script_sees_requests_if_it_sees_its_turns(
    main: ModuleType,  # noqa: F811
) -> None:
    assert not _script.reads_requests()
    for function, reads in ((lambda m: "", False), (lambda m, turn: "", True)):
        amaru.reply(function)
        assert _script.reads_requests() is reads


async def test_turns_with_their_own_history_are_answered_at_once(
    screen: RecordingChat,
) -> None:
    seen: dict[str, list[str]] = {}
    gates = {name: asyncio.Event() for name in "abc"}

    @amaru.reply
    async def answer(message: str, history: list[Any]) -> Any:
        seen[message] = [m["content"] for m in history]
        yield message
        await gates[message].wait()
        if message == "b":
            raise ValueError("only b")
        yield "!"

    _script.offer()
    turns = [screen.turn(number) for number in range(3)]
    for turn, text in zip(turns, "abc", strict=True):
        turn.history = [(f"{text}?", f"{text}.", [])]
        _script.deliver(turn, "", text)
    await eventually(lambda: len(seen) == 3)
    assert seen == {name: [f"{name}?", f"{name}."] for name in "abc"}
    for gate in reversed(gates.values()):
        gate.set()
        await asyncio.sleep(0)
    await eventually(lambda: all(turn.ended for turn in turns))
    assert [screen.shown(number) for number in range(3)] == ["a!", "b", "c!"]
    assert "only b" in screen.failure[1]


async def test_a_history_that_is_given_is_what_is_remembered(
    screen: RecordingChat,
) -> None:
    seen: list[list[str]] = []

    @amaru.reply
    def answer(message: str, history: list[Any]) -> str:
        seen.append([m["content"] for m in history])
        return message.upper()

    _script.offer()
    await say(screen, "a", 1)
    await say(screen, "b", 2, history=[("x", "X", [])])
    await say(screen, "c", 3)
    assert seen == [[], ["x", "X"], ["x", "X", "b", "B"]]
