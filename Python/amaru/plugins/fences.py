# SPDX-License-Identifier: Apache-2.0
"""Keeps plugins away from the host's signals and descriptors, and the chat's tasks.

The damage could not be undone: a handler in Python replaces the host's own, a cancelled
wait wakes its task, and a program without its descriptors hears no Ctrl-C. So the call
raises, which also names the plugin's line.
This guards against accidents, not against a plugin that means to get around it.
"""

from __future__ import annotations

import asyncio
import functools
import os
import signal
import sys
from types import FrameType
from typing import Any, Final

from amaru import _bridge
from amaru.plugins.loading import PACKAGE

__all__ = ["put_up"]

_OURS: Final = frozenset(
    {
        signal.SIGINT,
        signal.SIGTERM,
        signal.SIGHUP,
        signal.SIGQUIT,
        signal.SIGTSTP,
        signal.SIGCONT,
        signal.SIGWINCH,
        signal.SIGPIPE,
        signal.SIGURG,
    }
)


def put_up() -> None:
    """Make such calls raise in plugins; doing it again changes nothing."""
    if hasattr(signal.signal, "_amaru_fence"):
        return
    plain_signal, plain_all_tasks = signal.signal, asyncio.all_tasks
    plain_closerange = os.closerange

    @functools.wraps(plain_signal)
    def set_handler(signalnum: Any, handler: Any) -> Any:
        if signalnum in _OURS and _is_below_plugin(sys._getframe(1)):
            name = signal.Signals(signalnum).name
            raise ValueError(f"amaru handles {name} itself: a plugin cannot")
        former = plain_signal(signalnum, handler)
        # One that is not Python's cannot be set again; it puts the terminal back.
        return signal.SIG_DFL if former is None else former

    @functools.wraps(plain_all_tasks)
    def all_tasks(loop: Any = None) -> Any:
        # Libraries look through the tasks for reasons of their own.
        if loop in (None, asyncio._get_running_loop()) and _is_plugin(sys._getframe(1)):
            raise RuntimeError("the tasks of the chat are not a plugin's to cancel")
        return plain_all_tasks(loop)

    @functools.wraps(plain_closerange)
    def closerange(low: int, high: int, /) -> None:
        # A child of a plugin's may close what it has inherited.
        if not _bridge.is_forked() and _is_below_plugin(sys._getframe(1)):
            raise ValueError("most descriptors are Amaru's: close your own one by one")
        plain_closerange(low, high)

    set_handler._amaru_fence = True  # type: ignore[attr-defined]
    signal.signal = set_handler
    os.closerange = closerange
    asyncio.all_tasks = asyncio.tasks.all_tasks = all_tasks


def _is_plugin(frame: FrameType) -> bool:
    name = frame.f_globals.get("__name__")
    return isinstance(name, str) and name.startswith(f"{PACKAGE}.")


def _is_below_plugin(frame: FrameType | None) -> bool:
    while frame is not None:
        if _is_plugin(frame):
            return True
        frame = frame.f_back
    return False
