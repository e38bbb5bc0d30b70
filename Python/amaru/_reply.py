# SPDX-License-Identifier: Apache-2.0
"""The decorator that marks the function which answers messages."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeVar

    F = TypeVar("F", bound=Callable[..., Any])

__all__ = ["forget", "function", "reply", "wishes"]

_OPTIONAL = ("history", "turn")
_marked: "list[tuple[Callable[..., Any], frozenset[str]]]" = []


def reply(function: "F") -> "F":
    """Mark the function that answers messages.

    It takes the message, and what it names of ``history``, the messages before, and
    ``turn``, the turn to answer in. It returns the answer, or yields it piece by piece,
    and may be asynchronous::

        @amaru.reply
        async def answer(message, history):
            yield f"You have said {len(history) // 2} things, and now: "
            yield message

    A piece is a text, or an `amaru.Reasoning`, `amaru.Attachment`, `amaru.ToolCall` or
    `amaru.Usage`; an answer may be a question to the model, ``amaru.chat(message)``.

    A client of ``amaru serve`` sends more than a message: all messages of the
    conversation are in ``turn.messages``, and what else it asks for, such as
    ``temperature`` and ``tools``, is in ``turn.options``.

    If several functions are marked, the last one answers, and a warning says so.
    """
    wanted = wishes(function)
    former = _marked[0][0] if _marked else function
    if _name(former) != _name(function):
        import warnings

        words = f"{_name(function)}() now answers messages instead of {_name(former)}()"
        code = getattr(former, "__code__", None)
        if code is not None:
            words += f" ({code.co_filename}, line {code.co_firstlineno})"
        words += ": mark one function with @amaru.reply"
        warnings.warn(words, stacklevel=2)
    _marked[:] = [(function, wanted)]
    return function


def _name(function: "Callable[..., Any]") -> str:
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return f"{function.__module__}.{name}".removeprefix("__main__.")


def wishes(function: "Callable[..., Any]") -> "frozenset[str]":
    """Return what a function takes beside the message; TypeError for a wrong one."""
    # asyncio has imported it already.
    from inspect import Parameter, signature

    parameters = list(signature(function).parameters.values())
    positional = (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD)
    takes = [p for p in parameters if p.kind in (*positional, Parameter.VAR_POSITIONAL)]
    first = takes[0] if takes else None
    rest = [p for p in parameters if p is not first]
    wanted = {p.name for p in rest if p.name in _OPTIONAL}
    strange = [
        p.name
        for p in rest
        if p.name not in _OPTIONAL
        and p.default is p.empty
        and p.kind not in (Parameter.VAR_POSITIONAL, Parameter.VAR_KEYWORD)
    ]
    strange += [p.name for p in rest if p.name in wanted and p.kind is positional[0]]
    if first is not None and not strange:
        return frozenset(wanted)
    name = getattr(function, "__name__", type(function).__name__)
    why = "has no parameter for the message" if first is None else ""
    why = why or f"has the parameter {strange[0]}, which nothing is given for"
    raise TypeError(
        f"{name}{signature(function)} cannot answer messages: it {why}; write "
        f"{name}(message), {name}(message, history) or {name}(message, turn)"
    )


def function() -> "tuple[Callable[..., Any], frozenset[str]] | None":
    """Return the function that was marked last, with its wishes, if any."""
    return _marked[0] if _marked else None


def forget() -> None:
    """Let go of the function that was marked last."""
    _marked.clear()
