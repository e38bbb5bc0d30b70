# SPDX-License-Identifier: Apache-2.0
"""The tasks and callbacks that plugins leave in the loop: their faults are theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from typing import Any, Final

from amaru.plugins.faults import traceback_of

__all__ = ["OWNER", "follow", "owner_of"]

OWNER: Final[ContextVar[str]] = ContextVar("amaru_plugin", default="")
"""The plugin whose code runs; tasks that it makes inherit it."""

# The name may be what a plugin has removed.
_Exception: Final = Exception

Loop = asyncio.AbstractEventLoop
Blame = Callable[[BaseException], bool]
Drive = Callable[[str, Any], Coroutine[Any, Any, Any]]


def follow(drive: Drive, blame: Blame) -> None:
    """Run the tasks of plugins through `drive`, and tell `blame` what nobody handles.

    What it does not take is for the handler that was there before.
    """
    loop = asyncio.get_running_loop()
    former = loop.get_exception_handler() or type(loop).default_exception_handler

    def handle(loop: Loop, context: dict[str, Any]) -> None:
        exc = context.get("exception")
        try:
            if exc is not None and blame(exc):
                return
        except _Exception:
            pass
        former(loop, context)

    loop.set_exception_handler(handle)
    make = loop.get_task_factory()
    if hasattr(make, "_amaru_fence"):
        return

    def make_task(loop: Loop, coro: Any, **options: Any) -> Any:
        if plugin := OWNER.get():
            coro = _owned(plugin, drive(plugin, coro))
        if make is None:
            return asyncio.Task(coro, loop=loop, **options)
        return make(loop, coro, **options)

    make_task._amaru_fence = True  # type: ignore[attr-defined]
    loop.set_task_factory(make_task)


async def _owned(plugin: str, driven: Coroutine[Any, Any, Any]) -> Any:
    return await driven


def owner_of(exc: BaseException, names: dict[str, str]) -> str:
    """Return the plugin that raised an exception, by its tasks or its file's path."""
    trace = traceback_of(exc)
    owner = ""
    while trace is not None and not owner:
        frame = trace.tb_frame
        if frame.f_code is _owned.__code__:
            owner = frame.f_locals["plugin"]
        else:
            owner = names.get(frame.f_code.co_filename, "")
        trace = trace.tb_next
    return owner
