# SPDX-License-Identifier: Apache-2.0
"""What `amaru wrap` makes of calls, of enums and of tuples with names."""

from __future__ import annotations

import asyncio
import contextlib
import enum
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import NamedTuple, NotRequired, TypedDict


class Level(enum.Enum):
    """How much is measured."""

    LOW = "low"
    HIGH_END = "high"
    DEFAULT = "default"


class Code(enum.IntEnum):
    OK = 0
    WORSE = -2


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Point(NamedTuple):
    """A point of the plane."""

    x: float
    y: float = 0.0

    def length(self) -> float:
        """Return the distance from the origin."""
        return float((self.x**2 + self.y**2) ** 0.5)


class Reading(TypedDict):
    """What one station sends."""

    station_id: int
    value: float | None
    note: NotRequired[str]
    tags: NotRequired[list[str] | None]


def mapped(values: list[int], change: Callable[[int], int]) -> list[int]:
    return [change(v) for v in values]


def told(value: int, tell: Callable[[str], None] | None = None) -> bool:
    if tell:
        tell(str(value))
    return tell is not None


def evens(limit: int) -> Iterator[int]:
    """Yield even numbers."""
    yield from range(0, limit, 2)


@contextlib.contextmanager
def opened(name: str) -> Iterator[str]:
    yield name


async def fetched(name: str, delay: float = 0) -> str:
    """Fetch something."""
    await asyncio.sleep(delay)
    return name.upper()


async def paired(number: int) -> tuple[int, int]:
    return number, number + 1


async def settled() -> None:
    await asyncio.sleep(0)


def awaited(number: int) -> Awaitable[int]:
    async def later() -> int:
        return number

    return later()


async def ticks(count: int) -> AsyncIterator[int]:
    for number in range(count):
        yield number


def level_name(level: Level, others: Sequence[Level] = ()) -> str:
    return ",".join(each.name for each in (level, *others))


def next_level(level: Level | None = None) -> Level | None:
    return None if level is None else Level.HIGH_END


def code(value: Code, others: list[Code]) -> Code:
    return Code.WORSE if value in others else Code.OK


def access(value: Access) -> Access:
    return value


def moved(point: Point, by: float = 1) -> Point:
    return Point(point.x + by, point.y)


def noted(reading: Reading) -> Reading:
    return {**reading, "note": f"{reading['value']}"}


def readings(count: int) -> list[Reading]:
    return [{"station_id": i, "value": None} for i in range(count)]
