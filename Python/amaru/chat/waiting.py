# SPDX-License-Identifier: Apache-2.0
"""Says so when nothing of an answer has come for a while, before that is a fault."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["Waiting"]

_PART = 3
_WITHOUT_LIMIT = 20.0


class Waiting:
    """Watches for content, not for bytes: what keeps a connection alive is no answer.

    As a context manager it watches from its beginning to its end. One timer is enough:
    what comes only notes the time, since there may be thousands of pieces a second.
    """

    def __init__(
        self, stall_timeout: float, origin: str, say: Callable[[str], object]
    ) -> None:
        """Watch with the stall timeout of the answer; `say` shows a line."""
        self._after = stall_timeout / _PART or _WITHOUT_LIMIT
        self._limit, self._origin, self._say = stall_timeout, origin, say
        self._loop = asyncio.get_running_loop()
        self._last, self._is_paused, self._has_come = self._loop.time(), False, False
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Waiting:
        self._watch()
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def came(self) -> None:
        """Note that something of the answer has come."""
        self._has_come = True
        self._watch()

    def _watch(self) -> None:
        self._last = self._loop.time()
        if self._timer is None:
            self._timer = self._loop.call_later(self._after, self._look)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not watch for a while, which is spent on something else."""
        began, self._is_paused = self._loop.time(), True
        try:
            yield
        finally:
            self._is_paused = False
            self._last += self._loop.time() - began

    def _look(self) -> None:
        self._timer = None
        quiet = self._loop.time() - self._last
        # Timers may fire a clock's tick early.
        if self._is_paused or quiet < self._after * 0.99:
            rest = self._after if self._is_paused else self._after - quiet
            self._timer = self._loop.call_later(rest, self._look)
            return
        limit = f"; it fails after {self._limit:g} s" if self._limit else ""
        what = "nothing more" if self._has_come else "nothing"
        self._say(
            f"{what} of the answer has come from {self._origin} for "
            f"{self._after:.3g} s{limit}"
        )
