# SPDX-License-Identifier: Apache-2.0
"""Timers and clocks."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

from pyodide.ffi import wrappers
from pyodide.ffi._kinds import JsProxy

__all__ = [
    "Date",
    "clearInterval",
    "clearTimeout",
    "performance",
    "queueMicrotask",
    "setInterval",
    "setTimeout",
]


def setTimeout(callback: Callable[..., Any], delay: float = 0, /, *args: Any) -> int:
    """Call `callback` once, in `delay` milliseconds; return the timer's number."""
    return wrappers.set_timeout(partial(callback, *args), delay)


def setInterval(callback: Callable[..., Any], delay: float = 0, /, *args: Any) -> int:
    """Call `callback` each `delay` milliseconds; return the timer's number."""
    return wrappers.set_interval(partial(callback, *args), delay)


def clearTimeout(number: int | None = None, /) -> None:
    """Stop a timer; one that has ended is left alone."""
    if number is not None:
        wrappers.clear_timeout(number)


clearInterval = clearTimeout


def queueMicrotask(callback: Callable[[], Any], /) -> None:
    """Call `callback` as soon as what runs now gives way."""
    wrappers.set_timeout(callback, 0)


class Performance(JsProxy):
    """A clock that never goes back."""

    _exists = True

    def __init__(self) -> None:
        self.timeOrigin = time.time() * 1000
        self._start = time.perf_counter()

    def now(self) -> float:
        """Return the milliseconds since the module was imported."""
        return (time.perf_counter() - self._start) * 1000


performance = Performance()


class Date(JsProxy):
    """A point in time, in milliseconds since 1970."""

    _exists = True

    def __init__(self, value: Any = None, *parts: int) -> None:
        if parts:
            year, month, day, *time = [value, *parts, 1][:3] + list(parts[2:5])
            # Months count from 0.
            local: Any = datetime
            self._time = local(year, month + 1, day, *time).timestamp() * 1000
        elif value is None:
            self._time = float(Date.now())
        elif isinstance(value, Date):
            self._time = value._time
        else:
            self._time = Date.parse(value) if isinstance(value, str) else float(value)

    @classmethod
    def new(cls, *args: Any) -> Date:
        """Return a date: now, of milliseconds, of a text, or of year and month …"""
        return cls(*args)

    @staticmethod
    def now() -> int:
        """Return the milliseconds since 1970."""
        return time.time_ns() // 1_000_000

    @staticmethod
    def parse(text: str) -> float:
        """Return the milliseconds of a date after ISO 8601."""
        day = datetime.fromisoformat(text)
        if day.tzinfo is None and "T" not in text and " " not in text:
            day = day.replace(tzinfo=UTC)
        return day.timestamp() * 1000

    def getTime(self) -> int:
        """Return the milliseconds since 1970."""
        return int(self._time)

    valueOf = getTime

    def toISOString(self) -> str:
        """Return the date after ISO 8601, in UTC."""
        day = datetime.fromtimestamp(self._time / 1000, UTC)
        return day.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    toJSON = toISOString

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> datetime:
        """Return Python's date, with a time zone."""
        return datetime.fromtimestamp(self._time / 1000, UTC)

    def __str__(self) -> str:
        return self.toISOString()
