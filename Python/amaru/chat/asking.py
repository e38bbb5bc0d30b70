# SPDX-License-Identifier: Apache-2.0
"""``amaru.chat``: one question to the configured model, from any script."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Generator, Iterable
from contextlib import aclosing
from io import StringIO
from typing import Any, ClassVar

from amaru import _current, host
from amaru._pieces import Attachment, ChatError, Reasoning, ToolCall, Usage
from amaru.chat.answer import LIMIT, Chunk, Reading, ToolCalls
from amaru.chat.client import Client, Fault, origin
from amaru.chat.waiting import Waiting

__all__ = ["Message", "Question", "Session"]

Message = dict[str, Any]
"""A message as the protocol has it, with a ``role`` and a ``content``."""


class Session:
    """A conversation that questions go on with, and that shows their answers.

    It is that of ``amaru repl``, where each question is one of the same conversation.
    """

    current: ClassVar[Session | None] = None

    def __init__(self, show: Callable[[str], object]) -> None:
        self.history: list[Message] = []
        self.show = show


class Question:
    """A question to the model.

    Awaiting it returns the answer, a `str`; ``async for`` yields the answer's text as
    it comes, and `pieces` what else there is, too. It is asked once, by either. What
    has come is in its attributes, also after a ChatError.
    """

    def __init__(
        self,
        message: str | Iterable[Message],
        *,
        history: Iterable[Message] | None = None,
        system: str | None = None,
        model: str | None = None,
        attachments: Iterable[Attachment] = (),
        schema: Any = None,
        **options: Any,
    ) -> None:
        """See `amaru.chat`."""
        self._session = Session.current if history is None else None
        self._given = (message, history, system, tuple(attachments))
        self._changes = {"model": model, "schema": schema}
        self._options, self._asked = options, False
        self._texts, self._thoughts, self._tools = StringIO(), StringIO(), ToolCalls()
        self.usage: Usage | None = None
        self.finish_reason = ""
        #: What the answer is as JSON, if a schema was given.
        self.value: Any = None

    @property
    def text(self) -> str:
        """The answer, as far as it has come."""
        return self._texts.getvalue()

    @property
    def reasoning(self) -> str:
        """What the model has thought."""
        return self._thoughts.getvalue()

    @property
    def tool_calls(self) -> list[ToolCall]:
        """The functions that the model asks for."""
        return [ToolCall(*parts) for parts in self._tools.whole()]

    @property
    def reply(self) -> Message:
        """The answer as a message, to put after the question in a history."""
        message: Message = {"role": "assistant", "content": self.text}
        if calls := self.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in calls
            ]
        return message

    def __await__(self) -> Generator[Any, None, str]:
        return self._whole().__await__()

    async def _whole(self) -> str:
        show = self._session.show if self._session else None
        try:
            async with aclosing(self._pieces()) as pieces:
                async for piece in pieces:
                    if show and isinstance(piece, str):
                        show(piece)
        finally:
            if show and self.text:
                show("\n")
        return self.text

    async def __aiter__(self) -> AsyncIterator[str]:
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                if isinstance(piece, str):
                    yield piece

    async def pieces(self) -> AsyncIterator[str | Reasoning | Usage]:
        """Yield all that comes, each piece in its type."""
        async with aclosing(self._pieces()) as pieces:
            async for piece in pieces:
                yield piece

    async def _pieces(self) -> Any:
        if self._asked:
            raise RuntimeError("this question was asked already: make another one")
        self._asked = True
        settings = self._settings()
        try:
            messages = self._messages(settings)
            async with aclosing(self._answer(messages, settings)) as pieces:
                async for piece in pieces:
                    yield piece
            if (schema := settings.schema) is not None:
                from amaru.chat.schema import parse

                self.value = parse(self.text, schema)
        except ChatError:
            raise
        except Exception as exc:
            from amaru.chat.failures import describe

            raise ChatError(*describe(exc, settings)) from exc
        finally:
            if self._session and self.text:
                self._session.history += [messages[-1], self.reply]

    def _settings(self) -> host.Settings:
        """Return the settings of the run, with what this question changes."""
        try:
            settings = host.settings()
        except RuntimeError as exc:
            raise ChatError("host", str(exc)) from exc
        for name, value in self._changes.items():
            if value is not None:
                setattr(settings, name, value)
        settings.options = {**settings.options, **self._options}
        settings.streams = self._options.get("stream", True) is not False
        if settings.needs_key:
            from amaru.chat.failures import ANY_KEY

            raise ChatError(
                "authentication",
                f"there is no key for {origin(settings.base_url)}",
                f"{settings.key_remedy or ANY_KEY}; "
                "--base-url names another server, --no-key is for one that needs none",
            )
        if settings.schema is not None:
            from amaru.chat.schema import read

            try:
                read(settings.schema)
            except Fault as exc:
                from amaru.chat.failures import describe

                raise ChatError(*describe(exc, settings)) from exc
        return settings

    def _messages(self, settings: host.Settings) -> list[Message]:
        message, history, system, files = self._given
        if history is None and self._session is not None:
            history = self._session.history
        messages = list(history or ())
        if isinstance(message, str):
            content: Any = message
            if files:
                from amaru.chat import parts

                content = parts.content(message, files)
            messages.append({"role": "user", "content": content})
        else:
            messages += message
        said = settings.system if system is None else system
        if said and not any(m.get("role") == "system" for m in messages):
            messages.insert(0, {"role": "system", "content": said})
        return messages

    async def _answer(self, messages: list[Message], settings: host.Settings) -> Any:
        stall, size = settings.stall_timeout, 0
        listener = _Listener()
        with Waiting(stall, origin(settings.base_url), listener.stalled) as waiting:
            client = Client(settings)
            with await client.ask(messages, listener, waiting) as response:
                async with aclosing(Reading(response, stall).batches()) as batches:
                    async for chunks in batches:
                        for chunk in chunks:
                            size += len(chunk.text) + len(chunk.reasoning)
                            size += self._tools.add(chunk)
                            if size > LIMIT:
                                raise Fault("too_long")
                            if chunk.has_content:
                                waiting.came()
                            for piece in self._take(chunk):
                                with waiting.paused():
                                    yield piece

    def _take(self, chunk: Chunk) -> list[str | Reasoning | Usage]:
        pieces: list[str | Reasoning | Usage] = []
        if chunk.reasoning:
            self._thoughts.write(chunk.reasoning)
            pieces.append(Reasoning(chunk.reasoning))
        if chunk.text:
            self._texts.write(chunk.text)
            pieces.append(chunk.text)
        if chunk.usage:
            self.usage = Usage(*chunk.usage)
            pieces.append(self.usage)
        self.finish_reason = chunk.finish_reason[:64] or self.finish_reason
        return pieces


class _Listener:
    """Says what becomes of the request, in the turn if there is one."""

    def __init__(self) -> None:
        turn = _current.turn.get(None)
        self._turn = None if turn is None or turn.ended else turn

    def notice(self, message: str) -> bool:
        if self._turn is not None:
            return self._turn.notice(message)
        host.notice(message)
        return True

    def stalled(self, message: str) -> bool:
        if self._turn is not None:
            return self._turn.stalled(message)
        return self.notice(message)

    def retrying(
        self, reason: str, seconds: float, attempt: int, attempts: int
    ) -> bool:
        if self._turn is not None:
            return self._turn.retrying(reason, seconds, attempt, attempts)
        left = f"trying again in {seconds:.1f} s ({attempt} of {attempts})"
        return self.notice(f"{reason}; {left}")
