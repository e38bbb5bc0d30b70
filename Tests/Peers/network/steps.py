# SPDX-License-Identifier: Apache-2.0
"""A coroutine that is cancelled at a chosen one of its waits."""

from __future__ import annotations

import asyncio
import types
from collections.abc import Callable, Coroutine, Generator
from typing import Any

__all__ = ["cancelled_at"]


@types.coroutine
def _watched(
    coroutine: Coroutine[Any, Any, Any], at_wait: Callable[[int], None]
) -> Generator[Any, Any, Any]:
    """Drive `coroutine`, telling the number of each wait that it begins."""
    step, raised = 0, None
    try:
        while True:
            try:
                if raised is None:
                    waits_for = coroutine.send(None)
                else:
                    waits_for = coroutine.throw(raised)
            except StopIteration as end:
                return end.value
            step += 1
            at_wait(step)
            raised = None
            try:
                yield waits_for
            except GeneratorExit:
                raise
            except BaseException as exc:
                raised = exc
    finally:
        coroutine.close()


async def cancelled_at(
    steps: set[int], repeat: int, coroutine: Coroutine[Any, Any, Any]
) -> bool:
    """Run `coroutine`, cancelled while it waits for the numbered times.

    Each time it is cancelled `repeat` times, one loop turn apart. Returns whether it
    waited as often as the first of the steps.
    """
    loop = asyncio.get_running_loop()
    reached = False

    def at_wait(step: int) -> None:
        nonlocal reached
        if step in steps:
            reached = True
            loop.call_soon(cancel, repeat)

    def cancel(times: int) -> None:
        task.cancel()
        if times > 1:
            loop.call_soon(cancel, times - 1)

    async def run() -> Any:
        return await _watched(coroutine, at_wait)

    task = asyncio.ensure_future(run())
    await asyncio.wait([task])
    if not task.cancelled() and (exc := task.exception()) is not None:
        raise exc
    return reached
