# SPDX-License-Identifier: Apache-2.0
"""Runs a chat script: finds what it offers, delivers messages, keeps its main() alive.

The host calls these functions on the loop's thread. A script offers one of:

* ``sender_message_proxy(api_key, text)``, with a coroutine function ``main`` that runs
  in the background, in the script or in a module ``main`` that it imported;
* a function marked by ``amaru.reply``;
* neither: then it has run, and that is all.
"""

from __future__ import annotations

import asyncio
import builtins
import importlib.machinery
import inspect
import io
import sys
import traceback
import types
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from amaru import _bridge, _reply, host

__all__ = [
    "cancel",
    "deliver",
    "exit_status",
    "offer",
    "prepare",
    "ready_count",
    "report",
    "restart",
    "start",
    "take_over_input",
]

_CANCEL_LIMIT = 5.0


class _Script:
    """What the script offered; one per process, like the module ``__main__``."""

    def __init__(self) -> None:
        self.sender: Callable[[str, str], Any] | None = None
        self.main: Callable[[], Awaitable[None]] | None = None
        # asyncio holds its tasks weakly: one that waits for what only it knows would be
        # collected, https://docs.python.org/3/library/asyncio-task.html#creating-tasks
        self.tasks: set[asyncio.Future[Any]] = set()

    def keep(self, task: asyncio.Future[Any]) -> None:
        """Keep `task` until it ends."""
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def namespace(self) -> dict[str, Any]:
        return sys.modules["__main__"].__dict__


_script = _Script()


def prepare(path: str, filename: str, arguments: list[str]) -> dict[str, Any]:
    """Make a fresh ``__main__`` for the script at `path`, as ``python path`` does.

    `filename` is the absolute path, which tracebacks show.
    """
    file = Path(filename)
    module = types.ModuleType("__main__")
    module.__file__ = filename
    module.__loader__ = importlib.machinery.SourceFileLoader("__main__", filename)
    module.__dict__["__annotations__"] = {}
    module.__dict__["__builtins__"] = builtins
    module.__dict__["__cached__"] = None
    sys.modules["__main__"] = module
    if file.stem.isidentifier() and file.stem not in sys.modules:
        # Importable by its own name too, as the same module.
        sys.modules[file.stem] = module
    sys.argv[:] = [path, *arguments]
    sys.path.insert(0, str(file.resolve().parent))
    if isinstance(sys.stdin, io.TextIOWrapper):
        # One byte at a time, so that `input()` takes its line and leaves the rest of
        # the pipe to the host.
        sys.stdin._CHUNK_SIZE = 1  # type: ignore[attr-defined]
    return module.__dict__


def offer() -> str:
    """Say what the script that has run offers: ``sender``, ``reply`` or nothing."""
    namespace = _script.namespace()
    sender = namespace.get("sender_message_proxy")
    if callable(sender):
        _script.sender = sender
        _script.main = _coroutine_function(namespace.get("main"))
        if _script.main is None and (module := sys.modules.get("main")) is not None:
            _script.main = _coroutine_function(getattr(module, "main", None))
        return "sender"
    if _reply.function() is not None:
        return "reply"
    return ""


def _coroutine_function(value: Any) -> Callable[[], Awaitable[None]] | None:
    return value if inspect.iscoroutinefunction(value) else None


def start() -> None:
    """Run the script's ``main()`` in the background."""
    if _script.main is not None:
        _script.keep(asyncio.ensure_future(_script.main()))


async def restart() -> None:
    """Cancel and await every task of the script, then start its ``main()`` again."""
    own = asyncio.current_task()
    tasks = {task for task in asyncio.all_tasks() if task is not own}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CANCEL_LIMIT)
    start()


def deliver(turn_id: int, api_key: str, text: str) -> bool:
    """Give a message to the script; tell whether it settles its turns itself."""
    with host._enter_turn(turn_id) as turn:
        if _script.sender is None:
            task = asyncio.ensure_future(_answer(turn, text))
            _script.keep(task)
            turn.bind(task)
            return True
        result = _script.sender(api_key, text)
        if inspect.isawaitable(result):
            _script.keep(asyncio.ensure_future(result))
        return turn.claimed


async def _answer(turn: host.Turn, text: str) -> None:
    """Let the function marked by ``amaru.reply`` answer."""
    function = _reply.function()
    if function is None:
        raise RuntimeError("the script offers nothing that answers messages")
    try:
        async for piece in _pieces(function(text)):
            turn.text(piece)
    except Exception as exc:
        turn.failed("script", f"{type(exc).__name__}: {exc}", _place(exc))
    else:
        turn.finished()


async def _pieces(result: Any) -> AsyncIterator[str]:
    if isinstance(result, AsyncIterator):
        async for piece in result:
            yield str(piece)
    elif inspect.isgenerator(result):
        for piece in result:
            yield str(piece)
            await asyncio.sleep(0)
    else:
        value = await result if inspect.isawaitable(result) else result
        if value is not None:
            yield str(value)


def _place(exc: BaseException) -> str:
    """Say where in the script an exception arose, also if it was in a library."""
    folder = sys.path[0]
    frames = traceback.extract_tb(exc.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(folder + "/")]
    if not own:
        return "mend the script"
    return f"mend the script: {own[-1].filename}, line {own[-1].lineno}"


def report(exc: BaseException) -> bool:
    """Let the script's own ``sys.excepthook`` report; tell whether there is one.

    What was printed goes out first, as under python.
    """
    _flush()
    if sys.excepthook is sys.__excepthook__:
        return False
    sys.excepthook(type(exc), exc, exc.__traceback__)
    _flush()
    return True


def exit_status(exc: SystemExit) -> tuple[int, str]:
    """Return the exit code of ``sys.exit``, and what it wants to have said."""
    _flush()
    if exc.code is None:
        return 0, ""
    if isinstance(exc.code, int):
        return exc.code & 0xFF, ""
    return 1, f"{exc.code}\n"


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            # A reader that is gone has shown itself to the script already.
            pass


def cancel(turn_id: int) -> None:
    """Cancel a turn that the script settles itself."""
    host._cancel(turn_id)


def ready_count() -> int:
    """Count the callbacks that the loop is about to run."""
    loop = asyncio.get_running_loop()
    return len(getattr(loop, "_ready", ()))


def take_over_input() -> None:
    """Let ``input()`` take the next line that the host reads.

    What the script prints goes out at once from now on: the host writes its answers to
    the same place.
    """
    _flush()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(write_through=True)

    def host_input(prompt: object = "", /) -> str:
        line = _bridge.chat().read_line(str(prompt))
        if line is None:
            raise EOFError("EOF when reading a line")
        return str(line)

    builtins.input = host_input
