# SPDX-License-Identifier: Apache-2.0
"""What scripts for a page rely on, beside the single functions."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import importlib
import sys
from types import SimpleNamespace
from typing import Any
from weakref import ref

import pytest

import pyodide_js
from pyodide import ffi
from pyodide.code import eval_code, eval_code_async
from pyodide.ffi import wrappers
from pyodide.webloop import PyodideFuture, WebLoop, promise


class Thing:
    value = 1

    def method(self) -> Thing:
        return self


# Names


def test_functions_of_a_source_see_its_globals() -> None:
    space: dict[str, Any] = {}
    local: dict[str, Any] = {}
    source = "x = 1\ndef f():\n    global y\n    y = 2\n    return y\nf()"
    assert eval_code(source, space, local) == 2
    assert space["y"] == 2 and set(local) == {"x", "f"}


def test_names_are_looked_up_in_locals_then_globals_then_builtins() -> None:
    space, local = {"a": 1, "b": 2}, {"b": 3}
    assert eval_code("c = a + b; [c, len([a])]", space, local) == [4, 1]
    assert local["c"] == 4 and "c" not in space


def test_builtins_are_there_and_cannot_be_deleted() -> None:
    with pytest.raises(NameError):
        pyodide_js.runPython("del open")
    assert pyodide_js.runPython("open") is open
    assert pyodide_js.runPython("__name__") == "__main__"


def test_importing_a_member_leaves_no_global() -> None:
    before = set(pyodide_js.globals)
    pyodide_js.pyimport("json.dumps")
    assert set(pyodide_js.globals) == before
    with pytest.raises(ModuleNotFoundError):
        pyodide_js.pyimport("json.never")


# Modules made from objects


def test_a_star_takes_all_names_or_those_of_the_list() -> None:
    ffi.register_js_module("amaru_star", {"a": 1, "b": 2, "_c": 3})
    ffi.register_js_module("amaru_some", {"a": 1, "b": 2, "__all__": ["b"]})
    try:
        space: dict[str, Any] = {}
        exec("from amaru_star import *", space)
        assert (space["a"], space["b"]) == (1, 2) and "_c" not in space
        some: dict[str, Any] = {}
        exec("from amaru_some import *", some)
        assert some["b"] == 2 and "a" not in some
    finally:
        ffi.unregister_js_module("amaru_star")
        ffi.unregister_js_module("amaru_some")


def test_a_module_is_replaced_by_another_of_its_name_and_taken_back() -> None:
    ffi.register_js_module("amaru_again", {"x": 1})
    assert importlib.import_module("amaru_again").x == 1
    ffi.unregister_js_module("amaru_again")
    ffi.register_js_module("amaru_again", SimpleNamespace(x=2, inner={"y": [3]}))
    assert importlib.import_module("amaru_again").x == 2
    space: dict[str, Any] = {}
    exec("from amaru_again.inner import y", space)
    assert space["y"] == [3]
    ffi.unregister_js_module("amaru_again")
    for name in ("amaru_again", "amaru_again.inner"):
        with pytest.raises(ImportError):
            importlib.import_module(name)
    with pytest.raises(ValueError, match="cannot unregister 'amaru_again'"):
        ffi.unregister_js_module("amaru_again")


def test_what_is_installed_comes_before_what_is_registered() -> None:
    ffi.register_js_module("colorsys", {"mine": 1})
    try:
        assert not hasattr(importlib.import_module("colorsys"), "mine")
    finally:
        ffi.unregister_js_module("colorsys")


# Lifetimes


def test_a_proxy_holds_one_reference_until_it_is_destroyed() -> None:
    thing = Thing()
    before = sys.getrefcount(thing)
    proxy = ffi.create_proxy(thing, roundtrip=False)
    assert sys.getrefcount(thing) == before + 1
    assert proxy.unwrap() is thing
    proxy.destroy()
    assert sys.getrefcount(thing) == before
    once = ffi.create_once_callable(thing.method)
    assert isinstance(once, ffi.JsOnceCallable) and isinstance(proxy, ffi.JsDoubleProxy)
    assert once() is thing
    del once
    assert sys.getrefcount(thing) == before


def test_an_attribute_outlives_the_proxy_it_came_from() -> None:
    proxy = ffi.create_proxy(Thing())
    method = proxy.method
    proxy.destroy()
    assert isinstance(method(), Thing)


def test_a_result_of_a_destroyed_proxy_stays() -> None:
    proxy = ffi.create_proxy(Thing().method)
    result = proxy()
    proxy.destroy()
    assert result.value == 1
    with pytest.raises(RuntimeError, match="destroyed"):
        proxy()


async def test_nothing_is_kept_by_what_is_over() -> None:
    async def use(thing: Thing) -> None:
        await eval_code_async("await sleep(0); x", {"x": thing, "sleep": asyncio.sleep})
        ffi.to_js([thing], default_converter=lambda obj, convert, cache: obj)
        await promise(asyncio.sleep(0, thing)).then(lambda each: each).finally_(int)
        await promise(failing(thing)).catch(lambda exc: None)
        ended = asyncio.Event()

        def end(thing: Thing = thing) -> None:
            ended.set()

        wrappers.set_timeout(end, 0)
        await ended.wait()

    async def failing(thing: Thing) -> None:
        raise ValueError(thing)

    things = []
    for _ in range(3):
        thing = Thing()
        things.append(ref(thing))
        await use(thing)
        del thing
    await asyncio.sleep(0)
    gc.collect()
    assert [each() for each in things] == [None] * 3


# The loop


async def test_a_coroutine_function_runs_when_a_timer_calls_it() -> None:
    ended = asyncio.Event()

    async def late() -> None:
        ended.set()

    wrappers.set_timeout(late, 0)
    await ended.wait()


async def test_events_are_listened_to_and_not() -> None:
    from pyodide.http import AbortController

    controller = AbortController()
    told: list[str] = []

    def never(event: Any) -> None:
        told.append("never")

    wrappers.add_event_listener(
        controller.signal, "abort", lambda event: told.append(event.type)
    )
    wrappers.add_event_listener(controller.signal, "abort", never)
    wrappers.remove_event_listener(controller.signal, "abort", never)
    controller.abort()
    assert told == ["abort"]
    with pytest.raises(TypeError, match="a Thing has no events"):
        wrappers.add_event_listener(Thing(), "click", never)


def test_the_loop_is_a_real_one() -> None:
    async def main() -> tuple[Any, ...]:
        loop = asyncio.get_running_loop()
        for _ in range(1000):
            await asyncio.sleep(0)
        never = [loop.call_later(delay, int) for delay in (float("inf"), 1e18)]
        for handle in never:
            handle.cancel()
        variable: contextvars.ContextVar[int] = contextvars.ContextVar("variable")
        variable.set(1)
        context = contextvars.copy_context()
        variable.set(2)
        told = loop.create_future()
        loop.call_soon(lambda: told.set_result(variable.get()), context=context)
        inside = await asyncio.create_task(asyncio.sleep(0, variable.get()))
        inline = await loop.run_in_executor(None, len, "abc")
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
        return await told, inside, inline, await process.wait()

    loop = WebLoop()
    try:
        assert loop.run_until_complete(main()) == (1, 2, 3, 0)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


async def test_waiting_with_a_limit_leaves_no_handler_behind() -> None:
    future: PyodideFuture[int] = PyodideFuture(loop=asyncio.get_running_loop())
    told: list[Any] = []
    following = future.then(told.append)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(following, 0)
    future.set_result(1)
    await asyncio.sleep(0)
    assert told == [] and following.cancelled()


@pytest.mark.parametrize("kind", ["coroutine", "future", "task", "__await__", "then"])
def test_synchronous_code_waits_for_all_that_can_be_awaited(kind: str) -> None:
    class Awaitable:
        def __await__(self) -> Any:
            return asyncio.sleep(0, 5).__await__()

    loop = WebLoop()
    asyncio.set_event_loop(loop)
    try:
        future = loop.create_future()
        loop.call_soon(future.set_result, 5)
        awaitables: dict[str, Any] = {
            "coroutine": lambda: asyncio.sleep(0, 5),
            "future": lambda: future,
            "task": lambda: loop.create_task(asyncio.sleep(0, 5)),
            "__await__": Awaitable,
            "then": lambda: future.then(lambda value: value),
        }
        assert ffi.run_sync(awaitables[kind]()) == 5
        loop.run_until_complete(future)
    finally:
        asyncio.set_event_loop(None)
        loop.close()


# Text


@pytest.mark.parametrize(
    "text",
    ["", "\0", "é", "𝄞", "\ud800", "\u202etxt", "\ufeff", "a\r\n", "'\"\\", "%s{0}"],
    ids=ascii,
)
def test_text_goes_through_conversions_as_it_is(text: str) -> None:
    assert ffi.to_js({text: [text]}).to_py() == {text: [text]}
    assert eval_code(repr(text)) == text


@pytest.mark.parametrize("number", [0, -1, 2**31, 2**53, 2**53 + 1, -(2**64), 2**200])
def test_integers_stay_exact(number: int) -> None:
    assert ffi.to_js([number]).to_py() == [number]
    assert int(ffi.JsBigInt(number)) == number
