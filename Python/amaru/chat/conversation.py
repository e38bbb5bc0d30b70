# SPDX-License-Identifier: Apache-2.0
"""The conversation: a turn goes out with the history, and comes back as events."""

from __future__ import annotations

import asyncio
from io import StringIO
from typing import TYPE_CHECKING

from amaru.chat.answer import LIMIT, Reading
from amaru.chat.client import Client
from amaru.chat.faults import Fault
from amaru.chat.messages import History
from amaru.chat.transport import Transport

if TYPE_CHECKING:
    from typing import Protocol

    from amaru.chat.chunks import Chunk
    from amaru.host import Settings, Turn

    class Filters(Protocol):
        """What may change the texts of a turn on their way; the plugins do."""

        async def message(self, text: str, turn: Turn) -> str:
            """Return the message to send."""

        async def chunk(self, text: str, turn: Turn) -> str:
            """Return the piece of the answer to show."""

        async def answer(self, text: str, turn: Turn) -> str:
            """Return the finished answer to remember."""


__all__ = ["Conversation"]

# What a server calls the end of an answer that is not its natural end.
_CUTS = {
    "length": "the model reached its limit of tokens",
    "model_length": "the model reached its limit of tokens",
    "max_tokens": "the model reached its limit of tokens",
    "content_filter": "the content filter of the server stopped it",
}


class Conversation:
    """A history and the server that continues it, one turn at a time."""

    def __init__(
        self,
        settings: Settings,
        transport: Transport | None = None,
        filters: Filters | None = None,
    ) -> None:
        self.history = History(settings.system)
        self._settings = settings
        self._client = Client(settings, transport or Transport())
        self._filters = filters
        self._turn = asyncio.Lock()

    async def send(self, turn: Turn, text: str) -> None:
        """Ask `text` and show the answer in `turn`, which has ended on return.

        Only a cancellation leaves this as an exception. What was shown until then, or
        until a fault, is kept in the history.
        """
        answer = _Answer(turn, self._filters)
        question = text
        try:
            async with self._turn:
                if self._filters is not None:
                    question = await self._filters.message(text, turn)
                if not turn.ended:
                    await self._ask(question, answer)
        except asyncio.CancelledError:
            self.history.remember(question, answer.shown)
            turn.cancelled()
            raise
        except Exception as exc:
            from amaru.chat.failures import describe

            self.history.remember(question, answer.shown)
            turn.failed(*describe(exc, self._settings))
        else:
            self.history.remember(question, answer.whole)
            turn.finished(answer.reason)

    async def _ask(self, question: str, answer: _Answer) -> None:
        turn = answer.turn
        with await self._client.ask(self.history.asking(question), turn) as response:
            reading = Reading(response, self._settings.stall_timeout)
            while await reading.more():
                for chunk in reading.chunks():
                    await answer.add(chunk)
                await reading.pause(turn.drain())
                if turn.ended:
                    return
        await answer.finish()


class _Answer:
    """What has been shown of one answer."""

    def __init__(self, turn: Turn, filters: Filters | None) -> None:
        self.turn = turn
        self.reason = "stop"
        self._filters = filters
        self._shown = StringIO()
        self._size = 0
        self._tools: dict[int, tuple[StringIO, StringIO]] = {}
        self._kept: str | None = None

    @property
    def shown(self) -> str:
        return self._shown.getvalue()

    @property
    def whole(self) -> str:
        """What is remembered: the answer as it was shown, or as a filter wants it."""
        return self.shown if self._kept is None else self._kept

    async def add(self, chunk: Chunk) -> None:
        self._count(len(chunk.text) + len(chunk.reasoning))
        if chunk.reasoning:
            self.turn.reasoning(chunk.reasoning)
        if chunk.text:
            text = chunk.text
            if self._filters is not None:
                text = await self._filters.chunk(self.turn.clean(text), self.turn)
                self._count(len(text))
            if text and self.turn.text(text):
                self._shown.write(text)
        for index, name, arguments in chunk.tools:
            self._count(len(name) + len(arguments) + 64)
            call = self._tools.setdefault(index, (StringIO(), StringIO()))
            call[0].write(name)
            call[1].write(arguments)
        if chunk.usage:
            self.turn.usage(*chunk.usage)
        if chunk.finish_reason.isidentifier():
            self.reason = chunk.finish_reason[:64]

    async def finish(self) -> None:
        """Report the whole tool calls, and let the filters see the whole answer."""
        for name, arguments in self._tools.values():
            self.turn.tool_call(name.getvalue(), arguments.getvalue())
        if self._filters is not None:
            shown = self.shown
            self._kept = await self._filters.answer(shown, self.turn)
            # What is on the screen stays there; what a filter adds at the end is new.
            if self._kept.startswith(shown):
                self.turn.text(self._kept[len(shown) :])
        if cut := _CUTS.get(self.reason):
            self.turn.notice(f"the answer was cut short: {cut}")

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > LIMIT:
            raise Fault("too_long")
