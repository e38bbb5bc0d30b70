# SPDX-License-Identifier: Apache-2.0
"""The home loop and its tasks."""

from __future__ import annotations

import asyncio
import gc
import os
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from runtime_parts import load


class Home:
    """The part with its loop, and what Swift was told."""

    def __init__(self, prints: bool = True, takes_exits: bool = False) -> None:
        self.runtime: ModuleType = load("loops", "futures", "children")
        self.told: list[tuple[str, bool]] = []
        self.drained = 0
        self.owned = 0
        self.pipe = os.pipe()
        self.loop: asyncio.AbstractEventLoop = self.runtime.make_home_loop(
            "asyncio",
            self.unhandled,
            prints,
            takes_exits,
            self.pipe[0],
            self.drain,
            self.own_futures,
        )

    def unhandled(self, exc: BaseException, is_error: bool) -> str:
        self.told.append((repr(exc), is_error))
        return f"text of {exc!r}\n"

    def own_futures(self) -> None:
        self.owned += 1

    def drain(self) -> None:
        self.drained += len(os.read(self.pipe[0], 100))

    def run(self, awaitable: Awaitable[Any]) -> Any:
        return self.loop.run_until_complete(awaitable)

    def turn(self, count: int = 5) -> None:
        """Let what is due run."""

        async def turns() -> None:
            for _ in range(count):
                await asyncio.sleep(0)

        self.run(turns())

    def close(self) -> None:
        self.runtime._State.was_closed = False
        type(self.loop).close(self.loop)
        for descriptor in self.pipe:
            os.close(descriptor)


@pytest.fixture
def make_home() -> Iterator[Callable[..., Home]]:
    homes: list[Home] = []

    def make(**options: bool) -> Home:
        homes.append(Home(**options))
        return homes[-1]

    yield make
    for home in homes:
        home.close()
    asyncio.set_event_loop(None)


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    return make_home()


async def fail(text: str = "failed") -> None:
    raise ValueError(text)


REPORT = [("ValueError('failed')", True)]


def test_the_loop_is_made_once(home: Home) -> None:
    arguments = ("asyncio", None, False, True, -1, None, None)
    assert home.runtime.make_home_loop(*arguments) is home.loop
    assert home.runtime._State.prints is True


def test_a_package_that_is_missing_is_an_error() -> None:
    runtime = load("loops", "futures", "children")
    with pytest.raises(ModuleNotFoundError):
        runtime.make_home_loop("no_such_loop", None, True, False, -1, None, None)
    assert runtime._State.loop is None


def test_the_home_loop_makes_plain_futures(home: Home) -> None:
    assert home.runtime.makes_plain_futures()

    class Own:
        def create_future(self) -> None:
            pass

    home.runtime._State.loop = Own()
    assert not home.runtime.makes_plain_futures()
    home.runtime._State.loop = object()
    assert not home.runtime.makes_plain_futures()


def test_the_loop_does_the_work_that_is_posted(home: Home) -> None:
    os.write(home.pipe[1], b"xy")
    home.turn()
    assert home.drained == 2


# Errors that nobody handles


def test_a_task_that_nobody_has_is_reported_when_it_fails(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.loop.create_task(fail(), name="worker")
    home.turn()
    assert home.told == REPORT
    assert capsys.readouterr().err == (
        "Task exception was never retrieved\ntext of ValueError('failed')\n"
    )


def test_a_task_in_a_cycle_with_its_traceback_is_reported_too(home: Home) -> None:
    async def keep() -> None:
        own = asyncio.current_task()
        assert own is not None
        raise ValueError("failed")

    home.loop.create_task(keep())
    home.turn()
    assert home.told == REPORT


def test_a_task_that_is_awaited_later_is_not_reported(home: Home) -> None:
    task = home.loop.create_task(fail())
    home.turn()
    with pytest.raises(ValueError, match="failed"):
        home.run(task)
    del task
    gc.collect()
    home.runtime.report_failed()
    assert home.told == []


def test_a_task_that_somebody_has_is_reported_at_the_end_and_once(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    task = home.loop.create_task(fail(), name="worker")
    home.turn()
    assert home.told == []
    home.runtime.report_failed()
    home.runtime.report_failed()
    del task
    gc.collect()
    assert home.told == REPORT
    assert capsys.readouterr().err == (
        "Task worker ended with an exception that nobody awaits\n"
        "text of ValueError('failed')\n"
    )


def test_a_task_that_is_cancelled_is_not_reported(home: Home) -> None:
    home.loop.create_task(asyncio.sleep(60)).cancel()
    home.turn()
    home.runtime.report_failed()
    assert home.told == []


def test_work_is_a_callback_a_task_a_generator_or_an_executor(home: Home) -> None:
    has_work = home.runtime.has_work
    assert not has_work()
    home.loop.call_soon(int)
    assert has_work()
    home.turn()
    assert not has_work()
    task = home.loop.create_task(asyncio.sleep(60))
    home.turn()
    assert has_work()
    task.cancel()
    home.turn()
    assert not has_work()

    async def numbers() -> AsyncGenerator[int]:
        yield 1

    generators = [numbers()]

    async def first() -> int:
        return await anext(generators[0])

    assert home.run(first()) == 1
    assert has_work()
    home.run(generators[0].aclose())
    generators.clear()
    gc.collect()
    assert not has_work()
    home.run(home.loop.run_in_executor(None, int))
    assert has_work()


@pytest.mark.parametrize("takes_exits", [True, False])
def test_an_exit_is_reported_unless_swift_takes_it(
    make_home: Callable[..., Home], takes_exits: bool
) -> None:
    async def leave() -> None:
        raise SystemExit(3)

    home = make_home(takes_exits=takes_exits)
    home.loop.create_task(leave())
    with pytest.raises(SystemExit):
        home.turn()
    home.turn()
    home.runtime.report_failed()
    assert home.told == ([] if takes_exits else [("SystemExit(3)", True)])


def test_an_error_of_a_callback_is_reported(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.loop.call_soon(lambda: 1 / 0)
    home.turn()
    assert home.told == [("ZeroDivisionError('division by zero')", True)]
    assert capsys.readouterr().err.startswith("Exception in callback")


def test_a_cancellation_is_no_error(home: Home) -> None:
    home.loop.call_exception_handler({"exception": asyncio.CancelledError()})
    assert home.told == [("CancelledError()", False)]


def test_a_message_alone_is_printed(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    home.loop.call_exception_handler({"message": "odd"})
    home.loop.call_exception_handler({})
    assert home.told == []
    assert capsys.readouterr().err == "odd\nUnhandled exception in event loop\n"


def test_code_that_closes_the_loop_leaves_it_to_the_host(home: Home) -> None:
    async def close() -> None:
        home.loop.close()

    with pytest.raises(RuntimeError, match="running"):
        home.run(close())
    assert not home.loop.is_closed()
    home.loop.close()
    assert home.loop.is_closed()
    with pytest.raises(RuntimeError, match="closed"):
        home.loop.run_forever()
    home.loop.call_soon(home.loop.stop)


def test_nothing_is_printed_unless_wanted(
    make_home: Callable[..., Home], capsys: pytest.CaptureFixture[str]
) -> None:
    home = make_home(prints=False)
    home.loop.create_task(fail())
    home.turn()
    assert home.told == REPORT
    assert capsys.readouterr().err == ""


def test_a_process_without_stderr_is_told_too(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    home.loop.call_exception_handler({"exception": ValueError("failed")})
    assert home.told == REPORT
    assert capsys.readouterr().out == ""


def test_a_nameless_task_has_the_name_of_its_function(home: Home) -> None:
    task = home.loop.create_task(fail())
    task.set_name("None")
    assert home.runtime.name_of_task(task) == "fail"
    task.set_name("worker")
    assert home.runtime.name_of_task(task) == "worker"
    task.cancel()
    home.turn()


# Running the loop


async def answer() -> int:
    await asyncio.sleep(0)
    return 42


def test_synchronous_code_runs_the_loop_that_called_it(home: Home) -> None:
    order: list[object] = []

    def synchronous() -> None:
        # As the bridge does around code that is not a coroutine.
        asyncio._set_running_loop(None)
        try:
            home.loop.call_soon(order.append, "inner")
            order.append(home.run(answer()))
        finally:
            asyncio._set_running_loop(home.loop)

    home.loop.call_soon(synchronous)
    home.loop.call_soon(order.append, "outer")
    home.turn()
    assert order == ["outer", "inner", 42]


def test_so_does_code_in_a_task_which_goes_on_as_itself(home: Home) -> None:
    async def synchronous() -> bool:
        own = asyncio.current_task()
        asyncio._set_running_loop(None)
        try:
            assert home.run(answer()) == 42
        finally:
            asyncio._set_running_loop(home.loop)
        await asyncio.sleep(0)
        return asyncio.current_task() is own

    assert home.run(synchronous())


def test_a_coroutine_cannot_run_the_loop_that_runs_it(home: Home) -> None:
    async def nested() -> None:
        coroutine = answer()
        try:
            home.run(coroutine)
        finally:
            coroutine.close()

    with pytest.raises(RuntimeError, match="loop is (already )?running|another loop"):
        home.run(nested())


def test_a_loop_is_entered_and_left(home: Home) -> None:
    home.runtime.enter_loop(home.loop)
    assert asyncio.get_running_loop() is home.loop
    home.runtime.watch_work()
    assert asyncio._get_running_loop() is None
    asyncio.set_event_loop(None)
    home.runtime.set_current_loop()
    assert asyncio.get_event_loop() is home.loop


def test_a_forked_child_ends_with_the_task_that_forked(home: Home) -> None:
    ended: list[object] = []
    former: Any = home.loop

    async def fork() -> None:
        selector = former._selector
        home.runtime.follow_fork(lambda task=None: ended.append(task))
        assert former._selector is not selector
        former._selector.close()
        former._selector = selector
        await asyncio.sleep(0)
        assert ended == []

    parents: list[object] = []
    task = home.loop.create_task(fork())
    task.add_done_callback(parents.append)
    while not ended:
        home.turn()
    assert ended == [task]
    assert parents == []
    assert home.loop.get_exception_handler() is None


def test_the_parents_work_is_not_done_in_a_forked_child(home: Home) -> None:
    former: Any = home.loop
    selector = former._selector
    work = home.runtime._State.work[1]
    handle = former.call_soon(work)
    home.runtime.follow_fork(lambda: None)
    former._selector.close()
    former._selector = selector
    assert handle.cancelled()
    home.turn()


def test_or_with_the_callback_that_forked(home: Home) -> None:
    ended: list[object] = []
    former: Any = home.loop
    selector = former._selector
    home.runtime.follow_fork(lambda task=None: ended.append(task))
    former._selector.close()
    former._selector = selector
    assert ended == []
    home.turn()
    assert ended == [None]


# Futures


def test_a_future_of_an_awaitable_belongs_to_the_home_loop(home: Home) -> None:
    future = home.runtime.ensure_future(answer())
    assert future.get_loop() is home.loop
    assert home.runtime.ensure_future(future) is future
    assert home.run(future) == 42
    with pytest.raises(TypeError):
        home.runtime.ensure_future(42)


def test_a_callback_is_posted_to_a_loop_that_has_not_ended(home: Home) -> None:
    seen: list[int] = []
    other = asyncio.new_event_loop()
    assert home.runtime.post(home.loop, lambda: seen.append(1))
    other.close()
    assert not home.runtime.post(other, lambda: seen.append(2))
    home.turn()
    assert seen == [1]


def test_a_descriptor_is_watched_if_the_loop_can(home: Home) -> None:
    class Proactor:
        def add_reader(self, descriptor: int, callback: object) -> None:
            raise NotImplementedError

    assert home.runtime.watch(home.loop, home.pipe[0], home.drain)
    assert not home.runtime.watch(Proactor(), home.pipe[0], home.drain)


def test_a_future_ends_with_an_exception(home: Home) -> None:
    future = home.loop.create_future()
    home.runtime.fail(future, ValueError("first"))
    home.runtime.fail(future, ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        home.run(future)


def test_a_future_ends_with_a_cancellation(home: Home) -> None:
    future = home.loop.create_future()
    home.runtime.fail(future, asyncio.CancelledError())
    home.runtime.retrieve(future)
    assert future.cancelled()


def test_a_future_holds_no_stop_iteration(home: Home) -> None:
    future = home.loop.create_future()
    stop = StopIteration(1)
    home.runtime.fail(future, stop)
    with pytest.raises(RuntimeError, match="StopIteration") as caught:
        home.run(future)
    assert caught.value.__cause__ is stop


def test_an_exception_that_is_retrieved_is_not_reported(home: Home) -> None:
    future = home.loop.create_future()
    home.runtime.fail(future, ValueError("failed"))
    home.runtime.retrieve(future)
    del future
    gc.collect()
    assert home.told == []
