# SPDX-License-Identifier: Apache-2.0
"""Timers of the event loop, by JavaScript's names."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any

from pyodide._missing import missing
from pyodide.ffi._kinds import JsDoubleProxy

TYPE_CHECKING = False
if TYPE_CHECKING:
    import asyncio

__all__ = [
    "add_event_listener",
    "clear_interval",
    "clear_timeout",
    "remove_event_listener",
    "set_interval",
    "set_timeout",
]

_numbers = itertools.count(1)
_timers: dict[int, asyncio.TimerHandle] = {}


def set_timeout(callback: Callable[[], Any], timeout: float) -> int:
    """Call `callback` once, in `timeout` milliseconds; return the timer's number."""
    import asyncio

    number = next(_numbers)

    def fire() -> None:
        _timers.pop(number, None)
        _call(callback)

    _timers[number] = asyncio.get_event_loop().call_later(_seconds(timeout), fire)
    return number


def set_interval(callback: Callable[[], Any], interval: float) -> int:
    """Call `callback` each `interval` milliseconds; return the timer's number."""
    import asyncio

    number, loop = next(_numbers), asyncio.get_event_loop()

    def fire() -> None:
        _timers[number] = loop.call_later(_seconds(interval), fire)
        _call(callback)

    _timers[number] = loop.call_later(_seconds(interval), fire)
    return number


def _clear(number: int) -> None:
    timer = _timers.pop(number, None)
    if timer is not None:
        timer.cancel()


def clear_timeout(timeout: int) -> None:
    """Stop a timer of `set_timeout`; one that has ended is left alone."""
    _clear(timeout)


def clear_interval(interval: int) -> None:
    """Stop a timer of `set_interval`."""
    _clear(interval)


def pending(loop: asyncio.AbstractEventLoop) -> list[asyncio.TimerHandle]:
    """Return the timers that a loop has still to call."""
    timers: list[Any] = list(_timers.values())
    return [timer for timer in timers if timer._loop is loop]


def add_event_listener(elt: Any, event: str, listener: Callable[[Any], Any]) -> None:
    """Let an object that has events, such as an AbortSignal, call `listener`."""
    _method(elt, "addEventListener")(event, listener)


def remove_event_listener(elt: Any, event: str, listener: Callable[[Any], Any]) -> None:
    """Take back what `add_event_listener` has done."""
    _method(elt, "removeEventListener")(event, listener)


def _method(elt: Any, name: str) -> Callable[..., Any]:
    method: Callable[..., Any] | None = getattr(elt, name, None)
    if method is None:
        raise TypeError(
            f"a {type(elt).__name__} has no events; there is no page here whose "
            "elements have them"
        )
    return method


def _seconds(milliseconds: float) -> float:
    return max(0.0, milliseconds) / 1000


def _call(callback: Callable[[], Any]) -> None:
    # What another function returns is not started: it may be kept for later.
    starts = _is_coroutine_function(callback)
    result = callback()
    if starts:
        import asyncio

        task = asyncio.ensure_future(result)
        # asyncio holds its tasks weakly.
        _running.add(task)
        task.add_done_callback(_running.discard)


def _is_coroutine_function(function: Any) -> bool:
    import inspect

    while isinstance(function, (partial, JsDoubleProxy)):
        proxy: Any = function
        function = function.func if isinstance(function, partial) else proxy.unwrap()
    return inspect.iscoroutinefunction(function)


_running: set[asyncio.Future[Any]] = set()


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
