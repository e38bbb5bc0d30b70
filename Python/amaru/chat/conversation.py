# SPDX-License-Identifier: Apache-2.0
"""The conversation: a turn goes out with the history, and comes back as events."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import aclosing, nullcontext
from io import StringIO
from typing import Any

from amaru import host
from amaru.chat.answer import LIMIT, Chunk, Reading, ToolCalls
from amaru.chat.client import Client, Fault, Learnt, origin
from amaru.chat.waiting import Waiting

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amaru._pieces import Attachment

__all__ = ["Conversation"]

# A question, its answer, and the files that went with the question.
Exchange = tuple[str, str, Sequence["Attachment"]]

# Changes a text of a turn on its way, as the plugins do: the ``message`` to send, a
# ``chunk`` of the answer to show, or the whole ``answer`` to remember.
Filter = Callable[[str, str, "host.Turn"], Awaitable[str]]

# What a server calls the end of an answer that is not its natural end.
_CUTS = dict.fromkeys(
    ("length", "model_length", "max_tokens"), "the model reached its token limit"
) | {"content_filter": "the server's content filter stopped it"}

# How many texts that plugins have changed are kept, to be sent the same again.
_CHANGED = 1000

# The roles whose messages are instructions.
_SYSTEM = ("system", "developer")


class Conversation:
    """A history and the server that continues it.

    Turns that go on with what is remembered come one at a time; those that bring their
    own history wait for nothing.
    """

    def __init__(self, settings: host.Settings, filter: Filter | None = None) -> None:
        self.messages: list[dict[str, Any]] = _system(settings)
        """What the next request begins with: user and assistant alternate.

        A question without any answer is dropped with its turn, since two user messages
        in a row are refused by some servers, and answered twice by others. An answer
        that was cut short is an answer.
        """
        self._settings = settings
        # By base URL: what one client has learnt of a server, the next one knows.
        self._learnt: defaultdict[str, Learnt] = defaultdict(Learnt)
        self._client = self._client_of(settings)
        self._filter = filter
        # What plugins have made of the user's messages and of answers.
        self._changed: dict[tuple[str, str], str] = {}
        self._turn = asyncio.Lock()

    def use(self, settings: host.Settings) -> None:
        """Go on with another model or server, or with the same."""
        self._settings = settings
        # Of its own: answers of other models may still ask with the former one.
        self._client = self._client_of(settings)
        said = self.messages[:1]
        count = 1 if said and said[0]["role"] == "system" else 0
        self.messages[:count] = _system(settings)

    def rewind(self, exchanges: Iterable[Exchange]) -> None:
        """Let these questions and answers be all that was said."""
        self.messages = [m for m in self.messages[:1] if m["role"] == "system"]
        for question, answer, files in exchanges:
            self.messages += _exchange(_content(question, files), answer)

    async def send(
        self,
        turn: host.Turn,
        text: str,
        history: Iterable[Exchange] | None = None,
        settings: host.Settings | None = None,
    ) -> None:
        """Ask `text` and show the answer in `turn`, which has ended on return.

        A `history` takes the place of what was said before, as in `rewind`; `settings`
        are used from now on.
        Only a cancellation leaves this as an exception. What was shown until then, or
        until a fault, is kept in the history.
        """
        asked = settings or self._settings
        if (given := turn.messages) is not None:
            return await self._complete(turn, given, asked)
        answer = _Answer(turn, self._filter, asked.schema)
        question: dict[str, Any] = {"role": "user", "content": text}
        messages = self.messages
        try:
            async with self._turn if history is None else nullcontext():
                if settings is not None:
                    self.use(settings)
                client = self._client
                if history is not None:
                    self.rewind([await self._again(one, turn) for one in history])
                # Another turn may put a list of its own in the place of this one.
                messages = self.messages
                sent = await self._filtered(text, turn)
                question["content"] = _content(sent, turn.attachments)
                if not turn.ended:
                    await self._ask([*messages, question], answer, asked, client)
        except asyncio.CancelledError:
            turn.cancelled()
            raise
        except Exception as exc:
            from amaru.chat.failures import describe

            turn.failed(*describe(exc, asked))
        else:
            turn.finished(answer.reason)
        finally:
            if said := answer.text.getvalue():
                messages += _exchange(question["content"], said)
                if answer.shown:
                    self._note("answer", answer.shown, said)

    async def _complete(
        self, turn: host.Turn, given: list[dict[str, Any]], settings: host.Settings
    ) -> None:
        """Answer a request with all its messages, and remember nothing of it."""
        settings = settings.changed(turn.options)
        answer = _Answer(turn, self._filter, settings.schema)
        try:
            messages = [dict(message) for message in given]
            if settings.system and not any(m["role"] in _SYSTEM for m in messages):
                messages.insert(0, {"role": "system", "content": settings.system})
            asked = [m for m in messages if m["role"] == "user"]
            for message in asked:
                is_new, content = message is asked[-1], message["content"]
                if isinstance(content, str):
                    message["content"] = await self._filtered(content, turn, is_new)
                elif isinstance(content, list):
                    parts = message["content"] = [dict(part) for part in content]
                    for part in parts:
                        if part.get("type") == "text":
                            text = await self._filtered(part["text"], turn, is_new)
                            part["text"] = text
            if not turn.ended:
                client = self._client_of(settings)
                await self._ask(messages, answer, settings, client)
        except asyncio.CancelledError:
            turn.cancelled()
            raise
        except Exception as exc:
            from amaru.chat.failures import describe

            turn.failed(*describe(exc, settings))
        else:
            turn.finished(answer.reason)

    async def _filtered(self, text: str, turn: host.Turn, is_new: bool = True) -> str:
        """Return a message of the user as plugins want it; an earlier one as before."""
        if self._filter is None:
            return text
        sent = None if is_new else self._changed.get(("message", text))
        if sent is None:
            sent = await self._filter("message", text, turn)
            self._note("message", text, sent)
        return sent

    async def _again(self, said: Exchange, turn: host.Turn) -> Exchange:
        """Return what was said as it was sent and remembered."""
        question, answer, files = said
        question = await self._filtered(question, turn, is_new=False)
        return question, self._changed.get(("answer", answer), answer), files

    def _note(self, kind: str, text: str, changed: str) -> None:
        if self._filter is None:
            return
        self._changed.pop((kind, text), None)
        self._changed[kind, text] = changed
        if len(self._changed) > _CHANGED:
            del self._changed[next(iter(self._changed))]

    def _client_of(self, settings: host.Settings) -> Client:
        return Client(settings, self._learnt[settings.base_url])

    async def _ask(
        self,
        messages: list[dict[str, Any]],
        answer: _Answer,
        settings: host.Settings,
        client: Client,
    ) -> None:
        if settings.schema is not None:
            from amaru.chat.schema import read

            read(settings.schema)
        if settings.dry_run:
            answer.turn.text(client.preview(messages))
            return
        stall, turn = settings.stall_timeout, answer.turn
        with Waiting(stall, origin(settings.base_url), turn.stalled) as waiting:
            with await client.ask(messages, turn, waiting) as response:
                async with aclosing(Reading(response, stall).batches()) as batches:
                    async for chunks in batches:
                        for chunk in chunks:
                            if await answer.add(chunk):
                                waiting.came()
                        with waiting.paused():
                            await turn.drain()
                        if turn.ended:
                            return
        await answer.finish()


def _exchange(question: Any, answer: str) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


def _system(settings: host.Settings) -> list[dict[str, Any]]:
    """Return the message that a conversation begins with, if there is one."""
    text = settings.system
    return [{"role": "system", "content": text}] if text else []


def _content(text: str, files: Sequence[Attachment]) -> Any:
    if not files:
        return text
    from amaru.chat.parts import content

    return content(text, files)


class _Answer:
    """One answer as it is shown, and then as it is remembered."""

    def __init__(self, turn: host.Turn, filter: Filter | None, schema: Any) -> None:
        self.turn, self.reason, self.text = turn, "stop", StringIO()
        self.shown = ""
        """The whole answer as it is on the screen, if plugins have seen it."""
        self._filter, self._size, self._schema = filter, 0, schema
        self._tools = ToolCalls()

    async def add(self, chunk: Chunk) -> bool:
        """Show a chunk; tell whether it has content."""
        self._count(len(chunk.text) + len(chunk.reasoning))
        if chunk.reasoning:
            self.turn.reasoning(chunk.reasoning)
        if text := chunk.text:
            if self._filter is not None:
                clean = self.turn.clean(text)
                text = await self._filter("chunk", clean, self.turn)
                self._count(len(text))
            # One that must fit a schema is shown when it is known to.
            if text and (self._schema is not None or self.turn.text(text)):
                self.text.write(text)
        self._count(self._tools.add(chunk))
        if chunk.usage:
            self.turn.usage(*chunk.usage)
        if chunk.finish_reason.isidentifier():
            self.reason = chunk.finish_reason[:64]
        return chunk.has_content

    async def finish(self) -> None:
        """Report the whole tool calls, and let the filter see the whole answer."""
        calls = [(name, arguments) for _, name, arguments in self._tools.whole()]
        for call in calls:
            self.turn.tool_call(*call)
        if calls and self.turn.messages is None:
            asked = ", ".join(f"{name}({arguments})" for name, arguments in calls)
            asked = " ".join(asked.split())
            asked = asked if len(asked) <= 300 else f"{asked[:299]}…"
            self.turn.notice(f"the model asks for tools, and a chat has none: {asked}")
        if self._filter is not None:
            shown = self.text.getvalue()
            kept = await self._filter("answer", shown, self.turn)
            self.text = StringIO(kept)
            # What is on the screen stays there; what a filter adds at the end is new.
            if kept.startswith(shown) and self._schema is None:
                self.turn.text(kept[len(shown) :])
                shown = kept
            self.shown = shown
        if cut := _CUTS.get(self.reason):
            self.turn.notice(f"the answer was cut short: {cut}")
        if self._schema is not None:
            self._fit()
        elif not (cut or self._tools or self.text.getvalue()):
            self.turn.notice("the answer is empty")

    def _fit(self) -> None:
        """Show an answer that fits the schema as JSON, any other one as it is."""
        import json

        from amaru.chat.schema import parse

        said = self.text.getvalue()
        try:
            value = parse(said, self._schema)
        except Fault:
            self.turn.text(said)
            raise
        self.turn.text(json.dumps(value, ensure_ascii=False, indent=2))

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > LIMIT:
            raise Fault("too_long")
