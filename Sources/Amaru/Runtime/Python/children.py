# SPDX-License-Identifier: Apache-2.0
"""Children of `os.fork`, which end as under python."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, NoReturn

    from exits import flush, run_exit_functions
    from loops import _handle, _State


class _Warnings:
    """The filters of warnings that are put aside while a process forks."""

    aside: Any = None


def before_fork() -> None:
    """Keep CPython from warning of the host's threads, which a child does without.

    From 3.12 on it warns where a process forks that has more than one thread.
    """
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        return
    import warnings

    _Warnings.aside = warnings.catch_warnings()
    _Warnings.aside.__enter__()
    warnings.filterwarnings("ignore", ".* is multi-threaded", DeprecationWarning)


def after_fork() -> None:
    """Put the filters of warnings back, in the parent and in the child."""
    aside, _Warnings.aside = _Warnings.aside, None
    if aside is not None:
        aside.__exit__(None, None, None)


def follow_fork(end: Callable[..., object]) -> None:
    """In a child of `os.fork`, end it with the task or callback that forked."""
    import asyncio

    loop: Any = _State.loop
    if isinstance(_State.loop, asyncio.SelectorEventLoop):
        # The parent's is shared: what the child changed in it would change for both.
        import selectors

        loop._selector = selectors.DefaultSelector()
        # The parent runs what its program has queued.
        for handle in getattr(loop, "_ready", ()):
            if handle._callback is _State.work[1]:
                handle.cancel()
    if loop.get_exception_handler() is _handle:
        loop.set_exception_handler(None)
    task: Any = asyncio.current_task(loop)
    if task is None:
        loop.call_soon(end)
        return
    # The parent alone reports the task's end to those who wait for it.
    for callback, _ in getattr(task, "_callbacks", None) or ():
        task.remove_done_callback(callback)
    task.add_done_callback(end)


def end_child(error: BaseException | None) -> NoReturn:
    """End a child of `os.fork`, as python ends, with what its code has raised."""
    import os

    status = 1
    try:
        status = _status(error)
        if "threading" in sys.modules:
            sys.modules["threading"]._shutdown()
        run_exit_functions()
    finally:
        try:
            flush()
            if isinstance(error, KeyboardInterrupt):
                # As python does, so that a shell knows.
                import signal

                signal.signal(signal.SIGINT, signal.SIG_DFL)
                os.kill(os.getpid(), signal.SIGINT)
        finally:
            os._exit(status & 0xFF)


def _status(error: BaseException | None) -> int:
    """Return the exit status for what was raised, and report it."""
    if error is None:
        return 0
    if isinstance(error, SystemExit):
        if error.code is None:
            return 0
        if isinstance(error.code, int):
            return error.code
        if sys.stderr is not None:
            sys.stderr.write(f"{error.code}\n")
        return 1
    trace = error.__traceback__
    while trace is not None and _is_hidden(trace.tb_frame):
        trace = trace.tb_next
    # A hook may look at it there.
    error.__traceback__ = trace
    sys.excepthook(type(error), error, trace)
    return 1


def _is_hidden(frame: FrameType) -> bool:
    if frame.f_code.co_filename == "<amaru>":
        return True
    return bool(frame.f_globals.get("__tracebackhide__"))


def end_child_task(task: asyncio.Task[Any] | None) -> NoReturn:
    """End a child of `os.fork` with the result of the task that forked."""
    if task is None:
        end_child(None)
    end_child(SystemExit(1) if task.cancelled() else task.exception())
