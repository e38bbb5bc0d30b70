# SPDX-License-Identifier: Apache-2.0
"""Children of `os.fork`, which end as under python."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from typing import Any, NoReturn

    from exits import flush, run_exit_functions
    from loops import _State


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
    task = asyncio.current_task(loop)
    if task is None:
        loop.call_soon(end)
    else:
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
        flush()
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
    while trace is not None and trace.tb_frame.f_code.co_filename == "<amaru>":
        trace = trace.tb_next
    sys.excepthook(type(error), error, trace)
    return 1


def end_child_task(task: asyncio.Task[Any] | None) -> NoReturn:
    """End a child of `os.fork` with the result of the task that forked."""
    if task is None:
        end_child(None)
    end_child(SystemExit(1) if task.cancelled() else task.exception())
