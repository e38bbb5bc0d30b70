# SPDX-License-Identifier: Apache-2.0
"""Waiting in code that is not asynchronous."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["can_run_sync", "run_sync"]

T = TypeVar("T")


def can_run_sync() -> bool:
    """Return whether `run_sync` can wait here: not below a loop of the script's own."""
    import asyncio

    loop = asyncio._get_running_loop()
    # The host's loop runs below what it has called.
    return loop is None or loop.run_until_complete.__name__ == "run_nested"


def run_sync(awaitable: Awaitable[T], /) -> T:
    """Wait for an awaitable in code that cannot await, and return its result.

    The host's event loop goes on meanwhile. TypeError if it is not an awaitable,
    RuntimeError below a loop of the script's own, such as that of `asyncio.run`.
    """
    import asyncio

    if not inspect.isawaitable(awaitable):
        kind = type(awaitable).__name__
        raise TypeError(f"run_sync takes an awaitable, not {kind}")

    async def waited() -> T:
        return await awaitable

    running = asyncio._get_running_loop()
    if running is not None:
        if not can_run_sync():
            raise RuntimeError("run_sync cannot wait below a running event loop: await")
        asyncio._set_running_loop(None)
        try:
            return running.run_until_complete(waited())
        finally:
            asyncio._set_running_loop(running)
    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return asyncio.run(waited())
    return loop.run_until_complete(waited())
