# SPDX-License-Identifier: Apache-2.0
"""Pyodide's names for the event loop, which is a real one here.

The futures and tasks of the host's loop have `then`, `catch` and `finally_` from the
import of `pyodide` on.
"""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from pyodide._missing import missing
from pyodide.ffi import JsPromise

__all__ = [
    "PyodideFuture",
    "PyodideTask",
    "WebLoop",
    "WebLoopPolicy",
    "adopt",
    "promise",
]

T = TypeVar("T")
Handler = Callable[..., Any]


class PyodideFuture(asyncio.Future[T]):
    """A future with the methods of JavaScript's promises.

    Each of them returns a future of what its handler returns; one that can be awaited
    is awaited first. Where a future is cancelled, so is what follows from it, without
    its handlers; cancelling what follows stops what a handler returned, and leaves the
    future alone.
    """

    def then(
        self, onfulfilled: Handler | None = None, onrejected: Handler | None = None
    ) -> PyodideFuture[Any]:
        """Call `onfulfilled` with the result, or `onrejected` with the exception."""

        def handled(source: asyncio.Future[Any]) -> Any:
            exc = source.exception()
            if exc is None:
                value = source.result()
                return value if onfulfilled is None else onfulfilled(value)
            if onrejected is None:
                raise exc
            return onrejected(exc)

        return _follow(self, handled)

    def catch(self, onrejected: Handler) -> PyodideFuture[Any]:
        """Call `onrejected` with the exception, if there is one."""
        return self.then(None, onrejected)

    def finally_(self, onfinally: Handler) -> PyodideFuture[Any]:
        """Call `onfinally` without arguments at the end, whatever it is.

        The outcome stays, unless `onfinally` raises.
        """

        async def ended(source: asyncio.Future[Any], waited: Any) -> Any:
            await waited
            return source.result()

        def handled(source: asyncio.Future[Any]) -> Any:
            value = onfinally()
            if inspect.isawaitable(value):
                return ended(source, value)
            return source.result()

        return _follow(self, handled, cancelled=True)

    def syncify(self) -> T:
        """Wait for the result in code that cannot await."""
        from pyodide.ffi import run_sync

        return run_sync(self)


class PyodideTask(asyncio.Task[T], PyodideFuture[T]):
    """A task with the methods of JavaScript's promises."""


JsPromise.register(PyodideFuture)


def _follow(
    source: asyncio.Future[Any],
    handled: Callable[[asyncio.Future[Any]], Any],
    cancelled: bool = False,
) -> PyodideFuture[Any]:
    following: PyodideFuture[Any] = PyodideFuture(loop=source.get_loop())

    def settled(source: asyncio.Future[Any]) -> None:
        if following.done():
            return
        if source.cancelled() and not cancelled:
            following.cancel()
            return
        _settle(following, lambda: handled(source))

    source.add_done_callback(settled)
    return following


def _settle(following: asyncio.Future[Any], outcome: Callable[[], Any]) -> None:
    try:
        value = outcome()
    except asyncio.CancelledError:
        following.cancel()
    except StopIteration as exc:
        # A future cannot hold it.
        error = RuntimeError("a handler raised StopIteration")
        error.__cause__ = exc
        following.set_exception(error)
    except Exception as exc:
        following.set_exception(exc)
    else:
        if inspect.isawaitable(value):
            _wait(following, value)
        else:
            following.set_result(value)


def _wait(following: asyncio.Future[Any], awaitable: Any) -> None:
    """Settle a future with what an awaitable becomes, however deep that is."""
    inner = asyncio.ensure_future(awaitable, loop=following.get_loop())

    def settled(inner: asyncio.Future[Any]) -> None:
        if following.done():
            # Somebody has cancelled it: nobody else hears of the exception.
            if not inner.cancelled():
                inner.exception()
        elif inner.cancelled():
            following.cancel()
        else:
            _settle(following, inner.result)

    def stop(following: asyncio.Future[Any]) -> None:
        if following.cancelled():
            inner.cancel()

    inner.add_done_callback(settled)
    following.add_done_callback(stop)


class _Kind(type):
    def __instancecheck__(cls, instance: Any) -> bool:
        # The host's loop counts as one.
        return super().__instancecheck__(instance) or instance is _adopted.loop


class _Adopted:
    loop: asyncio.AbstractEventLoop | None = None


_adopted = _Adopted()


class WebLoop(asyncio.SelectorEventLoop, metaclass=_Kind):
    """A loop with such futures and tasks; the host's own is an instance, too."""

    def __init__(self) -> None:
        super().__init__()
        self.set_task_factory(_make_task)

    def create_future(self) -> PyodideFuture[Any]:
        """Return a future of this loop."""
        return PyodideFuture(loop=self)


def _make_task(
    loop: asyncio.AbstractEventLoop, coro: Any, **options: Any
) -> PyodideTask[Any]:
    return PyodideTask(coro, loop=loop, **options)


class WebLoopPolicy(asyncio.DefaultEventLoopPolicy):
    """A policy whose new loops are of the class `WebLoop`."""

    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        """Return a new loop."""
        return WebLoop()


def promise(coro: Coroutine[Any, Any, T]) -> PyodideTask[T]:
    """Start a coroutine on the loop that runs, or is about to; return its task."""
    loop = asyncio.get_event_loop()
    if loop is _adopted.loop or type(loop) is WebLoop:
        task = loop.create_task(coro)
        assert isinstance(task, PyodideTask), "the loop's factory makes them"
        return task
    return PyodideTask(coro, loop=loop)


def adopt(loop: asyncio.AbstractEventLoop) -> None:
    """Let the host's loop make such futures and tasks."""
    use = getattr(sys.modules["_amaru_runtime"], "use_classes", None)
    if use is not None and use(PyodideFuture, PyodideTask):
        _adopted.loop = loop


def __getattr__(name: str) -> Any:
    raise missing(__name__, name)
