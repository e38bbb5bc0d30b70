# SPDX-License-Identifier: Apache-2.0
"""Futures with the methods of promises, on a real loop."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from runtime_parts import load

from pyodide.ffi import JsPromise
from pyodide.webloop import (
    PyodideFuture,
    PyodideTask,
    WebLoop,
    WebLoopPolicy,
    adopt,
    promise,
)


def made() -> PyodideFuture[Any]:
    return PyodideFuture(loop=asyncio.get_running_loop())


def with_value(value: Any) -> PyodideFuture[Any]:
    future = made()
    future.set_result(value)
    return future


def with_error(text: str = "no") -> PyodideFuture[Any]:
    future = made()
    future.set_exception(ValueError(text))
    return future


async def after(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


async def failing() -> None:
    await asyncio.sleep(0)
    raise KeyError("handler")


async def test_a_result_goes_through_the_handlers() -> None:
    future = made()
    following = future.then(lambda x: x + 1).then(lambda x: x * 10)
    future.set_result(1)
    assert not following.done(), "handlers are called by the loop"
    assert await following == 20
    assert await with_value(3).then() == 3
    assert await future == 1


async def test_an_error_goes_to_the_next_handler_for_errors() -> None:
    seen: list[str] = []
    following = with_error().then(lambda x: seen.append("never")).catch(str)
    assert await following == "no"
    assert await with_error().then(print, lambda exc: f"{exc}!") == "no!"
    assert await with_value(1).catch(lambda exc: seen.append("never")) == 1
    with pytest.raises(ValueError, match="no"):
        await with_error().then(print)
    assert seen == []


async def test_a_handler_that_raises_makes_an_error() -> None:
    with pytest.raises(ZeroDivisionError):
        await with_value(0).then(lambda x: 1 / x)
    with pytest.raises(KeyError):
        await with_error().catch(lambda exc: vars(exc)["x"])
    with pytest.raises(RuntimeError, match="StopIteration"):
        await with_value(0).then(lambda x: next(iter(())))


async def test_what_handlers_return_is_awaited_however_deep() -> None:
    async def deep(value: int) -> Any:
        return after(after(value + 1))

    assert await with_value(1).then(deep) == 2
    assert await with_error().catch(lambda exc: after(str(exc))) == "no"
    assert await with_value(1).then(lambda x: with_value(x).then(after)) == 1
    with pytest.raises(KeyError, match="handler"):
        await with_value(1).then(lambda x: failing())


async def test_the_end_is_told_and_the_outcome_stays() -> None:
    told: list[str] = []
    assert await with_value(1).finally_(lambda: told.append("value")) == 1
    with pytest.raises(ValueError, match="no"):
        await with_error().finally_(lambda: told.append("error"))

    async def late() -> None:
        await asyncio.sleep(0)
        told.append("awaited")

    assert await with_value(1).finally_(late) == 1
    with pytest.raises(ZeroDivisionError):
        await with_value(1).finally_(lambda: 1 / 0)
    with pytest.raises(KeyError):
        await with_value(1).finally_(failing)
    assert told == ["value", "error", "awaited"]


async def test_cancelling_a_future_cancels_what_follows() -> None:
    told: list[str] = []
    future = made()
    following = future.then(lambda x: told.append("never"), lambda e: told.append("no"))
    ended = future.finally_(lambda: told.append("end"))
    future.cancel()
    for each in (following, ended):
        with pytest.raises(asyncio.CancelledError):
            await each
    assert told == ["end"]


async def test_cancelling_what_follows_stops_the_handler_and_not_the_future() -> None:
    stopped = asyncio.Event()
    started = asyncio.Event()

    async def handler(value: int) -> None:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            stopped.set()

    future = with_value(1)
    following = future.then(handler)
    await started.wait()
    following.cancel()
    await stopped.wait()
    assert future.result() == 1
    waiting = made()
    waiting.then(print).cancel()
    waiting.set_result(1)
    assert await waiting == 1


def test_a_loop_of_the_class_makes_such_futures_and_tasks() -> None:
    loop = WebLoop()
    try:

        async def main() -> Any:
            running = asyncio.get_running_loop()
            assert isinstance(running, WebLoop)
            assert isinstance(running.create_future(), PyodideFuture)
            task: Any = asyncio.create_task(after(1), name="named")
            assert isinstance(task, PyodideTask) and task.get_name() == "named"
            assert isinstance(task, JsPromise)
            return await task.then(lambda x: x + 1)

        assert loop.run_until_complete(main()) == 2
    finally:
        loop.close()
    made_by_policy = WebLoopPolicy().new_event_loop()
    assert type(made_by_policy) is WebLoop
    made_by_policy.close()


async def test_a_promise_starts_at_once_on_any_loop() -> None:
    started = asyncio.Event()

    async def work() -> int:
        started.set()
        return 3

    task = promise(work())
    await started.wait()
    assert await task.then(str) == "3"
    assert not isinstance(asyncio.get_running_loop(), WebLoop)


# The host's loop


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    runtime = load("loops", "futures")
    monkeypatch.setitem(sys.modules, "_amaru_runtime", runtime)
    owned: list[int] = []
    runtime.__dict__["owned"] = owned

    def unhandled(exc: BaseException, is_error: bool) -> str:
        owned.append(-1)
        return repr(exc)

    ends = os.pipe()
    runtime.make_home_loop(
        "asyncio", unhandled, False, False, ends[0], None, lambda: owned.append(1)
    )
    yield runtime
    for end in ends:
        os.close(end)
    home = runtime._State.loop
    type(home).close(home)
    from pyodide import webloop

    webloop._adopted.loop = None
    asyncio.set_event_loop(None)


def test_the_hosts_loop_has_them_from_the_import_on(home: Any) -> None:
    loop = home.home_loop()
    assert home.makes_plain_futures()
    assert type(loop.create_future()) is asyncio.Future
    adopt(loop)
    assert home.owned == [1], "the host has been told"
    assert not home.makes_plain_futures()
    assert isinstance(loop, WebLoop) and type(loop) is not WebLoop

    async def main() -> Any:
        future = asyncio.get_running_loop().create_future()
        task: Any = asyncio.create_task(after(1))
        following: Any = task.then(lambda x: x + 1)
        assert isinstance(future, PyodideFuture) and isinstance(task, PyodideTask)
        return await following + await promise(after(1))

    assert loop.run_until_complete(main()) == 3


def test_the_hosts_loop_still_reports_what_nobody_awaits(home: Any) -> None:
    adopt(home.home_loop())

    async def main() -> None:
        asyncio.ensure_future(failing())
        for _ in range(6):
            await asyncio.sleep(0)

    home.home_loop().run_until_complete(main())
    assert home.owned == [1, -1]


def test_a_loop_that_is_made_later_is_given_to_who_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runtime = load("loops")
    told: list[Any] = []
    runtime.__dict__["home_loop_made"] = told.append
    loop = runtime.make_home_loop("asyncio", None, False, False, 0, None, None)
    type(loop).close(loop)
    assert told == [loop]
