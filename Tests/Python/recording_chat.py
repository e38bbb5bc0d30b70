# SPDX-License-Identifier: Apache-2.0
"""A stand-in for the host's chat module that remembers what it was told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from types import ModuleType
from typing import Any

from amaru import host


async def eventually(happened: Callable[[], object]) -> None:
    """Let the loop run until something has happened; tests have a time limit."""
    while True:
        if happened():
            return
        await asyncio.sleep(0)


def well_formed(text: str) -> str:
    """Join pairs of surrogates and replace lone ones, as the host does."""
    pairs = text.encode("utf-16-le", "surrogatepass")
    return pairs.decode("utf-16-le", "replace")


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """What `amaru.settings()` returns inside the host."""

    model: str
    base_url: str
    system: str = ""
    api_key: str = field(default="", repr=False)
    stall_timeout: float = 20.0
    key_variable: str = ""
    key_remedy: str = ""
    plugins: str = ""
    local: bool = False
    terminal: bool = False
    commands: dict[str, str] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    schema: Any = None
    streams: bool = True
    dry_run: bool = False
    needs_key: bool = False

    def changed(self, options: dict[str, Any]) -> ChatSettings:
        return replace(self, options={**self.options, **options})


class RecordingChat(ModuleType):
    def __init__(self) -> None:
        super().__init__("_amaru_chat")
        self.events: list[tuple[Any, ...]] = []
        self.given: dict[str, Any] = {}
        self.room = asyncio.Event()
        """Clear, `drain` waits, as if nobody read what the turns hold."""
        self.room.set()
        self.drains = 0

    def settings(self) -> dict[str, Any]:
        return self.given

    def turn(self, number: int = 1) -> Any:
        return RecordingTurn(self, number)

    def notice(self, message: str) -> None:
        self.record("notice", message)

    def raised(self, task: Any) -> None:
        """Take a traceback that no test looks at."""

    def main_cancelled(self) -> None:
        self.record("main_cancelled")

    def record(self, *event: Any) -> None:
        self.events.append(
            tuple(well_formed(v) if isinstance(v, str) else v for v in event)
        )

    def of(self, kind: str) -> list[tuple[Any, ...]]:
        return [event[1:] for event in self.events if event[0] == kind]

    def shown(self, turn: int) -> str:
        return "".join(text for number, text in self.of("text") if number == turn)

    @property
    def failure(self) -> tuple[str, str, str]:
        (event,) = self.of("failed")
        return event[1], event[2], event[3]


class RecordingTurn:
    """A turn of the host, as a script sees it; `cancel` is the user's Ctrl-C."""

    def __init__(self, screen: RecordingChat, number: int) -> None:
        self._screen = screen
        self._number = number
        self._ended = asyncio.Event()
        self.claimed = False
        self.history: list[tuple[str, str, list[Any]]] | None = None
        self.attachments: list[Any] = []
        self.messages: list[dict[str, Any]] | None = None
        self.options: dict[str, Any] = {}
        self._cancelled = False
        self._task: asyncio.Task[Any] | None = None

    @property
    def ended(self) -> bool:
        return self._ended.is_set()

    def text(self, delta: str) -> bool:
        return self._add("text", delta)

    def reasoning(self, delta: str) -> bool:
        return self._add("reasoning", delta)

    def tool_call(self, name: str, arguments: str) -> bool:
        return self._add("tool_call", name, arguments)

    def usage(self, prompt_tokens: int, completion_tokens: int) -> bool:
        return self._add("usage", prompt_tokens, completion_tokens)

    def display(self, text: str) -> bool:
        return self._add("display", text)

    def attach(self, name: str, media_type: str, data: bytes) -> bool:
        return self._add("attach", name, media_type, data)

    def notice(self, message: str) -> bool:
        return self._add("notice", message)

    def stalled(self, message: str) -> bool:
        return self._add("stalled", message)

    def retrying(
        self, reason: str, seconds: float, attempt: int, attempts: int
    ) -> bool:
        return self._add("retrying", reason, seconds, attempt, attempts)

    def finished(self, reason: str = "stop") -> bool:
        return self._end("finished", reason)

    def failed(
        self,
        code: str,
        message: str,
        remedy: str = "",
        retry_after: float | None = None,
    ) -> bool:
        return self._end("failed", code, message, remedy, retry_after)

    def cancelled(self) -> bool:
        return self._end("cancelled")

    def clean(self, text: str) -> str:
        return text.replace("\x1b", "")

    async def drain(self) -> None:
        self._screen.drains += 1
        waits = [self._screen.room, self._ended]
        if any(event.is_set() for event in waits):
            return
        tasks = [asyncio.ensure_future(event.wait()) for event in waits]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()

    def claim(self) -> None:
        self.claimed = True
        self._screen.record("claim", self._number)

    def bind(self, task: asyncio.Task[Any]) -> None:
        self._task = task
        host.end_with(self, task)  # type: ignore[arg-type]
        if self._cancelled:
            task.cancel()

    def cancel(self) -> None:
        self.cancelled()
        self._cancelled = True
        if self._task is not None:
            self._task.cancel()

    def _add(self, kind: str, *values: Any) -> bool:
        if self.ended:
            return False
        self._screen.record(kind, self._number, *values)
        return True

    def _end(self, kind: str, *values: Any) -> bool:
        # A reason and a code are taken as they are, and must be UTF-8.
        for value in values[:1]:
            value.encode()
        added = self._add(kind, *values)
        self._ended.set()
        return added
