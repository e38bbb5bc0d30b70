# SPDX-License-Identifier: Apache-2.0
"""What `amaru wrap` makes of classes."""

from __future__ import annotations

import asyncio
import functools
from dataclasses import dataclass, field
from typing import ClassVar, Generic, Protocol, Self, TypeVar

T = TypeVar("T")


@dataclass
class Sample:
    """A sample, changed in place."""

    kind: ClassVar[str] = "soil"
    name: str
    depth: float = 1.0
    tags: list[str] = field(default_factory=list)
    parent: Sample | None = None

    @property
    def label(self) -> str:
        """Its name and depth."""
        return f"{self.name}@{self.depth}"

    @functools.cached_property
    def pair(self) -> tuple[str, float]:
        return self.name, self.depth

    @property
    def weight(self) -> int:
        return len(self.tags)

    @weight.setter
    def weight(self, value: int) -> None:
        self.tags = ["x"] * value

    @classmethod
    def at_depth(cls, depth: float) -> Self:
        """Make a sample without a name."""
        return cls("", depth)

    @staticmethod
    def unit() -> str:
        return "m"

    def deeper(self, by: float = 1.0) -> Self:
        """Return a sample from further down."""
        return type(self)(self.name, self.depth + by)

    def __call__(self, count: int) -> str:
        return self.name * count

    async def settle(self) -> Sample:
        await asyncio.sleep(0)
        return self


class Counter:
    """Counts, in steps."""

    def __init__(self, start: int = 0, /, *, step: int = 1) -> None:
        self.value = start
        self.step = step

    def add(self, times: int = 1) -> int:
        self.value += times * self.step
        return self.value

    def class_(self, import_: str) -> str:
        return import_


class Source(Protocol):
    def read(self) -> str: ...


class Box(Generic[T]):
    def __init__(self, content: T) -> None:
        self.content = content

    def get(self) -> T:
        return self.content


def renamed(samples: list[Sample], name: str) -> dict[str, Sample]:
    return {f"{name}{i}": sample for i, sample in enumerate(samples)}


def boxed(box: Box[int]) -> int:
    return box.get()


def read(source: Source) -> str:
    return source.read()
