# SPDX-License-Identifier: Apache-2.0
"""What is said of an answer that does not come, on a clock of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from amaru.chat.waiting import Waiting


class Clock:
    """An event loop's clock and timers, which run when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0
        self.timers: list[Timer] = []

    def time(self) -> float:
        return self.now

    def call_later(self, delay: float, function: Callable[[], None]) -> Timer:
        timer = Timer(self, self.now + delay, function)
        self.timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        end = self.now + seconds
        while due := sorted(
            (t for t in self.timers if t.at <= end), key=lambda t: t.at
        ):
            self.timers.remove(due[0])
            self.now = due[0].at
            due[0].function()
        self.now = end


class Timer:
    def __init__(self, clock: Clock, at: float, function: Callable[[], None]) -> None:
        self.clock, self.at, self.function = clock, at, function

    def cancel(self) -> None:
        self.clock.timers.remove(self)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(asyncio, "get_running_loop", lambda: clock)
    return clock


def test_a_third_of_the_limit_without_content_is_said_once(clock: Clock) -> None:
    said: list[str] = []
    with Waiting(60, "http://h", said.append):
        clock.advance(19.9)
        assert said == []
        clock.advance(40)
    nothing = "nothing of the answer has come from http://h for 20 s"
    assert said == [f"{nothing}; it fails after 60 s"]


def test_content_starts_the_time_again(clock: Clock) -> None:
    said: list[str] = []
    with Waiting(60, "http://h", said.append) as waiting:
        for _ in range(10):
            clock.advance(15)
            waiting.came()
        assert said == []
        clock.advance(25)
        waiting.came()
        clock.advance(25)
    nothing = "nothing more of the answer has come from http://h for 20 s"
    assert said == [f"{nothing}; it fails after 60 s"] * 2


def test_a_pause_does_not_count(clock: Clock) -> None:
    said: list[str] = []
    with Waiting(60, "http://h", said.append) as waiting:
        clock.advance(15)
        with waiting.paused():
            clock.advance(1000)
        clock.advance(4)
        assert said == []
        clock.advance(20)
        assert len(said) == 1


def test_without_a_limit_it_is_said_too(clock: Clock) -> None:
    said: list[str] = []
    with Waiting(0, "http://h", said.append):
        clock.advance(21)
    assert said == ["nothing of the answer has come from http://h for 20 s"]


def test_no_timer_is_left(clock: Clock) -> None:
    with Waiting(60, "http://h", str):
        assert clock.timers
    assert not clock.timers
