# SPDX-License-Identifier: Apache-2.0
"""The orderly end: tasks, generators, threads, exit functions and output."""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from runtime_parts import load, run

runtime = load("loops", "exits", "ending", "threads", "children")


async def started(*tasks: asyncio.Task[object]) -> None:
    await asyncio.sleep(0)
    assert not any(task.done() for task in tasks)


async def test_tasks_are_cancelled_and_awaited() -> None:
    ends: list[str] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ends.append("cleaned up")

    await started(asyncio.ensure_future(work()))
    assert await runtime.end_tasks(10.0) == []
    assert ends == ["cleaned up"]


async def test_a_task_that_a_dying_task_starts_ends_too() -> None:
    late: list[asyncio.Task[object]] = []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            late.append(asyncio.ensure_future(asyncio.sleep(60)))

    await started(asyncio.ensure_future(work()))
    assert await runtime.end_tasks(10.0) == []
    assert late[0].cancelled()


async def test_a_task_that_swallows_the_cancellation_is_cancelled_again() -> None:
    count = 0

    async def work() -> None:
        nonlocal count
        while count < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                count += 1

    await started(asyncio.ensure_future(work()))
    assert await runtime.end_tasks(0.2) == []
    assert count == 2


async def test_a_task_that_does_not_end_is_named() -> None:
    release = False

    async def stubborn() -> None:
        while not release:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

    task = asyncio.get_running_loop().create_task(stubborn(), name="stubborn")
    await started(task)
    assert await runtime.end_tasks(0.05) == ["task stubborn"]
    release = True
    task.cancel()
    await task


async def test_generators_are_closed_and_the_executor_let_go() -> None:
    ends: list[str] = []

    async def values() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            ends.append("closed")

    generator = values()
    assert await anext(generator) == 1
    executor = ThreadPoolExecutor(1)
    asyncio.get_running_loop().set_default_executor(executor)
    assert await runtime.end_generators(10.0) == []
    assert ends == ["closed"]
    with pytest.raises(RuntimeError, match="after shutdown"):
        executor.submit(int)


async def test_generators_that_do_not_end_are_reported() -> None:
    released = asyncio.Event()

    async def values() -> AsyncIterator[int]:
        try:
            yield 1
        finally:
            await released.wait()

    generator = values()
    await anext(generator)
    assert await runtime.end_generators(0.01) == ["asynchronous generators"]
    released.set()
    await asyncio.sleep(0.01)


def test_threads_are_awaited() -> None:
    done = run(
        """
        import threading
        from concurrent.futures import ThreadPoolExecutor

        go = threading.Event()
        pool = ThreadPoolExecutor(1)
        pool.submit(int).result()
        threading.Thread(target=lambda: (go.wait(), print("ended"))).start()
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        threading.Timer(0.05, go.set).start()
        print(runtime.end_threads(20.0))
        """,
        "threads",
    )
    assert done.stdout == "ended\n[]\n", done.stderr


def test_pools_of_processes_and_what_threading_is_to_call_end_too() -> None:
    done = run(
        """
        import threading
        from concurrent.futures import ProcessPoolExecutor

        pool = ProcessPoolExecutor(1)
        print(pool.submit(pow, 2, 5).result())
        threading._register_atexit(print, "called")
        print(runtime.end_threads(20.0))
        """,
        "threads",
    )
    assert done.stdout == "32\ncalled\n[]\n", done.stderr


def test_threads_that_wait_for_the_main_thread_go_on() -> None:
    done = run(
        """
        import threading
        main = threading.main_thread()
        def wait():
            main.join()
            print("main", main.is_alive())
        threading.Thread(target=wait).start()
        print(runtime.end_threads(20.0))
        """,
        "threads",
    )
    assert done.stdout == "main False\n[]\n", done.stderr


def test_a_thread_that_does_not_end_is_named() -> None:
    done = run(
        """
        import os, threading
        threading.Thread(target=threading.Event().wait, name="stuck").start()
        print(runtime.end_threads(0.01), flush=True)
        os._exit(0)
        """,
        "threads",
    )
    assert done.stdout == "['thread stuck']\n", done.stderr


def test_exit_functions_run_once() -> None:
    done = run(
        """
        import atexit
        atexit.register(print, "first registered")
        atexit.register(print, "last registered")
        runtime.run_exit_functions()
        """,
        "exits",
    )
    assert done.stdout == "last registered\nfirst registered\n", done.stderr


def end_child(error: str) -> tuple[int, str, str]:
    """The status and the output of a child that ends with an error."""
    done = run(
        f"""
        import atexit
        atexit.register(print, "exit function")
        sys.stdout.write("output, ")
        error = {error}
        runtime.end_child(error)
        """,
        "exits",
        "children",
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("error", "status", "text"),
    [
        ("None", 0, ""),
        ("SystemExit()", 0, ""),
        ("SystemExit(3)", 3, ""),
        ("SystemExit(-1)", 255, ""),
        ("SystemExit(True)", 1, ""),
        ("SystemExit('why')", 1, "why\n"),
        ("ValueError('bad')", 1, "ValueError: bad\n"),
        ("KeyboardInterrupt()", -2, "KeyboardInterrupt\n"),
    ],
)
def test_a_child_ends_as_python_ends(error: str, status: int, text: str) -> None:
    assert end_child(error) == (status, "output, exit function\n", text)


def test_a_child_reports_without_the_frames_of_the_bridge() -> None:
    done = run(
        """
        import asyncio

        try:
            asyncio.run(runtime.run_async([compile("1 / 0", "mine.py", "exec")], {}))
        except ZeroDivisionError as exc:
            runtime.end_child(exc)
        """,
        "exits",
        "children",
        "codes",
    )
    assert done.returncode == 1
    # The first frame is of the program.
    assert "mine.py" in done.stderr and "ZeroDivisionError" in done.stderr


def test_a_child_without_stderr_ends_with_its_status() -> None:
    done = run(
        "sys.stderr = None\nruntime.end_child(SystemExit('why'))", "exits", "children"
    )
    assert (done.returncode, done.stdout) == (1, "")


@pytest.mark.parametrize(
    ("work", "status"),
    [
        ("pass", 0),
        ("raise ValueError('bad')", 1),
        ("sys.exit(4)", 4),
        ("asyncio.current_task().cancel()\n    await asyncio.sleep(0)", 1),
    ],
)
def test_a_child_ends_with_its_task(work: str, status: int) -> None:
    program = f"""
import asyncio

async def work():
    {work}

loop = asyncio.new_event_loop()
task = loop.create_task(work())
task.add_done_callback(runtime.end_child_task)
loop.run_forever()
"""
    assert run(program, "exits", "children").returncode == status


def test_a_child_without_a_task_has_no_error() -> None:
    assert run("runtime.end_child_task(None)", "exits", "children").returncode == 0


def test_flushing_survives_streams_that_are_broken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Full(io.StringIO):
        def flush(self) -> None:
            raise OSError("no space")

    closed = io.StringIO()
    closed.close()
    for stream in None, closed, Full():
        monkeypatch.setattr(sys, "stdout", stream)
        monkeypatch.setattr(sys, "stderr", io.StringIO())
        runtime.flush()
    monkeypatch.undo()
