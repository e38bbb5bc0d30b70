# SPDX-License-Identifier: Apache-2.0
"""Measurements of a survey. What `amaru wrap` is tested with.

Each function is here for a kind of hint or of parameter.
"""

from __future__ import annotations

import datetime
import decimal
import pathlib
import uuid
from collections.abc import Iterable, Mapping, Sequence
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    Final,
    Literal,
    NewType,
    Optional,
    TypeVar,
    overload,
)

if TYPE_CHECKING:
    from elsewhere import Unknown  # type: ignore[import-not-found]


T = TypeVar("T")


Number = TypeVar("Number", int, float)


StationID = NewType("StationID", int)


MAX_SIZE: Final = 100


PRECISION: Final[int] = 3


units: dict[str, str] = {"m": "metre"}


class SurveyError(Exception):
    """A survey that cannot be made."""


def mean(values: Sequence[float], *, weights: Sequence[float] | None = None) -> float:
    """Return the mean. Weights count if there are any.

    - Returns: a hostile list item, ``code`` and */ /* \\u{0}"""
    weights = weights or [1.0] * len(values)
    return sum(v * w for v, w in zip(values, weights, strict=True)) / sum(weights)


def scaled(
    values: list[float], factor: float = 2.0, offset: float | None = 1.0
) -> list[float]:
    return [v * factor + (0 if offset is None else offset) for v in values]


def positional(a: int, b: int = 10, c: int = 100, /) -> int:
    return a + b + c


def total(start: int, extra: int = 0, *args: int, sign: int = 1, **kwargs: int) -> int:
    return sign * (start + extra + sum(args) + sum(kwargs.values()))


def everything(*args: Any, **kwargs: Any) -> str:
    return repr((args, kwargs))


def untyped(value, other=None):  # type: ignore[no-untyped-def]
    return [value, other]


def missing(value: Unknown, count: int = 1) -> Unknown:
    return [value] * count


def find(name: str, places: Mapping[str, int]) -> Optional[int]:  # noqa: UP045
    return places.get(name)


def anything(flag: bool) -> Any | None:
    return "x" if flag else None


def swapped(pair: tuple[int, str]) -> tuple[str, int]:
    return pair[1], pair[0]


def maybe_swapped(pair: tuple[int, str] | None = None) -> tuple[str, int] | None:
    return None if pair is None else (pair[1], pair[0])


def spread(values: tuple[int, ...]) -> str:
    return repr(values)


def unique(values: Iterable[str]) -> set[str]:
    return set(values)


def frozen(values: frozenset[int]) -> frozenset[int]:
    return frozenset(values | {0})


def raised(values: list[Number], by: Annotated[int, "power"]) -> list[Number]:
    return [v**by for v in values]


def first(values: Sequence[T]) -> T:
    return values[0]


def choose(mode: Literal["fast", "slow"], count: Literal[1, 2] = 1) -> str:
    return mode * count


def station(number: StationID) -> StationID:
    return StationID(number + 1)


def raw(data: bytes, more: bytearray) -> bytes:
    return data + bytes(more) if isinstance(more, bytearray) else b""


def moment(
    when: datetime.datetime,
    wait: datetime.timedelta,
    price: decimal.Decimal,
    key: uuid.UUID,
) -> tuple[datetime.timedelta, decimal.Decimal, uuid.UUID, int]:
    return wait * 2, price * 2, key, when.year


def parent(path: pathlib.Path) -> pathlib.Path:
    return path.parent


def failing(reason: str) -> None:
    raise SurveyError(reason)


@overload
def parse(text: str) -> int: ...


@overload
def parse(text: bytes, encoding: str) -> float: ...


def parse(text: str | bytes, encoding: str = "ascii") -> int | float:
    """Parse a number."""
    return int(text) if isinstance(text, str) else float(text.decode(encoding))


def readAll(self: int, object: int, result: int = 1) -> int:
    return self + object + result


def read_all(in_: int, inout: int, class_: int = 0) -> int:
    return in_ + inout + class_


def _private() -> None: ...
