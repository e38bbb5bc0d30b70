# SPDX-License-Identifier: Apache-2.0
"""A time limit between signs of life, cheap enough for thousands of them a second."""

from __future__ import annotations

import asyncio
from types import TracebackType

from amaru.chat.failures import Fault

__all__ = ["Watchdog"]


class Watchdog:
    """Raises ``Fault("stall")`` in its block after `seconds` without `alive`.

    A sign of life only takes the time: the timer looks at it when it fires, and is
    then armed for what is left. 0 seconds is without limit.
    """

    __slots__ = ("_handle", "_limit", "_loop", "_seconds", "_since")

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._limit = asyncio.timeout(None)
        self._handle: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Watchdog:
        self._loop = asyncio.get_running_loop()
        await self._limit.__aenter__()
        self.alive()
        if self._seconds:
            self._look()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._handle is not None:
            self._handle.cancel()
        try:
            # It turns only the cancellation that it has caused itself into a
            # TimeoutError: one that the block raised passes as it is.
            await self._limit.__aexit__(kind, value, trace)
        except TimeoutError as exc:
            raise Fault("stall") from exc

    def alive(self) -> None:
        """Start the time anew."""
        self._since = self._loop.time()

    def _look(self) -> None:
        due = self._since + self._seconds
        now = self._loop.time()
        if now >= due:
            self._limit.reschedule(now)
        else:
            self._handle = self._loop.call_at(due, self._look)
