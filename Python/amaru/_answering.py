# SPDX-License-Identifier: Apache-2.0
"""Shows what the function marked by ``amaru.reply`` returns or yields."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator, Sequence
from typing import Any

from amaru import _bridge, _reply, _script
from amaru._pieces import Attachment, FileLimitError, Reasoning, ToolCall, Usage

TYPE_CHECKING = False
if TYPE_CHECKING:
    from amaru.host import Turn

__all__ = ["Answering"]

# What the script raises is shown without what has called it.
__tracebackhide__ = True


class Answering:
    """One conversation of a script, whose history it keeps."""

    def __init__(self) -> None:
        self._history: list[dict[str, Any]] = []

    async def answer(self, turn: Turn, text: str) -> None:
        """Have the function answer, and show that in `turn`.

        What was said remains in the history, also of an answer that was cut short. A
        turn that brings its own history begins a new one, and the answers to others go
        on with theirs.
        """
        marked = _reply.function()
        assert marked is not None, "the script has offered one"
        function, wishes = marked
        if turn.messages is not None:
            history = _before(turn)
        else:
            if (before := turn.history) is not None:
                self._history = []
                for asked, answer, files in before:
                    self._history += _exchange(_content(asked, files), answer)
            history = self._history
        given = {"history": list(history), "turn": turn}
        said: list[str] = []
        try:
            result = function(text, **{name: given[name] for name in wishes})
            await _show(turn, result, said)
        finally:
            _script.flush_quietly()
            if said and not _bridge.is_forked():
                asked = _content(text, turn.attachments)
                history += _exchange(asked, "".join(said))


async def _show(turn: Turn, result: Any, said: list[str]) -> None:
    asking = sys.modules.get("amaru.chat.asking")
    if asking is not None and isinstance(result, asking.Question):
        # It has more to show than its text.
        await _show(turn, result.pieces(), said)
        for call in result.tool_calls:
            _add(turn, call, said)
        if result.finish_reason.isidentifier():
            turn.finished(result.finish_reason)
        return None
    if hasattr(result, "__await__") and not hasattr(result, "__aiter__"):
        return await _show(turn, await result, said)
    if hasattr(result, "__aiter__"):
        try:
            async for piece in result:
                if not _add(turn, piece, said):
                    break
                await turn.drain()
        finally:
            # At once, and not when it is collected: the server may be answering.
            if hasattr(result, "aclose"):
                await result.aclose()
    elif isinstance(result, Iterator):
        for piece in result:
            if not _add(turn, piece, said):
                break
            await turn.drain()
            await asyncio.sleep(0)
    elif result is not None:
        _add(turn, result, said)


def _add(turn: Turn, piece: Any, said: list[str]) -> bool:
    """Add a piece of an answer to the turn; tell whether it goes on."""
    if _bridge.is_forked():
        raise RuntimeError(
            "a child of os.fork takes no part in the answer: end it with os._exit(0)"
        )
    _script.flush_quietly()
    if isinstance(piece, Reasoning):
        return turn.reasoning(piece.text)
    if isinstance(piece, Usage):
        return turn.usage(piece.prompt_tokens, piece.completion_tokens)
    if isinstance(piece, ToolCall):
        return turn.tool_call(piece.name, piece.arguments)
    if isinstance(piece, Attachment):
        try:
            return turn.attach(piece.name, piece.media_type, piece.data)
        except FileLimitError as exc:
            # A fault of its own kind: the traceback would show no line of the script.
            turn.failed("file_limit", str(exc))
            return False
    text = str(piece)
    is_open = turn.text(text)
    if is_open:
        said.append(text)
    return is_open


def _before(turn: Turn) -> list[dict[str, Any]]:
    """Return the messages of a request before its question."""
    messages = turn.messages or []
    questions = [n for n, one in enumerate(messages) if one["role"] == "user"]
    return messages[: questions[-1]] if questions else []


def _exchange(question: Any, answer: str) -> list[dict[str, Any]]:
    return [
        {"role": "user", "content": question},
        {"role": "assistant", "content": answer},
    ]


def _content(text: str, files: Sequence[Attachment]) -> Any:
    if not files:
        return text
    from amaru.chat.parts import content

    return content(text, files)
