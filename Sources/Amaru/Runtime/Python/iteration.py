# SPDX-License-Identifier: Apache-2.0
"""Asynchronous iteration, both ways."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Callable
    from types import TracebackType
    from typing import Any, Self

    from loops import Callback, Future, _State


class Pull:
    """A task that runs an asynchronous iteration, one step for each request of Swift.

    `deliver` is given true and the value, false and the exception, or None at the end.
    """

    def __init__(
        self,
        iterable: AsyncIterable[Any],
        deliver: Callable[[bool | None, Any], object],
    ) -> None:
        self._swift = deliver
        self._wake: asyncio.Future[None] | None = None
        self._is_wanted = self._is_closed = False
        self._task: asyncio.Task[None] = _State.loop.create_task(
            self._run(iterable), name=f"iteration of {type(iterable).__qualname__}"
        )
        self._task.add_done_callback(self._ended)

    def request(self) -> None:
        """Ask for the next value."""
        self._is_wanted = True
        if self._task.done():
            self._deliver(None, None)
        self._wake_up()

    def close(self) -> None:
        """End the iteration, which waits for a request."""
        self._is_closed = True
        self._wake_up()

    def cancel(self) -> None:
        """Cancel the step that runs."""
        self._task.cancel()

    def _wake_up(self) -> None:
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    async def _requested(self) -> bool:
        while not self._is_wanted and not self._is_closed:
            self._wake = asyncio.get_running_loop().create_future()
            await self._wake
        return not self._is_closed

    def _deliver(self, kind: bool | None, value: Any) -> None:
        if self._is_wanted:
            self._is_wanted = False
            self._swift(kind, value)

    def _ended(self, task: asyncio.Task[None]) -> None:
        # A task that is cancelled before its first step never runs.
        self._deliver(False, asyncio.CancelledError())

    async def _run(self, iterable: AsyncIterable[Any]) -> None:
        iterator = None
        try:
            iterator = aiter(iterable)
            while await self._requested():
                self._deliver(True, await anext(iterator))
        except StopAsyncIteration:
            self._deliver(None, None)
        except (asyncio.CancelledError, KeyboardInterrupt, SystemExit) as exc:
            self._deliver(False, exc)
            raise
        except Exception as exc:
            self._deliver(False, exc)
        finally:
            # An iterator that is not a generator need not have it.
            close = getattr(iterator, "aclose", None)
            if close is not None:
                await close()


_END = object()


class AsyncIterator:
    """An asynchronous iterator over a sequence of Swift."""

    __slots__ = ("_advance", "_stop", "_is_running", "_is_finished", "__weakref__")
    __module__ = "amaru"

    def __init__(
        self,
        advance: Callable[[object], Future],
        stop: Callback,
    ) -> None:
        self._advance, self._stop = advance, stop
        self._is_running = self._is_finished = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        self._begin("anext")
        future = self._advance(_END)
        try:
            value = await future
        except BaseException:
            future.cancel()
            self._finish()
            raise
        finally:
            self._is_running = False
        if value is _END:
            self._finish()
            raise StopAsyncIteration
        return value

    async def asend(self, value: None) -> Any:
        if value is not None:
            raise TypeError("a sequence of Swift takes no value")
        return await self.__anext__()

    async def athrow(
        self,
        error: BaseException | type[BaseException],
        value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._begin("athrow")
        self._is_running = False
        self._finish()
        if isinstance(error, type):
            error = error() if value is None else value
        raise error if traceback is None else error.with_traceback(traceback)

    async def aclose(self) -> None:
        if not self._is_finished:
            self._begin("aclose")
            self._is_running = False
            self._finish()

    def _begin(self, name: str) -> None:
        if self._is_running:
            raise RuntimeError(f"{name}(): asynchronous iterator is already running")
        if self._is_finished:
            raise StopAsyncIteration
        self._is_running = True

    def _finish(self) -> None:
        self._is_finished = True
        self._stop()

    def __del__(self) -> None:
        self._stop()
