# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the host's chat screen that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import ModuleType
from typing import Any


async def eventually(happened: Callable[[], object]) -> None:
    """Let the loop run until something has happened; tests have a time limit."""
    while True:
        if happened():
            return
        await asyncio.sleep(0)


class RecordingChat(ModuleType):
    def __init__(self) -> None:
        super().__init__("_amaru_chat")
        self.events: list[tuple[Any, ...]] = []
        self.given: dict[str, str] = {}

    def settings(self) -> dict[str, str]:
        return self.given

    def text(self, turn: int, delta: str) -> None:
        self._record("text", turn, delta)

    def reasoning(self, turn: int, delta: str) -> None:
        self._record("reasoning", turn, delta)

    def tool_call(self, turn: int, name: str, arguments: str) -> None:
        self._record("tool_call", turn, name, arguments)

    def usage(self, turn: int, prompt_tokens: int, completion_tokens: int) -> None:
        self._record("usage", turn, prompt_tokens, completion_tokens)

    def finished(self, turn: int, reason: str) -> None:
        self._record("finished", turn, reason)

    def failed(self, turn: int, code: str, message: str, remedy: str) -> None:
        self._record("failed", turn, code, message, remedy)

    def notice(self, message: str) -> None:
        self._record("notice", message)

    def _record(self, *event: Any) -> None:
        # The host takes text as UTF-8; what it could not take must fail here too.
        for value in event:
            if isinstance(value, str):
                value.encode("utf-8")
        self.events.append(event)

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self.events if event[0] == kind]

    def shown(self, turn: int) -> str:
        return "".join(text for number, text in self.of("text") if number == turn)

    @property
    def failure(self) -> tuple[str, str, str]:
        (event,) = self.of("failed")
        return event[1], event[2], event[3]
