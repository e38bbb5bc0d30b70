# SPDX-License-Identifier: Apache-2.0
"""How one and the same transport waits: on asyncio, in another loop, without a loop.

A transport is written once, as coroutines. Each of its waits for the core goes through
one of the functions here, by the name of the core's function.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Awaitable, Callable, Coroutine
from types import ModuleType
from typing import Any, TypeVar

__all__ = [
    "Wait",
    "each",
    "here",
    "in_thread",
    "of_the_loop",
    "on_loop",
    "pause",
    "run",
]

T = TypeVar("T")
Wait = Callable[..., Awaitable[Any]]


async def here(core: ModuleType, step: str, *arguments: Any) -> Any:
    """Wait in this thread, and let other threads run.

    Signals are looked at ten times a second: Ctrl-C raises KeyboardInterrupt where the
    request was made, and ends the exchange.
    """
    return getattr(core, f"{step}_blocking")(*arguments)


async def on_loop(core: ModuleType, step: str, *arguments: Any) -> Any:
    """Wait on the running loop of asyncio, to which the core's awaitables belong."""
    return await getattr(core, step)(*arguments)


async def in_thread(core: ModuleType, step: str, *arguments: Any) -> Any:
    """Wait in a thread of anyio's, for a loop that is not asyncio's."""
    from anyio import to_thread

    # Whoever is cancelled cancels the exchange, which ends the thread's wait.
    wait = getattr(core, f"{step}_blocking")
    return await to_thread.run_sync(wait, *arguments, abandon_on_cancel=True)


def of_the_loop() -> Wait:
    """Return how to wait in the coroutine that calls this."""
    # Not imported here: most clients are synchronous, and it is a large import.
    asyncio = sys.modules.get("asyncio")
    try:
        if asyncio is not None and asyncio.get_running_loop():
            return on_loop
    except RuntimeError:
        pass
    return in_thread


async def each(stream: Any, wait: Wait, work: Callable[[Any], Awaitable[bool]]) -> bool:
    """Do `work` for each piece of a body; return whether it never said False.

    Without an asynchronous generator, which would stay behind when work fails.
    """
    if wait is here:
        for piece in stream:
            if not await work(piece):
                return False
    else:
        pieces = aiter(stream)
        try:
            async for piece in pieces:
                if not await work(piece):
                    return False
        finally:
            # An asynchronous generator that is not at its end would stay behind.
            if close := getattr(pieces, "aclose", None):
                await close()
    return True


async def pause(wait: Wait, seconds: float) -> None:
    """Let time pass, as `wait` does."""
    if wait is here:
        time.sleep(seconds)  # noqa: ASYNC251
    else:
        from anyio import sleep

        await sleep(seconds)


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine all of whose waits are `here`, so that it never suspends."""
    try:
        coroutine.send(None)
    except StopIteration as stop:
        value: T = stop.value
        return value
    coroutine.close()
    raise RuntimeError("the trace of a synchronous client must not be asynchronous")
