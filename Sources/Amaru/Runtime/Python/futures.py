# SPDX-License-Identifier: Apache-2.0
"""Futures and callbacks of the home loop and of others, for Swift."""

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable
    from typing import Any

    from loops import Callback, Future, Loop, _State


def ensure_future(awaitable: Awaitable[Any]) -> Future:
    """Return a future of the home loop, or the one that `awaitable` is."""
    return asyncio.ensure_future(awaitable, loop=_State.loop)


def post(loop: Loop, callback: Callback) -> bool:
    """Run a callback on a loop of any thread; false if that loop has ended."""
    try:
        loop.call_soon_threadsafe(callback)
    except RuntimeError:
        return False
    return True


def watch(loop: Loop, descriptor: int, callback: Callback) -> bool:
    """Call back whenever the descriptor is readable; false if the loop cannot."""
    try:
        loop.add_reader(descriptor, callback)
    except NotImplementedError:
        return False
    return True


def fail(future: Future, exception: BaseException) -> None:
    """End a future with an exception, unless it has ended."""
    if future.done():
        return
    if isinstance(exception, asyncio.CancelledError):
        future.cancel()
    elif isinstance(exception, StopIteration):
        # A future cannot hold it: https://docs.python.org/3/library/asyncio-future.html
        error = RuntimeError("Swift code raised StopIteration")
        error.__cause__ = exception
        future.set_exception(error)
    else:
        future.set_exception(exception)


def retrieve(future: Future) -> None:
    """Mark the exception of a future as one that somebody awaits."""
    if not future.cancelled():
        future.exception()
