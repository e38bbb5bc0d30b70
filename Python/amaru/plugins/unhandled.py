# SPDX-License-Identifier: Apache-2.0
"""Exceptions that Python would print itself: of plugins' threads and finalizers."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import Any, Final

from amaru.plugins.faults import words_of
from amaru.plugins.tasks import Blame

__all__ = ["follow"]

_LIMIT: Final = 100
_THREAD: Final = "a thread"


def follow(blame: Blame, notice: Callable[[str], None]) -> None:
    """Tell `blame` of them, and `notice` what it does not take.

    Both are called on the loop's thread, or at once if the loop no longer runs. A
    traceback would be written over what is on the screen; the former hook writes one
    only while 100 others wait.
    """
    loop = asyncio.get_running_loop()
    # A deque needs no lock, which a finalizer could find taken by its own thread.
    waiting: deque[None] = deque()

    def tell(exc: BaseException, where: str) -> None:
        if not blame(exc):
            notice(f"{where} raised {words_of(exc)}")

    def tell_next(exc: BaseException, where: str) -> None:
        waiting.pop()
        tell(exc, where)

    def over(former: Callable[[Any], Any], where: str) -> Callable[[Any], Any]:
        def hook(arguments: Any, /) -> None:
            try:
                exc = arguments.exc_value
                if exc is None:
                    exc = arguments.exc_type()
                if type(exc) is SystemExit and where == _THREAD:
                    return  # It ends the thread, and is no fault.
                if not loop.is_running():
                    tell(exc, where)
                elif len(waiting) < _LIMIT:
                    # Between two callbacks: a finalizer may be called at any time.
                    waiting.append(None)
                    loop.call_soon_threadsafe(tell_next, exc, where)
                else:
                    former(arguments)
            except Exception:  # The loop has been closed, or the class's code failed.
                former(arguments)

        hook._amaru_former = former  # type: ignore[attr-defined]
        return hook

    # The chat has been started again if ours are there.
    former = getattr(threading.excepthook, "_amaru_former", threading.excepthook)
    threading.excepthook = over(former, _THREAD)
    former = getattr(sys.unraisablehook, "_amaru_former", sys.unraisablehook)
    sys.unraisablehook = over(former, "a finalizer")
