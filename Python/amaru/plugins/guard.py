# SPDX-License-Identifier: Apache-2.0
"""Runs the code of plugins, tells the host whose it is, and catches its errors."""

from __future__ import annotations

import asyncio
import inspect
import sys
from collections.abc import Callable, Coroutine, Generator
from types import CoroutineType, TracebackType
from typing import Any

from amaru import _bridge
from amaru.plugins.descriptors import StandardDescriptors
from amaru.plugins.faults import Failure, Fault
from amaru.plugins.namespaces import StandardNames
from amaru.plugins.tasks import OWNER

__all__ = ["Guard", "Stopped", "is_awaitable"]


def is_awaitable(result: object) -> bool:
    """Tell whether a hook returned an awaitable, without running code of the object."""
    if result is None or type(result) in (str, Failure):
        return False
    return inspect.getattr_static(type(result), "__await__", None) is not None


class Stopped(Exception):
    """What would have ended the loop."""

    def __init__(self, exception: BaseException) -> None:
        super().__init__(type(exception).__name__)
        self.exception = exception


class Guard:
    """Runs a plugin's code and returns what it returns, or a `Failure`."""

    def __init__(self) -> None:
        try:
            self.name: Callable[[str], Any] = _bridge.chat().plugin_running
        except (RuntimeError, AttributeError):
            # Outside a chat there is no host to tell.
            self.name = str
        self._cancelled: asyncio.Task[Any] | None = None

    def run(self, plugin: str, function: Callable[..., Any], /, *given: Any) -> Any:
        """Call a function of a plugin; nothing that it raises comes out."""
        task = asyncio.current_task()
        before = task.cancelling() if task else 0
        try:
            with _Watch(self.name, plugin):
                result = function(*given)
            if task and task.cancelling() > before:
                result = Failure(
                    Fault("cancelled the chat's task, which a plugin must leave alone")
                )
        except BaseException as exc:
            result = Failure(exc)
        # The loop is ours while this runs, so only the plugin can have cancelled.
        while task and task.cancelling() > before:
            task.uncancel()
            self._cancelled = task
        return result

    async def settle(self) -> None:
        """Absorb the cancellation that a plugin aimed at this task, and no other."""
        task, self._cancelled = self._cancelled, None
        if task is None or task is not asyncio.current_task():
            return
        before = task.cancelling()
        try:
            # Before 3.13 it is thrown in here, although it was taken back.
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            if task.cancelling() > before:
                raise

    async def finish(
        self, plugin: str, awaitable: Any, limit: float | None = None
    ) -> Any:
        """Wait for an asynchronous hook, in a task of its own.

        There its cancellation is not ours, nor ours to be swallowed by it. One that
        takes longer than `limit` seconds is cancelled and not waited for.
        """
        task = asyncio.create_task(self._drive(plugin, awaitable))
        try:
            done, _ = await asyncio.wait([task], timeout=limit)
            line = _line(awaitable)
        finally:
            task.cancel()
        if not done:
            return Failure(Fault(f"still waiting after {limit:g} seconds", line))
        return Failure(asyncio.CancelledError()) if task.cancelled() else task.result()

    async def drive_task(self, plugin: str, coroutine: Any) -> Any:
        """Run a task of a plugin's own; an exit or interrupt leaves it as `Stopped`."""
        try:
            return await _Steps(self.name, plugin, coroutine)
        except (SystemExit, KeyboardInterrupt) as exc:
            raise Stopped(exc) from exc

    async def _drive(self, plugin: str, awaitable: Any) -> Any:
        # SystemExit and KeyboardInterrupt too: out of a task they would end the loop.
        try:
            return await _Steps(self.name, plugin, awaitable)
        except BaseException as exc:
            return Failure(exc)


class _Watch:
    """Names the plugin while its code runs, and puts back what all code needs."""

    __slots__ = ("_closed", "_name", "_names", "_plugin", "_streams", "_token")

    _descriptors = StandardDescriptors()

    def __init__(self, name: Callable[[str], Any], plugin: str) -> None:
        self._name, self._plugin = name, plugin

    def __enter__(self) -> None:
        self._streams = out, err = sys.stdout, sys.stderr
        self._closed = _is_closed(out), _is_closed(err)
        self._descriptors.keep()
        self._names = StandardNames()
        self._token = OWNER.set(self._plugin)
        self._name(self._plugin)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        # First: nothing else works without them.
        name = self._names.restore()
        del self._names  # A task that waits would hold them.
        OWNER.reset(self._token)
        try:
            if what := self._put_back(name):
                raise Fault(what)
        finally:
            self._name("")

    def _put_back(self, name: str) -> str:
        """Put back the rest, and return what the plugin has done, if anything."""
        what = f"replaced or removed {name}, which was put back" if name else ""
        out, err = self._streams
        if self._descriptors.restore():
            what = "closed or replaced a standard descriptor, now put back"
        if sys.stdout is not out or sys.stderr is not err:
            sys.stdout, sys.stderr = out, err
            what = "replaced a standard stream, which was put back"
        if (_is_closed(out), _is_closed(err)) != self._closed:
            sys.stdout, sys.stderr = _reopened(out, 1), _reopened(err, 2)
            what = "closed a standard stream, which was opened again"
        return what


class _Steps:
    """Awaits a plugin's coroutine, watched at each step."""

    def __init__(self, name: Callable[[str], Any], plugin: str, awaitable: Any) -> None:
        self._watch = _Watch(name, plugin)
        is_coroutine = type(awaitable) is CoroutineType
        self._coroutine = awaitable if is_coroutine else _awaiting(awaitable)

    def __await__(self) -> Generator[Any, Any, Any]:
        step: Callable[[Any], Any] = self._coroutine.send
        value: Any = None
        try:
            while True:
                with self._watch:
                    wanted = step(value)
                try:
                    value = yield wanted
                    step = self._coroutine.send
                except BaseException as exc:
                    step, value = self._coroutine.throw, exc
        except StopIteration as end:
            return end.value
        finally:
            with self._watch:
                self._coroutine.close()


def _awaiting(awaitable: Any) -> Coroutine[Any, Any, Any]:
    async def wait() -> Any:
        return await awaitable

    return wait()


def _line(awaitable: Any) -> int:
    """Return the line on which a plugin's coroutine waits, or 0."""
    is_coroutine = type(awaitable) is CoroutineType
    frame = awaitable.cr_frame if is_coroutine else None
    return frame.f_lineno if frame is not None else 0


def _is_closed(stream: Any) -> bool:
    return getattr(stream, "closed", False)


def _reopened(stream: Any, descriptor: int) -> Any:
    if not _is_closed(stream):
        return stream
    return open(descriptor, "w", encoding="utf-8", errors="replace", closefd=False)
