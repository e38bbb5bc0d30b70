# SPDX-License-Identifier: Apache-2.0
"""One piece of a chat completion, read leniently."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

__all__ = ["Chunk", "error_text", "parse", "said"]

ToolDelta = tuple[int, str, str]
"""A part of a tool call: which of the answer's calls, its name, its arguments."""


class Chunk(NamedTuple):
    """What one event adds to the answer."""

    text: str = ""
    reasoning: str = ""
    tools: tuple[ToolDelta, ...] = ()
    finish_reason: str = ""
    usage: tuple[int, int] | None = None
    #: The server's own words, if it reports a fault inside the stream.
    error: str = ""


def parse(data: str, part: str = "delta") -> Chunk:
    """Read an event's data, or a whole completion, whose `part` is its ``message``.

    Servers differ in what they leave out, send as null or add, and none of that is
    worth losing an answer for; a ValueError is raised for what is not a JSON object.
    """
    try:
        event = json.loads(data)
    except RecursionError as exc:
        raise ValueError("nested too deeply") from exc
    if not isinstance(event, dict):
        raise ValueError(f"expected an object, got {type(event).__name__}")
    choices = event.get("choices")
    if event.get("error") or choices is None and (said(event) or "errors" in event):
        return Chunk(error=error_text(event))
    choice = _object(choices[0] if isinstance(choices, list) and choices else None)
    delta = _object(choice.get(part))
    content = delta.get("content")
    finish_reason, usage = choice.get("finish_reason"), event.get("usage")
    if isinstance(content, str) and len(delta) == 1 and not (finish_reason or usage):
        # Nearly all events: no need to look for what else there might be.
        return Chunk(content)
    if finish_reason == "error" or choice.get("error"):
        return Chunk(error=error_text(choice))
    return Chunk(
        text=_text(content) + _text(delta.get("refusal")),
        reasoning=_text(delta.get("reasoning_content") or delta.get("reasoning")),
        tools=_tools(delta.get("tool_calls")),
        finish_reason=_text(finish_reason),
        usage=_usage(usage),
    )


def said(error: dict[str, Any]) -> object:
    """Return what an error object says, under whichever name."""
    names = ("message", "detail", "error", "errors", "msg")
    return next((error[name] for name in names if error.get(name)), None)


def error_text(error: object) -> str:
    """Return the words of an error in any of the forms in use, also as JSON text."""
    if isinstance(error, str):
        try:
            parsed = json.loads(error) if error.lstrip()[:1] in ("{", "[") else error
        except (ValueError, RecursionError):
            return error
        return error if isinstance(parsed, str) else error_text(parsed)
    if isinstance(error, list) and error:
        return error_text(error[0])
    words = said(error) if isinstance(error, dict) else None
    return error_text(words) if words else json.dumps(error)


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    if isinstance(value, list):
        # Content in parts, as in a request: [{"type": "text", "text": …}].
        return "".join(_text(_object(part).get("text")) for part in value)
    return value if isinstance(value, str) else ""


def _tools(value: object) -> tuple[ToolDelta, ...]:
    deltas = []
    for position, call in enumerate(value if isinstance(value, list) else []):
        index = _object(call).get("index")
        index = index if isinstance(index, int) else position
        function = _object(_object(call).get("function"))
        texts = _text(function.get("name")), _text(function.get("arguments"))
        deltas.append((index, *texts))
    return tuple(deltas)


def _usage(value: object) -> tuple[int, int] | None:
    usage = _object(value)
    counts = [usage.get(name) or 0 for name in ("prompt_tokens", "completion_tokens")]
    if usage and all(type(n) is int and 0 <= n < 2**53 for n in counts):
        return counts[0], counts[1]
    return None
