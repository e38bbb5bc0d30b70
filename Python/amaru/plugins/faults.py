# SPDX-License-Identifier: Apache-2.0
"""Describes what went wrong in a plugin, without trusting what the plugin raised.

An exception is the plugin's object: its class may have any name, its `__str__` may
raise, and a text may be of a class that only looks like `str`.
"""

from __future__ import annotations

import os
from typing import Any, Final

__all__ = [
    "Failure",
    "Fault",
    "describe",
    "exact",
    "line_of",
    "traceback_of",
    "type_name",
    "words_of",
]

_LENGTH: Final = 300

_ADVICE: Final[dict[type, str]] = {
    ModuleNotFoundError: "name its package in the plugin's `# /// script` block",
    SystemExit: "a plugin cannot end the program",
}

# Read through these, since the class of an exception may have properties of its own.
_NAME: Final[Any] = type.__dict__["__name__"]
_TRACEBACK: Final[Any] = BaseException.__dict__["__traceback__"]
_CAUSE: Final[Any] = BaseException.__dict__["__cause__"]
_EXCEPTIONS: Final[Any] = BaseExceptionGroup.__dict__["exceptions"]


class Fault(Exception):
    """Something that Amaru finds wrong with a plugin, and what to do about it."""

    def __init__(self, what: str, line: int = 0) -> None:
        super().__init__(what)
        self.what, self.line = what, line


class Failure:
    """What a plugin's code raised, as a value: no plugin can return one."""

    __slots__ = ("exception",)

    def __init__(self, exception: BaseException) -> None:
        self.exception = exception


def exact(text: str) -> str:
    """Return a text of any subclass of `str` as a plain one."""
    return str.__str__(text)


def type_name(value: object) -> str:
    """Return the name of an object's class, whatever its metaclass says it is."""
    return _one_line(_NAME.__get__(type(value)), 80)


def traceback_of(exc: BaseException) -> Any:
    """Return the traceback of an exception, whatever its class says it is."""
    return _TRACEBACK.__get__(exc)


def line_of(function: Any, path: str) -> int:
    """Return the line in the plugin's file on which a function begins, or 0."""
    code: Any = getattr(function, "__code__", None)
    return code.co_firstlineno if getattr(code, "co_filename", "") == path else 0


def describe(
    exc: BaseException, path: str, line: int = 0, interrupted: str = "interrupted"
) -> str:
    """Return ``file:line: what``, the line being the plugin's own.

    `line` is used for what has no line in the plugin's file.
    """
    # A name that is not UTF-8 can be opened, but not shown.
    shown = os.fsencode(path).decode("utf-8", "replace")
    if type(exc) is Fault:
        return f"{shown}:{exc.line or line or 1}: {exc.what}"
    if type(exc) in (SyntaxError, IndentationError, TabError):
        assert isinstance(exc, SyntaxError)
        if type(exc.filename) is str and exc.filename == path:
            found = exc.lineno if type(exc.lineno) is int else 1
            return f"{shown}:{found}: {type_name(exc)}: {_text(exc.msg)}"
    # The cause is, for one, the StopIteration that a coroutine let out.
    found = _last_line(exc, path) or _last_line(_CAUSE.__get__(exc), path)
    place = f"{shown}:{found or line or 1}"
    if type(exc) is KeyboardInterrupt:
        return f"{place}: {interrupted}"
    what = f"{place}: {words_of(exc)}"
    if issubclass(type(exc), BaseExceptionGroup):
        first = _EXCEPTIONS.__get__(exc)[0]
        what += f", the first of them {type_name(first)}: {_text(first)}"
    advice = _ADVICE.get(type(exc))
    return f"{what}; {advice}" if advice else what


def words_of(exc: BaseException) -> str:
    """Return the class and the text of an exception, in one line without controls."""
    return f"{type_name(exc)}: {_text(exc)}".removesuffix(": ")


def _last_line(exc: BaseException | None, path: str) -> int:
    found = 0
    trace = traceback_of(exc) if exc is not None else None
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            found = trace.tb_lineno or found
        trace = trace.tb_next
    return found


def _text(value: object) -> str:
    try:
        return _one_line(str(value), _LENGTH)
    except BaseException as exc:
        return f"(its text cannot be read: {type_name(exc)})"


def _one_line(text: str, length: int) -> str:
    text = exact(text)
    line = " ".join(text[: 4 * length].split())
    line = "".join(c if c.isprintable() else "\ufffd" for c in line)
    return line if len(line) <= length else line[: length - 3] + "..."
