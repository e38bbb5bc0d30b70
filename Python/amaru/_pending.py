# SPDX-License-Identifier: Apache-2.0
"""What a script has left to be done when its own code has ended.

A page lives on, and so do tasks and timers that nobody awaits: many a script for one
ends by starting its work. Under python nothing is left, as `asyncio.run` cancels what
its coroutine has left.
"""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["exists", "finish"]


def exists(loop: Any) -> bool:
    """Return whether tasks or timers of a loop are left."""
    import asyncio

    return bool(asyncio.all_tasks(loop) or _timers(loop))


async def finish() -> None:
    """Wait for what is left, and for what that starts."""
    import asyncio

    loop, own = asyncio.get_running_loop(), asyncio.current_task()
    while True:
        if tasks := asyncio.all_tasks() - {own}:
            await asyncio.wait(tasks)
        elif timers := _timers(loop):
            await asyncio.sleep(min(timer.when() for timer in timers) - loop.time())
        else:
            return


def _timers(loop: Any) -> list[Any]:
    """Return the timers of `setTimeout` and `setInterval` that a loop will call."""
    wrappers = sys.modules.get("pyodide.ffi.wrappers")
    return [] if wrappers is None else wrappers.pending(loop)
