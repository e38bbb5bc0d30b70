# SPDX-License-Identifier: Apache-2.0
"""The orderly end of tasks and asynchronous generators."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from loops import name_of_task


async def end_tasks(grace: float) -> list[str]:
    """Cancel every task; return the names of those that did not end in time."""
    import asyncio
    import weakref

    loop = asyncio.get_running_loop()
    own = asyncio.current_task()
    half, deadline = loop.time() + grace / 2, loop.time() + grace
    cancelled: weakref.WeakSet[asyncio.Task[Any]] = weakref.WeakSet()
    while True:
        pending = {task for task in asyncio.all_tasks(loop) if task is not own}
        # Once, as asyncio.run does: a second time would break into the cleaning up.
        # Only a task that has had half of the time may have swallowed the first.
        for task in pending:
            if task not in cancelled or loop.time() >= half:
                cancelled.add(task)
                task.cancel()
        left = deadline - loop.time()
        if not pending or left <= 0:
            return [f"task {name_of_task(task)}" for task in pending]
        await asyncio.wait(pending, timeout=min(left, max(grace / 8, 0.01)))


async def end_generators(grace: float) -> list[str]:
    """Close asynchronous generators, and let go of the executor."""
    import asyncio

    loop = asyncio.get_running_loop()
    closing = loop.create_task(loop.shutdown_asyncgens())
    # Not wait_for, which waits for the cancelled generator, and so perhaps forever.
    await asyncio.wait({closing}, timeout=grace)
    executor = getattr(loop, "_default_executor", None)
    if executor is not None:
        executor.shutdown(wait=False, cancel_futures=True)
    return [] if closing.done() else ["asynchronous generators"]
