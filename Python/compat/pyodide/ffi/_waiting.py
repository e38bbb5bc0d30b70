# SPDX-License-Identifier: Apache-2.0
"""Waiting in code that is not asynchronous."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable
from typing import TypeVar

__all__ = ["can_run_sync", "run_sync"]

T = TypeVar("T")


def can_run_sync() -> bool:
    """Return True: the Python thread can wait here, and its loop goes on meanwhile."""
    return True


def run_sync(awaitable: Awaitable[T], /) -> T:
    """Wait for an awaitable in code that cannot await, and return its result.

    The event loop goes on meanwhile. TypeError if it is not an awaitable.
    """
    import asyncio

    if not inspect.isawaitable(awaitable):
        kind = type(awaitable).__name__
        raise TypeError(f"run_sync takes an awaitable, not {kind}")

    async def waited() -> T:
        return await awaitable

    try:
        loop = asyncio.get_event_loop()
    except RuntimeError:
        return asyncio.run(waited())
    return loop.run_until_complete(waited())
