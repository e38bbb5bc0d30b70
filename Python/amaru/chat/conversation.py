# SPDX-License-Identifier: Apache-2.0
"""The conversation: a turn goes out with the history, and comes back as events."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from amaru import host
from amaru.chat import client as clients
from amaru.chat.answer import read
from amaru.chat.chunks import Chunk, ToolDelta
from amaru.chat.failures import describe
from amaru.chat.messages import History

if TYPE_CHECKING:
    from openai import AsyncOpenAI

__all__ = ["Conversation", "Filters"]


class Filters(Protocol):
    """What may change the texts of a turn on their way; the plugins do."""

    def message(self, text: str, turn: host.Turn) -> str:
        """Return the message to send."""

    def chunk(self, text: str, turn: host.Turn) -> str:
        """Return the piece of the answer to show."""

    def answer(self, text: str, turn: host.Turn) -> str:
        """Return the finished answer to remember."""


class _Unchanged:
    def message(self, text: str, turn: host.Turn) -> str:
        return text

    chunk = answer = message


class Conversation:
    """A history and the server that continues it, one turn at a time."""

    def __init__(
        self,
        settings: host.Settings,
        *,
        filters: Filters | None = None,
        notice: Callable[[str], None] = host.notice,
    ) -> None:
        self.settings = settings
        self.history = History(host.printable(settings.system))
        self._filters = filters or _Unchanged()
        self._notice = notice
        self._client: AsyncOpenAI | None = None
        self._lacks_usage = False
        self._turn = asyncio.Lock()

    async def send(self, turn: host.Turn, text: str) -> None:
        """Ask `text` and show the answer in `turn`, which is settled on return.

        No fault leaves this but a cancellation; the turn has then ended as
        ``"cancelled"``, with what was shown kept in the history.
        """
        answer = _Answer(turn, self._filters)
        question = text = host.printable(text)
        try:
            async with self._turn:
                question = host.printable(self._filters.message(text, turn))
                await self._ask(question, answer.add)
                self.history.remember(question, answer.finish())
                turn.finished(answer.reason)
        except asyncio.CancelledError:
            self.history.remember(question, answer.shown, interrupted=True)
            turn.finished("cancelled")
            raise
        except Exception as exc:
            self.history.remember(question, answer.shown, interrupted=True)
            failure = describe(exc, self.settings)
            turn.failed(failure.code, failure.message, failure.remedy)

    async def warm_up(self) -> None:
        """Do what the first turn would have to wait for.

        What goes wrong here is reported by that turn, which needs the same.
        """
        with suppress(ImportError):
            await clients.warm_up()

    async def aclose(self) -> None:
        """Close the connections to the server."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _ask(self, question: str, take: Callable[[Chunk], None]) -> None:
        if self._client is None:
            self._client = await clients.make(self.settings, self._notice)
        from openai import BadRequestError, UnprocessableEntityError

        for _ in range(2):
            try:
                await self._stream(self._client, question, take)
                return
            except (BadRequestError, UnprocessableEntityError) as exc:
                if self._lacks_usage or "stream_options" not in f"{exc} {exc.body}":
                    raise
                # Older servers know no stream_options: do without the count from now
                # on. They refuse before any content, so nothing is shown twice.
                self._lacks_usage = True

    async def _stream(
        self, client: AsyncOpenAI, question: str, take: Callable[[Chunk], None]
    ) -> None:
        request: dict[str, Any] = {
            "model": self.settings.model,
            "messages": self.history.asking(question),
            "stream": True,
        }
        if not self._lacks_usage:
            request["stream_options"] = {"include_usage": True}
        # The bytes and not the SDK's own stream: that one ends without a word when the
        # answer is a web page, or is cut off.
        api = client.chat.completions.with_streaming_response
        async with api.create(**request) as response:
            await read(response, self.settings.stall_timeout, take)


class _Answer:
    """What has been shown of one answer."""

    def __init__(self, turn: host.Turn, filters: Filters) -> None:
        self._turn = turn
        self._filters = filters
        self._pieces: list[str] = []
        self._tools: dict[int, ToolDelta] = {}
        self._reason = ""

    @property
    def shown(self) -> str:
        return "".join(self._pieces)

    @property
    def reason(self) -> str:
        return self._reason or "stop"

    def add(self, chunk: Chunk) -> None:
        self._turn.reasoning(chunk.reasoning)
        if chunk.text:
            self._show(self._filters.chunk(host.printable(chunk.text), self._turn))
        for delta in chunk.tools:
            known = self._tools.get(delta.index, ToolDelta(delta.index, "", ""))
            self._tools[delta.index] = ToolDelta(
                delta.index,
                known.name + delta.name,
                known.arguments + delta.arguments,
            )
        if chunk.usage:
            self._turn.usage(*chunk.usage)
        self._reason = chunk.finish_reason or self._reason

    def finish(self) -> str:
        """Report the whole tool calls and return the answer to remember."""
        for call in self._tools.values():
            self._turn.tool_call(call.name, call.arguments)
        answer = host.printable(self._filters.answer(self.shown, self._turn))
        # What is on the screen stays there; what a filter adds at the end is new.
        if answer.startswith(self.shown):
            self._turn.text(answer[len(self.shown) :])
        return answer

    def _show(self, piece: str) -> None:
        self._pieces.append(host.printable(piece))
        self._turn.text(piece)
