# SPDX-License-Identifier: Apache-2.0
"""Pyodide's names for what is on the other side of the border."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from pyodide import ffi
from pyodide.ffi import wrappers


@pytest.mark.parametrize(
    "name", sorted(n for n in ffi.__all__ if n.startswith("Js") and n != "JsException")
)
def test_a_kind_is_a_class_without_instances(name: str) -> None:
    kind = getattr(ffi, name)
    assert not isinstance([1], kind)
    if issubclass(kind, ffi.JsProxy):
        with pytest.raises(TypeError, match="no JavaScript here"):
            kind()


def test_the_small_values_behave_as_their_names_say() -> None:
    assert not ffi.jsnull and repr(ffi.jsnull) == "jsnull"
    assert isinstance(ffi.jsnull, ffi.JsNull)
    assert ffi.JsBigInt(5) + 1 == 6
    assert issubclass(ffi.JsException, Exception)
    kind: Any = ffi.JsPromise
    assert kind[int].__origin__ is kind


def test_proxies_are_destroyed_together() -> None:
    proxies: list[Any] = [ffi.create_proxy(print), ffi.create_proxy(len)]
    ffi.destroy_proxies(proxies)
    with pytest.raises(RuntimeError, match="destroyed"):
        proxies[0]("x")


def test_an_object_becomes_a_module() -> None:
    first = SimpleNamespace(value=1, inner=SimpleNamespace(deep=2))
    ffi.register_js_module("amaru_made", first)
    try:
        module = importlib.import_module("amaru_made")
        assert module.value == 1 and "value" in dir(module)
        assert importlib.import_module("amaru_made.inner").deep == 2
        with pytest.raises(AttributeError, match="'amaru_made' has no attribute 'x'"):
            _ = module.x
        with pytest.raises(ModuleNotFoundError):
            importlib.import_module("amaru_made.missing")
    finally:
        ffi.unregister_js_module("amaru_made")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module("amaru_made")
    ffi.register_js_module("amaru_made", {"key": "value"})
    assert importlib.import_module("amaru_made").key == "value"
    ffi.unregister_js_module("amaru_made")


def test_a_module_that_was_not_registered_cannot_be_taken_back() -> None:
    with pytest.raises(ValueError, match="no module of that name is registered"):
        ffi.unregister_js_module("amaru_never")
    with pytest.raises(TypeError, match="is a str"):
        ffi.register_js_module(3, {})  # type: ignore[arg-type]


def test_waiting_without_await() -> None:
    assert ffi.can_run_sync()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        assert ffi.run_sync(asyncio.sleep(0, "done")) == "done"
        with pytest.raises(TypeError, match="takes an awaitable, not int"):
            ffi.run_sync(3)  # type: ignore[arg-type]
    finally:
        asyncio.set_event_loop(None)
        loop.close()


async def test_below_a_loop_of_the_script_waiting_is_refused() -> None:
    assert not ffi.can_run_sync()
    future = asyncio.get_running_loop().create_future()
    with pytest.raises(RuntimeError, match="below a running event loop"):
        ffi.run_sync(future)


async def test_timers() -> None:
    calls: list[str] = []
    ended = asyncio.Event()

    async def last() -> None:
        calls.append("last")
        ended.set()

    wrappers.set_timeout(lambda: calls.append("first"), 0)
    stopped = wrappers.set_timeout(lambda: calls.append("never"), 1)
    wrappers.clear_timeout(stopped)
    wrappers.clear_timeout(stopped)
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        ticks += 1
        if ticks == 3:
            wrappers.clear_interval(interval)
            wrappers.set_timeout(last, -5)

    interval = wrappers.set_interval(tick, 1)
    await ended.wait()
    assert calls == ["first", "last"]
    assert ticks == 3


def test_the_names_alone_import_no_event_loop() -> None:
    code = "import sys, pyodide.ffi; print('asyncio' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-B", "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "False\n"
