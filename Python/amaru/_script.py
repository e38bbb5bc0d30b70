# SPDX-License-Identifier: Apache-2.0
"""Runs a chat script: finds what it offers, delivers messages, keeps its main() alive.

The host calls these functions on the loop's thread. A script that only runs must cost
what it costs under python, so what chats alone need is imported when a chat starts.
"""

import builtins
import io
import os
import sys

from amaru import _bridge, _ending, _main, _reply
from amaru._ending import release_frames
from amaru._tracing import hidden, untraced

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable
    from typing import Any, Literal, NoReturn

    from amaru._answering import Answering
    from amaru.host import Turn

__all__ = [
    "attach",
    "command_names",
    "deliver",
    "offer",
    "prepare",
    "reads_requests",
    "ready_count",
    "release_frames",
    "report",
    "start",
    "stop",
]

_CANCEL_LIMIT = 5.0

# What the script raises is shown without what has called it.
__tracebackhide__ = True

# Without a module, of which the script may have its own.
_display = sys.__excepthook__


class _Script:
    """What the script offered; one per process, like the module ``__main__``."""

    sender: "Callable[[str, str], Any] | None" = None
    main: "Callable[[], Awaitable[None]] | None" = None
    main_task: "asyncio.Future[Any] | None" = None
    answering: "Answering | None" = None

    def __init__(self) -> None:
        # asyncio holds its tasks weakly: one that waits for what only it knows would be
        # collected, https://docs.python.org/3/library/asyncio-task.html#creating-tasks
        self.tasks: set[asyncio.Future[Any]] = set()

    def run(self, awaitable: "Awaitable[Any]") -> "asyncio.Future[Any]":
        """Run `awaitable` as a task that is kept until it ends."""
        import asyncio

        task = asyncio.ensure_future(awaitable)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        return task

    def run_main(self) -> None:
        """Run the script's ``main()``, if it has one."""
        if self.main is not None:
            self.main_task = self.run(self.main())
            self.main_task.add_done_callback(self._main_ended)

    def _main_ended(self, task: "asyncio.Future[Any]") -> None:
        if task is self.main_task:
            # An exception is reported when nobody has the task, a cancellation never.
            self.main_task = None
            if task.cancelled():
                _bridge.chat().main_cancelled()


_script = _Script()


def prepare(
    kind: str, path: str, filename: str, arguments: "list[bytes]", source: "bytes | str"
) -> "tuple[dict[str, Any], bytes | str, str]":
    """Make a new ``__main__``; return its names, its source and its file's name.

    `kind` says how python would have been told to run it: a file, a folder with
    ``__main__.py``, a text (``-c`` or standard input), or a module (``-m``), which is
    named by `path`. `filename` is the absolute path of a file, as tracebacks show it.
    """
    import atexit
    import gc

    # What is here by now stays, and need not be looked at by collections, the last one
    # above all: that would cost a short script a twentieth of its time.
    gc.freeze()
    module = type(sys)("__main__")
    # Registered first, so called last.
    atexit.register(_end, frozenset(sys.modules))
    module.__dict__.update(__annotations__={}, __builtins__=builtins)
    sys.modules["__main__"] = module
    rest = [os.fsdecode(argument) for argument in arguments]
    sys.argv[:] = [path, *rest]
    # What starts a program again, such as a server that reloads, starts this.
    lead = [path]
    if kind == "module":
        lead = ["-m", path]
    elif path == "-c":
        # What it declares as its encoding does not count: it has been decoded.
        source = source if isinstance(source, str) else os.fsdecode(source)
        # The line's end is the host's.
        lead = [path, source.removesuffix("\n")]
    sys.orig_argv[:] = [sys.executable, *lead, *rest]
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        # The host has opened those that were closed, for itself: no other can be there
        # that a program which is started would not get.
        if getattr(sys, name) is not None and not os.get_inheritable(number):
            sys.__dict__.update({name: None, f"__{name}__": None})
    if isinstance(sys.stdin, io.TextIOWrapper):
        # One byte at a time, so that `input()` takes its line and leaves the rest of
        # the pipe to the host.
        sys.stdin._CHUNK_SIZE = 1  # type: ignore[attr-defined]
    _keep_descriptors()
    _main.place_bytecode()
    if kind == "module":
        source, filename = _main.describe_module(module, path)
    elif kind == "folder":
        _main.describe_folder(module, path, filename)
    elif kind == "text":
        _main.describe_text(module, filename, source)
    else:
        _main.describe_file(module, filename)
    return module.__dict__, source, filename


def _keep_descriptors() -> None:
    """Refuse to close the host's descriptors by a range, as daemons do once forked."""
    close = os.closerange

    def closerange(fd_low: int, fd_high: int, /) -> None:
        if not _bridge.is_forked() and _bridge.chat().owns_descriptors(fd_low, fd_high):
            raise ValueError(
                "some of these descriptors are Amaru's: close your own one by one, or "
                "call it in a forked child"
            )
        close(fd_low, fd_high)

    os.closerange = closerange


def _end(earlier: "frozenset[str]") -> None:
    _script.sender = _script.main = _script.answering = None
    _reply.forget()
    _ending.end(earlier)
    # What follows may import `sys` again, of which a script that has emptied
    # `sys.modules` gets another.
    flush_quietly()


@untraced
def offer() -> str:
    """Say what the script that has run offers.

    ``sender`` is a function ``sender_message_proxy(api_key, text)``, perhaps with a
    coroutine function ``main``, there or in a module ``main``, to run in the
    background; ``reply`` is a function marked by ``amaru.reply``; ``tasks`` means that
    it has left something to wait for; else it has run, and that is all.
    """
    module = sys.modules.get("__main__")
    sender = _names_of_script().get("sender_message_proxy")
    if not callable(sender):
        if _reply.function() is not None:
            return "reply"
        return "tasks" if _is_unfinished() else ""
    import inspect

    mains = (getattr(m, "main", None) for m in (module, sys.modules.get("main")))
    _script.sender = sender
    _script.main = next(filter(inspect.iscoroutinefunction, mains), None)
    return "sender"


def _names_of_script() -> "dict[str, Any]":
    # A script may put anything in the place of its module, or nothing.
    names = getattr(sys.modules.get("__main__"), "__dict__", None)
    return names if isinstance(names, dict) else {}


def reads_requests() -> bool:
    """Return whether the script sees its turns, and so what a request asks for."""
    if _script.sender is None:
        marked = _reply.function()
        return marked is not None and "turn" in marked[1]
    package = sys.modules["amaru"]
    names = _names_of_script().values()
    return any(name is package or name is package.current_turn for name in names)


def command_names() -> "list[str]":
    """Return the names of the script's slash commands, without their slash."""
    names = _names_of_script().get("command_names")
    return [n for n in names if isinstance(n, str)] if isinstance(names, list) else []


def _is_unfinished() -> bool:
    """Return whether the host's loop has something left to do for the script."""
    runtime: Any = sys.modules.get("_amaru_runtime")
    home_loop = getattr(runtime, "home_loop", None)
    if home_loop is None or (loop := home_loop()) is None:
        return False
    if runtime.was_run():
        # As under python, where nothing runs the loop after that.
        return False
    from amaru import _pending

    return _pending.exists(loop)


def start() -> None:
    """Prepare to converse, and run the script's ``main()`` in the background."""
    attach()
    module = sys.modules["__main__"]
    name = os.path.basename(module.__dict__.get("__file__", "")).removesuffix(".py")
    # Importable by its own name too, as the same module; not before it has run, since
    # a library may import another module of that name.
    if name:
        sys.modules.setdefault(name, module)
    _script.run_main()


def attach() -> None:
    """Let the script read and write where the host does, line by line."""
    from amaru import host

    flush()
    _direct_output(host.settings().output)
    leave = os._exit

    def host_exit(status: int) -> "NoReturn":
        # The terminal is put back first; it is not a forked child's.
        if not _bridge.is_forked():
            _bridge.chat().leaving()
        leave(status)

    def host_input(prompt: object = "", /) -> str:
        flush()
        try:
            line = _bridge.chat().read_line(str(prompt))
        except BaseException as exc:
            _note_interrupt(exc)
            raise
        if line is None:
            raise EOFError("EOF when reading a line")
        return str(line)

    os._exit = host_exit
    builtins.input = host_input


def _direct_output(output: "Literal['screen', 'shared', 'apart']") -> None:
    if output == "screen":
        from amaru import _printing

        _printing.bring_to_screen()
        return
    if isinstance(sys.stdout, io.TextIOWrapper):
        # The host may write its answers to the same place.
        sys.stdout.reconfigure(line_buffering=True)
    if output == "shared":
        from amaru import _printing

        _printing.keep_order()


def _note_interrupt(exc: BaseException) -> None:
    """End the turn that is being answered as stopped, if it was by Ctrl-C."""
    from asyncio import CancelledError

    from amaru import _current

    turn = _current.turn.get(None)
    if turn is not None and isinstance(exc, (CancelledError, KeyboardInterrupt)):
        turn.cancelled()


async def stop(task: "asyncio.Task[Any] | None", whole: bool) -> None:
    """Cancel and await `task`; or every task, and start the script's ``main()``."""
    import asyncio

    if task is not None and not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=_CANCEL_LIMIT)
    if not whole:
        return
    _script.main_task = None
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=_CANCEL_LIMIT)
    _script.run_main()


def deliver(turn: "Turn", api_key: str, text: str) -> None:
    """Give a message to the script."""
    from amaru import _current

    token = _current.turn.set(turn)
    try:
        if _script.sender is None:
            turn.claim()
            if _script.answering is None:
                from amaru._answering import Answering

                _script.answering = Answering()
            turn.bind(_script.run(_script.answering.answer(turn, text)))
        elif hasattr(result := _script.sender(api_key, text), "__await__"):
            _script.run(result)
    finally:
        _current.turn.reset(token)


@hidden
def report(exc: BaseException, text: "str | None" = None) -> str:
    """Report an exception as python does, by ``sys.excepthook``.

    `text` is what to show of it unless the script has a hook of its own. What was
    printed goes out first. Returns what the user can do about a module that is missing,
    else the empty string. A hook may end the program.
    """
    flush_quietly()
    trace = exc.__traceback__
    sys.last_type, sys.last_value, sys.last_traceback = type(exc), exc, trace
    if sys.version_info >= (3, 12):
        sys.last_exc = exc
    try:
        hook = sys.excepthook
    except AttributeError:
        _write_error("sys.excepthook is missing\n")
        hook = _display
    if hook is _display and text is not None:
        _write_error(text)
        return _advice(exc)
    try:
        hook(type(exc), exc, trace)
    except SystemExit:
        raise
    except BaseException as fault:
        _write_error("Error in sys.excepthook:\n")
        # Without the frame of this function.
        fault.__traceback__ = fault.__traceback__ and fault.__traceback__.tb_next
        _display(type(fault), fault, fault.__traceback__)
        _write_error("\nOriginal exception was:\n")
        exc.__traceback__ = trace
        _display(type(exc), exc, trace)
    return _advice(exc)


@untraced
def _advice(exc: BaseException) -> str:
    if not isinstance(exc, ModuleNotFoundError):
        return ""
    try:
        from amaru.chat import failures

        return failures.advice(exc)
    except Exception:
        # The script has modules of its own in the place of the library's, say, or its
        # folder is gone.
        return ""


@hidden
def _write_error(text: str) -> None:
    try:
        sys.stderr.write(text)
    except Exception:
        # There is no other place to say it.
        pass


@hidden
def flush_quietly() -> None:
    """Write out what the script has printed; what cannot be is told of at the end."""
    for stream in (sys.stderr, sys.stdout):
        try:
            stream.flush()
        except Exception:
            # The script may have put what it likes in its place.
            pass


@untraced
def flush() -> bool:
    """Write out what the script has printed; tell whether that worked.

    What cannot be written to standard output is reported, as at the end of python.
    """
    written = True
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None and not getattr(stream, "closed", False):
                stream.flush()
        except Exception as exc:
            written = False
            if stream is sys.stdout:
                where = f"in: {stream!r}"
                if sys.version_info >= (3, 13):
                    where = "on flushing sys.stdout:"
                fault = f"{type(exc).__name__}: {exc}"
                _write_error(f"Exception ignored {where}\n{fault}\n")
    return written


def ready_count() -> int:
    """Count the callbacks that the loop is about to run."""
    import asyncio

    return len(getattr(asyncio.get_running_loop(), "_ready", ()))
