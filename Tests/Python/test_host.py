# SPDX-License-Identifier: Apache-2.0
"""Turns end once, find their task, and carry only text that can be written."""

from __future__ import annotations

import asyncio

import pytest
from recording_chat import RecordingChat

from amaru import host


def test_settings_are_typed(screen: RecordingChat) -> None:
    screen.given = {
        "model": "m",
        "base_url": "http://h/v1",
        "api_key": "placeholder",
        "stall_timeout": "2.5",
        "local": "1",
    }
    settings = host.settings()
    assert settings.stall_timeout == 2.5
    assert settings.local
    assert settings.system == ""
    assert "placeholder" not in repr(settings)


def test_no_turn_is_current_by_default() -> None:
    with pytest.raises(RuntimeError, match="no turn"):
        host.current_turn()


def test_entering_a_turn_makes_it_current_and_leaving_restores() -> None:
    with host._enter_turn(3) as turn:
        assert host.current_turn() is turn
        with host._enter_turn(4):
            assert host.current_turn().id == 4
        assert host.current_turn() is turn
    with pytest.raises(RuntimeError):
        host.current_turn()


def test_a_turn_ends_once(screen: RecordingChat) -> None:
    turn = host.Turn(1)
    turn.failed("internal", "m", "r")
    turn.finished()
    turn.text("late")
    assert screen.events == [("failed", 1, "internal", "m", "r")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a'b\n\N{GRINNING FACE}", "a'b\n\N{GRINNING FACE}"),
        ("x\ud800y", "x�y"),
        ("\ud83d\ude00", "\N{GRINNING FACE}"),
    ],
)
def test_only_printable_text_is_shown(
    screen: RecordingChat, given: str, expected: str
) -> None:
    host.Turn(1).text(given)
    assert screen.shown(1) == expected


async def test_a_cancel_reaches_the_bound_task(screen: RecordingChat) -> None:
    with host._enter_turn(5) as turn:
        task = asyncio.create_task(asyncio.Event().wait())
        turn.bind(task)
        await asyncio.sleep(0)
        host._cancel(5)
        await asyncio.wait([task])
    assert screen.events == [("finished", 5, "cancelled")]


async def test_a_cancel_before_the_task_exists_is_kept(screen: RecordingChat) -> None:
    with host._enter_turn(6) as turn:
        host._cancel(6)
        task = asyncio.create_task(asyncio.Event().wait())
        turn.bind(task)
        await asyncio.wait([task])
    assert task.cancelled()
    assert screen.of("finished") == [(6, "cancelled")]


async def test_a_task_that_dies_fails_its_turn(screen: RecordingChat) -> None:
    async def die() -> None:
        raise ValueError("why")

    turn = host.Turn(7)
    task = asyncio.create_task(die())
    turn.bind(task)
    await asyncio.wait([task])
    assert screen.failure[:2] == ("internal", "ValueError: why")


async def test_a_task_that_only_shows_text_finishes_its_turn(
    screen: RecordingChat,
) -> None:
    turn = host.Turn(8)

    async def show() -> None:
        turn.text("hi")

    task = asyncio.create_task(show())
    turn.bind(task)
    await asyncio.wait([task])
    assert screen.events == [("text", 8, "hi"), ("finished", 8, "stop")]


def test_cancelling_an_unknown_turn_is_fine() -> None:
    host._cancel(12345)
