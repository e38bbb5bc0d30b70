# SPDX-License-Identifier: Apache-2.0
"""The home loop and its tasks.

It is loaded when asyncio has been imported, and not before.
"""

import _thread
import asyncio
import gc
import select
import sys
import threading
import weakref

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Loop = asyncio.AbstractEventLoop
    Task = asyncio.Task[Any]
    Future = asyncio.Future[Any]
    Callback = Callable[[], object]
    Unhandled = Callable[[BaseException, bool], str]

_making = _thread.RLock()


class _State:
    """The home loop, and what Swift configured."""

    # Any, since it may be uvloop's, and private parts of asyncio's loop are used.
    loop: Any = None
    unhandled: Unhandled
    prints = True
    takes_exits = False
    was_run = False
    was_closed = False
    work: tuple[int, Callback]
    task: Callable[..., Task] = asyncio.Task
    own_futures: Callback


def make_home_loop(
    package: str,
    unhandled: Unhandled,
    prints: bool,
    takes_exits: bool,
    descriptor: int,
    drain: Callback,
    own_futures: Callback,
) -> Any:
    """Return the loop of the Python thread, which any thread may make.

    `package` has its ``new_event_loop``. `unhandled` is told an exception that nobody
    handles and whether it is an error, and returns its text. `descriptor` is readable
    when `drain` has work. `own_futures` is called when the loop begins to make futures
    that are not asyncio's own.
    """
    from importlib import import_module

    with _making:
        if _State.loop is None:
            _State.unhandled, _State.prints = unhandled, prints
            _State.takes_exits, _State.work = takes_exits, (descriptor, drain)
            _State.own_futures = own_futures
            loop = import_module(package).new_event_loop()
            loop.set_exception_handler(_handle)
            loop.set_task_factory(_make_task)
            if isinstance(loop, asyncio.BaseEventLoop):
                nestable: Any = loop
                nestable.run_forever = _nestable(loop, loop.run_forever)
                nestable.run_until_complete = _nestable(loop, loop.run_until_complete)
                nestable.close = _closable(loop, loop.close)
                nestable.is_closed = lambda: _State.was_closed or nestable._closed
            _State.loop = loop
            # A package that wants to know of the loop has left a function.
            if (made := globals().get("home_loop_made")) is not None:
                made(loop)
    return _State.loop


def home_loop() -> Any:
    """Return the loop of the Python thread; None before it is made."""
    return _State.loop


def was_run() -> bool:
    """Return whether Python code has run the loop of the Python thread itself."""
    return _State.was_run


def makes_plain_futures() -> bool:
    """Return whether the home loop makes asyncio's own futures."""
    from asyncio import base_events

    create = getattr(type(_State.loop), "create_future", None)
    plain: bool = create is base_events.BaseEventLoop.create_future
    return plain and _State.task is asyncio.Task


def use_classes(future: Callable[..., Future], task: Callable[..., Task]) -> bool:
    """Let the home loop make futures and tasks of these classes, if it can."""
    if not isinstance(_State.loop, asyncio.BaseEventLoop):
        return False
    loop: Any = _State.loop
    loop.create_future = lambda: future(loop=loop)
    _State.task = task
    _State.own_futures()
    return True


def _nestable(loop: Any, run: Callable[..., Any]) -> Callable[..., Any]:
    """Let synchronous code on the Python thread run the loop that called it."""

    def run_nested(*arguments: Any) -> Any:
        thread, own = loop._thread_id, _thread.get_ident()
        # The host has no frame; `run_sync` runs the loop for code that awaits.
        caller = sys._getframe().f_back
        if caller and _State.was_closed:
            raise RuntimeError("Event loop is closed")
        if caller and caller.f_globals.get("__name__") != "pyodide.ffi._waiting":
            _State.was_run = True
        if own != threading.main_thread().ident:
            # Swift's work is not for a thread of the script's.
            loop.remove_reader(_State.work[0])
        elif thread is None:
            # Synchronous code is first, and waits for Swift.
            loop.add_reader(*_State.work)
        elif thread != own and not caller:
            select.select([_State.work[0]], [], [], 0.1)
            return _State.work[1]()
        if thread != own or asyncio._get_running_loop() is not None:
            return run(*arguments)
        task, count = asyncio.current_task(loop), len(loop._ready)
        if task is not None:
            asyncio.tasks._leave_task(loop, task)
        loop._thread_id = None
        try:
            return run(*arguments)
        finally:
            loop._thread_id = thread
            if task is not None:
                asyncio.tasks._enter_task(loop, task)
            # The turn that goes on takes as many callbacks as there were.
            for _ in range(count - len(loop._ready)):
                loop.call_soon(int)

    return run_nested


def _closable(loop: Any, close: Callable[[], None]) -> Callable[[], None]:
    """Let code that has done with the loop close it, which the host goes on with."""

    def close_for_code() -> None:
        if asyncio._get_running_loop() is loop or loop._thread_id not in (
            None,
            threading.main_thread().ident,
        ):
            # Refuses: it runs.
            close()
        _State.was_closed = True

    return close_for_code


def watch_work() -> None:
    """Prepare the home loop to run, in the context that the thread has now."""
    asyncio._set_running_loop(None)
    asyncio.set_event_loop(_State.loop)
    # A thread of the script's may run it.
    if not _State.loop.is_running():
        _State.loop.add_reader(*_State.work)


def set_current_loop() -> None:
    """Make the home loop the one that `asyncio.get_event_loop` returns."""
    asyncio.set_event_loop(_State.loop)


def enter_loop(loop: Loop) -> None:
    """Make `loop` the running one."""
    asyncio._set_running_loop(loop)
    # `asyncio.run` leaves the policy without a loop, for good.
    asyncio.set_event_loop(loop)


# Tasks


def _handle(loop: Loop, context: dict[str, Any]) -> None:
    exc, text = context.get("exception"), ""
    if exc is not None:
        text = _State.unhandled(exc, not isinstance(exc, asyncio.CancelledError))
    if _State.prints and sys.stderr is not None:
        message = context.get("message") or "Unhandled exception in event loop"
        if exc is not None and "task" in context:
            name = name_of_task(context["task"])
            message = f"Task {name} ended with an exception that nobody awaits"
        sys.stderr.write(f"{message}\n{text}")
        sys.stderr.flush()


def _make_task(loop: Loop, coro: Any, **options: Any) -> Task:
    task = _State.task(coro, loop=loop, **options)
    task.add_done_callback(_task_done)
    return task


def name_of_task(task: Task) -> str:
    """Return the name of a task, else of its function."""
    name = task.get_name()
    # What 3.13.0 calls each nameless task of a factory.
    if name == "None":
        name = getattr(task.get_coro(), "__qualname__", name)
    return name


# Tasks whose exception nobody has asked for. asyncio reports one when it is collected.
_failed: weakref.WeakSet[Task] = weakref.WeakSet()


def _task_done(task: Task) -> None:
    # Set until somebody asks for the exception; awaiting the task clears it.
    if not task.cancelled() and task._log_traceback:
        if _State.takes_exits and isinstance(task._exception, SystemExit):
            task._log_traceback = False
            return
        _failed.add(task)
        # A task without a reference is collected now, unless a frame of its traceback
        # has one.
        loop = task.get_loop()
        loop.call_soon(loop.call_soon, gc.collect, 1)


def has_work() -> bool:
    """Return whether the end of the home loop has something to wait for."""
    loop: Any = _State.loop
    # What another package's loop has cannot be seen.
    return not isinstance(_State.loop, asyncio.BaseEventLoop) or bool(
        loop._ready
        or asyncio.all_tasks(loop)
        or loop._asyncgens
        or loop._default_executor
    )


def report_failed() -> None:
    """Report at the end what was not collected before."""
    for task in list(_failed):
        if task._log_traceback:
            task._log_traceback = False
            context = {
                "message": "Task exception was never retrieved",
                "exception": task._exception,
                "task": task,
            }
            # The program's own handler, if it has set one.
            task.get_loop().call_exception_handler(context)
