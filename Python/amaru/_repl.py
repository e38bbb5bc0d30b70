# SPDX-License-Identifier: Apache-2.0
"""The session of ``amaru repl``: lines in, what they come to on the standard streams.

The host calls these functions on the loop's thread, one line at a time.
"""

from __future__ import annotations

import asyncio
import builtins
import os
import sys
from typing import Any, Final

import amaru
from amaru import _script
from amaru.chat.asking import Session
from pyodide.console import BANNER, Console, ConsoleFuture

__all__ = ["begin", "complete", "drop", "interrupt", "push", "show"]

_CANCEL_LIMIT: Final = 5.0
_SHOWN: Final = 100
_HINT: Final = 'await amaru.chat("...") asks the model. Ctrl-D ends the session.'

# Of what a model says, what a terminal would obey.
_CONTROLS: Final = {n: None for n in (*range(32), *range(127, 160)) if n not in (9, 10)}


class _Session:
    console: Console
    #: What the answers of this line were shown as.
    shown: list[str]


def begin(is_typed: bool) -> str:
    """Begin a session with the names of ``__main__``; return what greets the user."""
    names = sys.modules["__main__"].__dict__
    names.setdefault("amaru", amaru)
    Session.current = Session(_show_text)
    _Session.console, _Session.shown = Console(names), []
    if is_typed:
        # As under python, where a pager would take the keys that are typed next.
        os.environ.setdefault("PAGER", "cat")
        return f"{BANNER}\n{_HINT}"
    _script.attach()
    return ""


def _show_text(text: str) -> None:
    _Session.shown.append(text)
    sys.stdout.write(text.translate(_CONTROLS))
    sys.stdout.flush()


async def push(text: str) -> ConsoleFuture:
    """Run a line; return its future when it is done."""
    _Session.shown = []
    line = _Session.console.push(text)
    await asyncio.wait([line])
    return line


def show(line: ConsoleFuture) -> bool:
    """Show what a line has come to; tell whether its statement is complete.

    Raises SystemExit if the line ends the session, or a hook does. That is why this is
    no coroutine: SystemExit would leave the loop, too.
    """
    if line.syntax_check == "incomplete":
        return False
    if line.cancelled():
        sys.stderr.write("KeyboardInterrupt\n")
    elif (exc := line.exception()) is not None:
        _raised(exc, line.formatted_error)
    elif (exc := _display(_unshown(line.result()))) is not None:
        _raised(exc)
    _script.flush()
    return True


def _unshown(value: Any) -> Any:
    """Return a line's value, or None for an answer that stands above it already."""
    if isinstance(value, str) and value and f"{value}\n" == "".join(_Session.shown):
        builtins.__dict__["_"] = value
        return None
    return value


def _display(value: Any) -> BaseException | None:
    """Show a value; return what `sys.displayhook` raises."""
    try:
        sys.displayhook(value)
    except BaseException as exc:
        # Without the frame of this function.
        return exc.with_traceback(exc.__traceback__ and exc.__traceback__.tb_next)
    return None


def _raised(exc: BaseException, text: str | None = None) -> None:
    if isinstance(exc, SystemExit):
        _script.flush()
        raise exc
    if advice := _script.report(exc, text):
        sys.stderr.write(f"amaru: {advice}\n")


async def interrupt() -> None:
    """Stop what runs, and wait until it has stopped."""
    if running := _Session.console.cancel():
        await asyncio.wait(running, timeout=_CANCEL_LIMIT)


def drop() -> None:
    """Forget the lines of a statement that is not complete."""
    _Session.console.buffer = []


def complete(text: str) -> tuple[list[str], int]:
    """Return how the last word of `text` may go on, and where it begins.

    What the word's properties print or raise is not shown.
    """
    try:
        words, start = _Session.console.complete(text)
    except Exception:
        return [], len(text)
    return sorted(set(words))[:_SHOWN], start
