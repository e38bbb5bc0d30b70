# SPDX-License-Identifier: Apache-2.0
"""One streamed piece of a chat completion, read leniently."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

__all__ = ["Chunk", "ToolDelta", "parse"]


@dataclass(frozen=True, slots=True)
class ToolDelta:
    """A part of one tool call; `index` tells the calls of an answer apart."""

    index: int
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Chunk:
    """What one event adds to the answer."""

    text: str = ""
    reasoning: str = ""
    tools: tuple[ToolDelta, ...] = ()
    finish_reason: str = ""
    usage: tuple[int, int] | None = None
    error: str = ""
    """The server's own message, when it reports a fault inside the stream."""

    @property
    def is_text(self) -> bool:
        """Whether the chunk adds text to the answer and nothing else."""
        return bool(self.text) and not (
            self.reasoning
            or self.tools
            or self.finish_reason
            or self.usage
            or self.error
        )


def parse(data: str) -> Chunk:
    """Read the data of one event; raise ValueError when it is no chunk at all.

    Servers differ in what they leave out, send as null or add, and none of that is
    worth losing an answer for; only what is not a JSON object is refused.
    """
    if not data.isascii():
        # What was no UTF-8 has become lone surrogates, which cannot be encoded.
        data.encode()
    try:
        event = json.loads(data)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(event, dict):
        raise ValueError(f"expected an object, got {type(event).__name__}")
    if error := event.get("error"):
        return Chunk(error=error_text(error))
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    choice = _object(choice)
    delta = _object(choice.get("delta"))
    content = delta.get("content")
    finish_reason, usage = choice.get("finish_reason"), event.get("usage")
    if isinstance(content, str) and len(delta) == 1 and not (finish_reason or usage):
        # Nearly all events: no need to look for what else there might be.
        return Chunk(content)
    return Chunk(
        text=_text(content),
        reasoning=_text(delta.get("reasoning_content") or delta.get("reasoning")),
        tools=_tools(delta.get("tool_calls")),
        finish_reason=_text(finish_reason),
        usage=_usage(usage),
    )


def error_text(error: object) -> str:
    """Return the message of an error object in any of the forms in use."""
    if isinstance(error, dict):
        for key in ("message", "detail", "error"):
            if value := error.get(key):
                return error_text(value)
    return error if isinstance(error, str) else json.dumps(error)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, list):
        # Content in parts, as in a request: [{"type": "text", "text": …}].
        return "".join(_text(_object(part).get("text")) for part in value)
    return value if isinstance(value, str) else ""


def _tools(value: object) -> tuple[ToolDelta, ...]:
    calls = value if isinstance(value, list) else []
    deltas = []
    for position, call in enumerate(_object(call) for call in calls):
        function = _object(call.get("function"))
        index = call.get("index")
        deltas.append(
            ToolDelta(
                index if isinstance(index, int) else position,
                _text(function.get("name")),
                _text(function.get("arguments")),
            )
        )
    return tuple(deltas)


def _usage(value: object) -> tuple[int, int] | None:
    usage = _object(value)
    counts = usage.get("prompt_tokens"), usage.get("completion_tokens")
    if not usage or not all(isinstance(count, int | None) for count in counts):
        return None
    return counts[0] or 0, counts[1] or 0
