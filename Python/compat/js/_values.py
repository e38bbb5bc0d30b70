# SPDX-License-Identifier: Apache-2.0
"""JavaScript's basic objects."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterable
from typing import Any, ClassVar

from pyodide.ffi import _containers, to_js
from pyodide.ffi._conversion import to_py
from pyodide.ffi._kinds import JsError, JsProxy

__all__ = [
    "Array",
    "Boolean",
    "Error",
    "JSON",
    "Map",
    "Number",
    "Object",
    "RangeError",
    "Set",
    "String",
    "TypeError",
    "structuredClone",
]

structuredClone = copy.deepcopy
Boolean = bool


def String(value: Any = "") -> str:
    """Return a value as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def Number(value: Any = 0) -> int | float:
    """Return a value as a number; NaN for other text."""
    try:
        number = float(value)
    except ValueError:
        return float("nan")
    return int(number) if number.is_integer() else number


class Object(_containers.Object):
    """An object, and the functions about objects."""

    @classmethod
    def new(cls, *args: Any) -> _containers.Object:
        """Return an empty object, or the one that is given."""
        return args[0] if args else _containers.Object()

    @staticmethod
    def fromEntries(pairs: Iterable[Any]) -> _containers.Object:
        """Return an object with the names and values of pairs."""
        if isinstance(pairs, dict):
            pairs = pairs.items()
        made = _containers.Object()
        for name, value in pairs:
            made[name if isinstance(name, str) else String(name)] = value
        return made

    @staticmethod
    def keys(obj: Any) -> _containers.Array:  # type: ignore[override]
        """Return the names of an object's properties."""
        return _containers.Array(_containers.properties(obj))

    @staticmethod
    def values(obj: Any) -> _containers.Array:  # type: ignore[override]
        """Return the values of an object's properties."""
        return _containers.Array(_containers.properties(obj).values())

    @staticmethod
    def entries(obj: Any) -> _containers.Array:
        """Return the names and values of an object's properties."""
        pairs = _containers.properties(obj).items()
        return _containers.Array(_containers.Array(pair) for pair in pairs)

    @staticmethod
    def assign(target: Any, *sources: Any) -> Any:
        """Set an object's properties to those of others."""
        for source in sources:
            for name, value in _containers.properties(source).items():
                if isinstance(target, dict):
                    target[name] = value
                else:
                    setattr(target, name, value)
        return target


class Array(_containers.Array):
    """An array, and the functions about arrays."""

    @classmethod
    def new(cls, *items: Any) -> _containers.Array:
        """Return an array of items; of so many, if there is one number."""
        if len(items) == 1 and isinstance(items[0], int):
            return _containers.Array([None] * items[0])
        return _containers.Array(items)

    @staticmethod
    def of(*items: Any) -> _containers.Array:
        """Return an array of items."""
        return _containers.Array(items)

    @staticmethod
    def from_(items: Iterable[Any], function: Any = None) -> _containers.Array:
        """Return an array of what can be iterated."""
        made = _containers.Array(items)
        return made if function is None else made.map(function)

    @staticmethod
    def isArray(value: Any) -> bool:
        """Return whether a value is an array."""
        return isinstance(value, list)


class Map(_containers.Map):
    """A map."""

    @classmethod
    def new(cls, pairs: Any = ()) -> _containers.Map:
        """Return a map of pairs."""
        return _containers.Map(pairs)


class Set(_containers.Set):
    """A set."""

    @classmethod
    def new(cls, items: Iterable[Any] = ()) -> _containers.Set:
        """Return a set of items."""
        return _containers.Set(items)


class Error(JsError):
    """An error of JavaScript's."""

    kind: ClassVar[str] = "Error"

    def __init__(self, message: str = "", *rest: str) -> None:
        # Unpickling passes all arguments of the base class.
        super().__init__(self.kind, rest[0] if rest else message)

    @classmethod
    def new(cls, message: str = "") -> Error:
        """Return an error, which can be raised."""
        return cls(message)


class TypeError(Error):
    """An error about a value of the wrong kind."""

    kind = "TypeError"


class RangeError(Error):
    """An error about a value out of range."""

    kind = "RangeError"


class _JSON(JsProxy):
    """Reads and writes JSON."""

    _exists = True

    @staticmethod
    def parse(text: str, reviver: None = None) -> Any:
        """Return what a text says, as arrays and objects."""
        try:
            return to_js(json.loads(text, parse_float=_number))
        except json.JSONDecodeError as exc:
            raise JsError("SyntaxError", str(exc)) from exc

    @staticmethod
    def stringify(
        value: Any, replacer: None = None, space: int | str | None = None
    ) -> str:
        """Return a value as a text, without spaces unless they are asked for."""
        separators = (",", ":" if not space else ": ")
        return json.dumps(
            _numbers(to_py(value)),
            separators=separators,
            ensure_ascii=False,
            indent=space or None,
            default=_plain,
        )


def _plain(value: Any) -> Any:
    if hasattr(value, "toJSON"):
        return value.toJSON()
    kind = type(value).__name__
    raise JsError("TypeError", f"a {kind} has no form in JSON; make it a dict or list")


def _number(text: str) -> int | float:
    number = float(text)
    return int(number) if number.is_integer() else number


def _numbers(value: Any) -> Any:
    """Write numbers as JavaScript does: 1.0 as 1, and NaN as null."""
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            return None
        return int(value) if value.is_integer() else value
    if isinstance(value, dict):
        return {key: _numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    return value


JSON = _JSON()
