# SPDX-License-Identifier: Apache-2.0
"""The orderly end: tasks, generators, threads, and children of `os.fork`."""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio
    from typing import Any, NoReturn

    from exits import flush, run_exit_functions
    from loops import name_of_task


async def end_tasks(grace: float) -> list[str]:
    """Cancel every task; return the names of those that did not end in time."""
    import asyncio
    import weakref

    loop = asyncio.get_running_loop()
    own = asyncio.current_task()
    half, deadline = loop.time() + grace / 2, loop.time() + grace
    cancelled: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
    while True:
        pending = {task for task in asyncio.all_tasks(loop) if task is not own}
        # Once, as asyncio.run does: a second time would break into the cleaning up.
        # Only a task that has had half of the time may have swallowed the first.
        for task in pending:
            if task not in cancelled or loop.time() >= half:
                cancelled.add(task)
                task.cancel()
        left = deadline - loop.time()
        if not pending or left <= 0:
            return [f"task {name_of_task(task)}" for task in pending]
        await asyncio.wait(pending, timeout=min(left, max(grace / 8, 0.01)))


async def end_generators(grace: float) -> list[str]:
    """Close asynchronous generators, and let go of the executor."""
    import asyncio

    loop = asyncio.get_running_loop()
    closing = loop.create_task(loop.shutdown_asyncgens())
    # Not wait_for, which waits for the cancelled generator, and so perhaps forever.
    await asyncio.wait({closing}, timeout=grace)
    executor = getattr(loop, "_default_executor", None)
    if executor is not None:
        executor.shutdown(wait=False, cancel_futures=True)
    return [] if closing.done() else ["asynchronous generators"]


def end_threads(grace: float) -> list[str]:
    """Wait for the threads that are not daemons; return those that did not end."""
    import threading
    import time

    pool: Any = sys.modules.get("concurrent.futures.thread")
    if pool is not None:
        # What `threading._shutdown` does through it, without waiting forever.
        with pool._global_shutdown_lock:
            pool._shutdown = True
        for work in list(pool._threads_queues.values()):
            work.put(None)
    deadline = time.monotonic() + grace
    stuck = []
    for thread in threading.enumerate():
        if thread is threading.main_thread() or thread.daemon:
            continue
        thread.join(max(0.0, deadline - time.monotonic()))
        if thread.is_alive():
            stuck.append(f"thread {thread.name}")
    if not stuck:
        sys.modules["threading"]._shutdown()
    return stuck


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
