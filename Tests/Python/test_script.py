# SPDX-License-Identifier: Apache-2.0
"""A script's offer is found, messages reach it, and its main() is started again."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat

import amaru
from amaru import _current, _reply, _script, host


@pytest.fixture
def main(
    monkeypatch: pytest.MonkeyPatch, screen: RecordingChat
) -> Iterator[ModuleType]:
    """A module ``__main__`` for the script, and a fresh state of `_script`."""
    module = ModuleType("__main__")
    module.__file__ = "/scripts/chat_script.py"
    monkeypatch.setitem(sys.modules, "chat_script", module)
    monkeypatch.setattr("builtins.input", input)
    monkeypatch.setitem(sys.modules, "__main__", module)
    monkeypatch.delitem(sys.modules, "main", raising=False)
    monkeypatch.setattr(_script, "_script", _script._Script())
    yield module
    _reply._marked.clear()


def test_a_script_of_the_tutorial_offers_its_sender(main: ModuleType) -> None:
    main.sender_message_proxy = lambda key, text: None  # type: ignore[attr-defined]
    assert _script.offer() == "sender"


def test_a_marked_function_is_an_offer(main: ModuleType) -> None:
    @amaru.reply
    def answer(message: str) -> str:
        return message

    assert _script.offer() == "reply"
    assert answer("a") == "a"


def test_any_other_script_offers_nothing(main: ModuleType) -> None:
    main.main = lambda: None  # type: ignore[attr-defined]
    assert _script.offer() == ""


async def test_main_is_found_in_the_script_or_in_the_module_main(
    main: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    async def run() -> None:
        started.append("main")

    imported = ModuleType("main")
    imported.main = run  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "main", imported)
    main.sender_message_proxy = lambda key, text: None  # type: ignore[attr-defined]
    _script.offer()
    _script.start()
    await asyncio.sleep(0)
    assert started == ["main"]


async def test_a_message_reaches_the_sender_within_its_turn(
    main: ModuleType, screen: RecordingChat
) -> None:
    seen: list[Any] = []

    def sender(key: str, text: str) -> None:
        seen.append((key, text, _current.turn.get()))

    main.sender_message_proxy = sender  # type: ignore[attr-defined]
    _script.offer()
    turn = screen.turn(7)
    _script.deliver(turn, "placeholder", "it's")
    assert seen == [("placeholder", "it's", turn)]
    assert not turn.claimed


async def test_a_sender_that_asks_for_its_turn_claims_it(
    main: ModuleType, screen: RecordingChat
) -> None:
    main.sender_message_proxy = lambda key, text: host.current_turn()  # type: ignore[attr-defined]
    _script.offer()
    turn = screen.turn()
    _script.deliver(turn, "", "x")
    assert turn.claimed


async def _whole(text: str) -> str:
    return f"<{text}>"


async def _in_pieces(text: str) -> Any:
    yield "<"
    yield text
    yield ">"


def _generator(text: str) -> Any:
    yield f"<{text}"
    yield ">"


@pytest.mark.parametrize(
    "function", [_whole, _in_pieces, _generator, lambda text: f"<{text}>"]
)
async def test_a_reply_may_be_of_any_kind(
    main: ModuleType, screen: RecordingChat, function: Any
) -> None:
    amaru.reply(function)
    _script.offer()
    turn = screen.turn(3)
    _script.deliver(turn, "", "hi")
    assert turn.claimed
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    assert screen.shown(3) == "<hi>"
    assert screen.of("finished") == [(3, "stop")]


async def test_a_reply_that_raises_fails_its_turn_with_the_place(
    main: ModuleType, screen: RecordingChat
) -> None:
    @amaru.reply
    def answer(message: str) -> str:
        raise KeyError(message)

    _script.offer()
    _script.deliver(screen.turn(4), "", "k")
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    [(turn, code, message, remedy, _)] = screen.of("failed")
    assert (turn, code, message) == (4, "script", "the script raised KeyError: 'k'")
    assert Path(__file__).name in remedy


async def test_a_main_that_waits_for_what_only_it_knows_is_kept(
    main: ModuleType,
) -> None:
    log: list[str] = []

    async def run() -> None:
        log.append("started")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("ended")

    main.main = run  # type: ignore[attr-defined]
    main.sender_message_proxy = lambda key, text: None  # type: ignore[attr-defined]
    _script.offer()
    _script.start()
    await asyncio.sleep(0)
    gc.collect()
    assert log == ["started"]


async def test_restart_awaits_every_task_and_starts_main_again(
    main: ModuleType,
) -> None:
    log: list[str] = []

    async def run() -> None:
        log.append("started")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            log.append("cleaned")

    main.main = run  # type: ignore[attr-defined]
    main.sender_message_proxy = lambda key, text: None  # type: ignore[attr-defined]
    _script.offer()
    _script.start()
    await asyncio.sleep(0)
    await _script.stop(None, True)
    await asyncio.sleep(0)
    assert log == ["started", "cleaned", "started"]
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        assert task is not None
        task.cancel()


async def test_a_main_that_something_else_cancels_is_reported(
    main: ModuleType, screen: RecordingChat
) -> None:
    async def run() -> None:
        await asyncio.Event().wait()

    main.main = run  # type: ignore[attr-defined]
    main.sender_message_proxy = lambda key, text: None  # type: ignore[attr-defined]
    _script.offer()
    _script.start()
    await asyncio.sleep(0)
    await _script.stop(None, True)
    assert screen.events == []
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert screen.events == [("main_cancelled",)]


def reported(monkeypatch: pytest.MonkeyPatch, hook: Any) -> tuple[BaseException, Any]:
    """Let a script's hook report an exception that has a traceback of one frame."""
    monkeypatch.setattr("sys.excepthook", hook)
    with pytest.raises(ValueError) as raised:
        int("x")
    trace = raised.value.__traceback__
    assert _script.report(raised.value) == ""
    return raised.value, trace


def test_a_hook_of_the_script_reports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(kind: Any, value: Any, trace: Any) -> None:
        sys.stderr.write(f"{kind.__name__}: {value}\n")

    reported(monkeypatch, hook)
    assert capsys.readouterr().err.startswith("ValueError: invalid literal")


def test_a_hook_that_raises_is_reported_before_the_original(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def hook(kind: Any, value: Any, trace: Any) -> None:
        raise KeyError("hook")

    reported(monkeypatch, hook)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == [
        "Error in sys.excepthook:",
        "Traceback (most recent call last):",
    ]
    assert "in hook" in lines[2] and "_call_with" not in "".join(lines)
    first = lines.index("KeyError: 'hook'")
    assert lines[first + 1 : first + 3] == ["", "Original exception was:"]
    assert lines[-1].startswith("ValueError: invalid literal")


def test_a_hook_that_raises_the_original_leaves_its_traceback(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def hook(kind: Any, value: Any, trace: Any) -> None:
        raise value

    exc, trace = reported(monkeypatch, hook)
    assert exc.__traceback__ is trace


@pytest.mark.parametrize(
    ("code", "status", "words"),
    [(7, 7, ""), (None, None, ""), ("the end", "the end", "")],
)
def test_a_hook_may_end_the_program(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    code: object,
    status: object,
    words: str,
) -> None:
    with pytest.raises(SystemExit) as end:
        reported(monkeypatch, lambda *_: sys.exit(code))  # type: ignore[arg-type]
    assert end.value.code == status
    assert capsys.readouterr().err == words


@pytest.mark.parametrize("is_async", [True, False])
async def test_a_reply_is_not_asked_for_more_when_its_turn_has_ended(
    main: ModuleType, screen: RecordingChat, is_async: bool
) -> None:
    turn, asked = screen.turn(1), []

    def pieces(message: str) -> Iterator[str]:
        for number in range(5):
            asked.append(number)
            if number == 1:
                turn.finished()
            yield str(number)

    async def later(message: str) -> AsyncIterator[str]:
        for piece in pieces(message):
            yield piece

    amaru.reply(later if is_async else pieces)
    _script.offer()
    _script.deliver(turn, "placeholder", "hello")
    (task,) = _script._script.tasks
    await asyncio.wait([task])
    assert asked == [0, 1]
