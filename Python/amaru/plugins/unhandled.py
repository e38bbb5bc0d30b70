# SPDX-License-Identifier: Apache-2.0
"""Exceptions that Python would print itself: of plugins' threads and finalizers."""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Callable
from typing import Any

from amaru.plugins.faults import words_of
from amaru.plugins.tasks import Blame

__all__ = ["follow"]


def follow(blame: Blame, notice: Callable[[str], None]) -> None:
    """Tell `blame` of them on the loop's thread; `notice` what it does not take.

    A traceback would be written over what is on the screen.
    """
    loop = asyncio.get_running_loop()

    def tell(exc: BaseException, where: str) -> None:
        if not blame(exc):
            notice(f"{where} raised {words_of(exc)}")

    def over(former: Callable[[Any], Any], where: str) -> Callable[[Any], Any]:
        def hook(arguments: Any, /) -> None:
            exc = arguments.exc_value
            if exc is None:
                exc = arguments.exc_type()
            if type(exc) is SystemExit:  # It ends a thread, and is no fault.
                return
            try:
                # Between two callbacks: a finalizer is called in the midst of anything.
                if loop.is_running():
                    loop.call_soon_threadsafe(tell, exc, where)
                else:
                    tell(exc, where)
            except RuntimeError:  # The loop has been closed meanwhile.
                former(arguments)

        hook._amaru_former = former  # type: ignore[attr-defined]
        return hook

    # The chat has been started again if ours are there.
    former = getattr(threading.excepthook, "_amaru_former", threading.excepthook)
    threading.excepthook = over(former, "a thread")
    former = getattr(sys.unraisablehook, "_amaru_former", sys.unraisablehook)
    sys.unraisablehook = over(former, "a finalizer")
