# SPDX-License-Identifier: Apache-2.0
"""The glue finds what a script offers, delivers messages and starts main() again."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from recording_chat import RecordingChat

import amaru
from amaru import _reply, _script, host


@pytest.fixture
def main(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """A module ``__main__`` for the script, and a fresh state of the glue."""
    module = ModuleType("__main__")
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


async def test_a_message_reaches_the_sender_within_its_turn(main: ModuleType) -> None:
    seen: list[Any] = []

    def sender(key: str, text: str) -> None:
        seen.append((key, text, host._current.get()))

    main.sender_message_proxy = sender  # type: ignore[attr-defined]
    _script.offer()
    claims = _script.deliver(7, "placeholder", "it's")
    [(key, text, turn)] = seen
    assert (key, text, turn.id) == ("placeholder", "it's", 7)
    assert not claims


async def test_a_sender_that_asks_for_its_turn_settles_it_itself(
    main: ModuleType,
) -> None:
    main.sender_message_proxy = lambda key, text: host.current_turn()  # type: ignore[attr-defined]
    _script.offer()
    assert _script.deliver(1, "", "x")


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
    assert _script.deliver(3, "", "hi")
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
    _script.deliver(4, "", "k")
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
    [(turn, code, message, remedy)] = screen.of("failed")
    assert (turn, code, message) == (4, "script", "KeyError: 'k'")
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
    await _script.restart()
    await asyncio.sleep(0)
    assert log == ["started", "cleaned", "started"]
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        assert task is not None
        task.cancel()
