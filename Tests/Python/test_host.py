# SPDX-License-Identifier: Apache-2.0
"""A script finds its turn and its settings, and a turn ends with its task."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from recording_chat import RecordingChat

import amaru
from amaru import _current, host


def test_settings_have_defaults_and_do_not_show_the_key(screen: RecordingChat) -> None:
    screen.given = {
        "model": "m",
        "base_url": "http://h/v1",
        "api_key": "placeholder",
        "stall_timeout": 2.5,
        "local": True,
    }
    settings = host.settings()
    assert settings.stall_timeout == 2.5
    assert settings.local
    assert settings.system == ""
    assert "placeholder" not in repr(settings)


def test_the_type_of_turns_is_the_host_s(screen: RecordingChat) -> None:
    screen.__dict__["Turn"] = type(screen.turn())
    assert amaru.Turn is type(screen.turn())
    with pytest.raises(AttributeError):
        amaru.nothing  # noqa: B018


def test_no_turn_is_current_by_default() -> None:
    with pytest.raises(RuntimeError, match="no turn"):
        host.current_turn()


def test_who_asks_for_the_current_turn_claims_it(screen: RecordingChat) -> None:
    turn: Any = screen.turn()
    token = _current.turn.set(turn)
    try:
        assert host.current_turn() is turn
    finally:
        _current.turn.reset(token)
    assert screen.of("claim") == [(1,)]


async def test_a_cancel_reaches_the_bound_task(screen: RecordingChat) -> None:
    turn = screen.turn(5)
    task = asyncio.create_task(asyncio.Event().wait())
    turn.bind(task)
    await asyncio.sleep(0)
    turn.cancel()
    await asyncio.wait([task])
    assert task.cancelled()
    assert screen.events == [("cancelled", 5)]


async def test_a_task_that_the_script_cancels_fails_its_turn(
    screen: RecordingChat,
) -> None:
    turn = screen.turn(6)
    task = asyncio.create_task(asyncio.Event().wait())
    turn.bind(task)
    task.cancel()
    await asyncio.wait([task])
    assert screen.failure[:2] == (
        "script",
        "the script cancelled the task that was answering",
    )


async def test_a_task_that_dies_fails_its_turn(screen: RecordingChat) -> None:
    async def die() -> None:
        raise ValueError("why")

    task = asyncio.create_task(die())
    screen.turn(7).bind(task)
    await asyncio.wait([task])
    assert screen.failure[:2] == ("script", "the script raised ValueError: why")


async def test_a_task_that_only_shows_text_finishes_its_turn(
    screen: RecordingChat,
) -> None:
    turn = screen.turn(8)

    async def show() -> None:
        turn.text("hi")

    task = asyncio.create_task(show())
    turn.bind(task)
    await asyncio.wait([task])
    assert screen.events == [("text", 8, "hi"), ("finished", 8, "stop")]


@pytest.mark.parametrize(
    ("exc", "end"),
    [
        (KeyboardInterrupt(), ("cancelled", 9)),
        (asyncio.CancelledError(), ("cancelled", 9)),
        (
            NameError("isinstance"),
            (
                "failed",
                9,
                "script",
                "the answer could not be ended: NameError",
                "fix or remove the script, plugin or package",
                None,
            ),
        ),
    ],
)
def test_a_turn_that_cannot_be_ended_says_why(
    screen: RecordingChat, exc: BaseException, end: tuple[Any, ...]
) -> None:
    class Broken:
        def add_done_callback(self, ended: Callable[[Broken], None]) -> None:
            ended(self)

        def cancelled(self) -> bool:
            raise exc

    broken: Any = Broken()
    with pytest.raises(type(exc)):
        host.end_with(screen.turn(9), broken)
    assert screen.events == [end]
