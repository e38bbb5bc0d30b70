# SPDX-License-Identifier: Apache-2.0
"""The conversation: a turn goes out with the history, and comes back as events."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing
from io import StringIO

from amaru import host
from amaru.chat.answer import LIMIT, Chunk, Reading
from amaru.chat.client import Client, Fault

__all__ = ["Conversation"]

# Changes a text of a turn on its way, as the plugins do: the ``message`` to send, a
# ``chunk`` of the answer to show, or the whole ``answer`` to remember.
Filter = Callable[[str, str, "host.Turn"], Awaitable[str]]

# What a server calls the end of an answer that is not its natural end.
_CUTS = dict.fromkeys(
    ("length", "model_length", "max_tokens"), "the model reached its token limit"
) | {"content_filter": "the server's content filter stopped it"}


class Conversation:
    """A history and the server that continues it, one turn at a time."""

    def __init__(self, settings: host.Settings, filter: Filter | None = None) -> None:
        system = {"role": "system", "content": settings.system}
        self.messages = [system] if settings.system else []
        """What the next request begins with: user and assistant alternate.

        A question without any answer is dropped with its turn, since two user messages
        in a row are refused by some servers, and answered twice by others. An answer
        that was cut short is an answer.
        """
        self._settings = settings
        self._client = Client(settings)
        self._filter = filter
        self._turn = asyncio.Lock()

    def rewind(self, exchanges: Iterable[Sequence[str]]) -> None:
        """Let these questions and answers be all that was said."""
        self.messages[:] = [m for m in self.messages[:1] if m["role"] == "system"]
        for question, answer in exchanges:
            self._remember(question, answer)

    def _remember(self, question: str, answer: str) -> None:
        asked = {"role": "user", "content": question}
        self.messages += [asked, {"role": "assistant", "content": answer}]

    async def send(self, turn: host.Turn, text: str) -> None:
        """Ask `text` and show the answer in `turn`, which has ended on return.

        Only a cancellation leaves this as an exception. What was shown until then, or
        until a fault, is kept in the history.
        """
        answer = _Answer(turn, self._filter)
        try:
            async with self._turn:
                if turn.history is not None:
                    self.rewind(turn.history)
                if self._filter is not None:
                    text = await self._filter("message", text, turn)
                if not turn.ended:
                    await self._ask(text, answer)
        except asyncio.CancelledError:
            turn.cancelled()
            raise
        except Exception as exc:
            from amaru.chat.failures import describe

            turn.failed(*describe(exc, self._settings))
        else:
            turn.finished(answer.reason)
        finally:
            if said := answer.text.getvalue():
                self._remember(text, said)

    async def _ask(self, text: str, answer: _Answer) -> None:
        messages = [*self.messages, {"role": "user", "content": text}]
        with await self._client.ask(messages, answer.turn) as response:
            reading = Reading(response, self._settings.stall_timeout)
            async with aclosing(reading.batches()) as batches:
                async for chunks in batches:
                    for chunk in chunks:
                        await answer.add(chunk)
                    await answer.turn.drain()
                    if answer.turn.ended:
                        return
        await answer.finish()


class _Answer:
    """One answer as it is shown, and then as it is remembered."""

    def __init__(self, turn: host.Turn, filter: Filter | None) -> None:
        self.turn, self.reason, self.text = turn, "stop", StringIO()
        self._filter, self._size = filter, 0
        self._tools: dict[int, tuple[StringIO, StringIO]] = {}

    async def add(self, chunk: Chunk) -> None:
        self._count(len(chunk.text) + len(chunk.reasoning))
        if chunk.reasoning:
            self.turn.reasoning(chunk.reasoning)
        if text := chunk.text:
            if self._filter is not None:
                clean = self.turn.clean(text)
                text = await self._filter("chunk", clean, self.turn)
                self._count(len(text))
            if text and self.turn.text(text):
                self.text.write(text)
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
        """Report the whole tool calls, and let the filter see the whole answer."""
        for name, arguments in self._tools.values():
            self.turn.tool_call(name.getvalue(), arguments.getvalue())
        if self._filter is not None:
            shown = self.text.getvalue()
            kept = await self._filter("answer", shown, self.turn)
            self.text = StringIO(kept)
            # What is on the screen stays there; what a filter adds at the end is new.
            if kept.startswith(shown):
                self.turn.text(kept[len(shown) :])
        if cut := _CUTS.get(self.reason):
            self.turn.notice(f"the answer was cut short: {cut}")
        elif not (self._tools or self.text.getvalue()):
            self.turn.notice("the answer is empty")

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > LIMIT:
            raise Fault("too_long")
