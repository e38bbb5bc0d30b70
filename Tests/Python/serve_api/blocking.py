# SPDX-License-Identifier: Apache-2.0
"""The asynchronous SDK with the face of the synchronous one: a test holds for both."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

from openai import BaseModel

# More than any test waits.
_LIMIT = 300.0
Run = Callable[[Awaitable[Any]], Any]


@contextmanager
def loop() -> Iterator[Run]:
    """Run an event loop; what it yields waits for what is run there."""
    running = asyncio.new_event_loop()
    thread = threading.Thread(target=running.run_forever, daemon=True)
    thread.start()

    async def result(awaitable: Awaitable[Any]) -> Any:
        return await awaitable

    def run(awaitable: Awaitable[Any]) -> Any:
        future = asyncio.run_coroutine_threadsafe(result(awaitable), running)
        return future.result(_LIMIT)

    yield run
    running.call_soon_threadsafe(running.stop)
    thread.join(_LIMIT)
    running.close()


class Blocking:
    """A client, a part or a method of it, or a stream."""

    def __init__(self, target: Any, run: Run) -> None:
        self._target, self._run = target, run

    def __getattr__(self, name: str) -> Any:
        return Blocking(getattr(self._target, name), self._run)

    def __call__(self, *values: Any, **named: Any) -> Any:
        result = self._target(*values, **named)
        if inspect.isawaitable(result):
            result = self._run(result)
        # A client, a stream, or what opens one; the others are data.
        is_data = isinstance(result, BaseModel) or not hasattr(result, "__aenter__")
        return result if is_data else Blocking(result, self._run)

    def __iter__(self) -> Blocking:
        return self

    def __next__(self) -> Any:
        try:
            return self._run(self._target.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def __enter__(self) -> Blocking:
        return Blocking(self._run(self._target.__aenter__()), self._run)

    def __exit__(self, *raised: Any) -> None:
        self._run(self._target.__aexit__(*raised))
