# SPDX-License-Identifier: Apache-2.0
"""Conversions between Python's containers and JavaScript's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pyodide.ffi._containers import Array, Map, Object, Set
from pyodide.ffi._kinds import ConversionError, JsProxy, JsTypedArray

__all__ = ["ToJsConverter", "ToPyConverter", "to_js", "to_py"]

_PLAIN = (str, int, float, complex, bool, type(None))
_KEYS = (str, int, float, bool, type(None))


class ToJsConverter:
    """One call of `to_js`: what a converter of the caller's is given."""

    def __init__(
        self,
        depth: int,
        creates: bool,
        dict_converter: Callable[[Any], Any] | None,
        default: Callable[..., Any] | None,
        eager: Callable[..., Any] | None,
    ) -> None:
        self._depth, self._creates = depth, creates
        self._dict, self._default, self._eager = dict_converter, default, eager
        # The originals are held, so that their ids stay theirs.
        self._made: dict[int, tuple[Any, Any]] = {}
        self._asked: Any = None

    def __call__(self, obj: Any, /) -> Any:
        """Convert an object that is part of the one to convert."""
        return self.convert(obj, self._depth)

    def cache(self, obj: Any, converted: Any, /) -> None:
        """Remember what an object became, for those that refer to it."""
        self._made[id(obj)] = obj, converted

    def convert(self, obj: Any, depth: int) -> Any:
        """Convert an object and `depth` levels below it."""
        if isinstance(obj, _PLAIN) or isinstance(obj, JsProxy):
            return obj
        if id(obj) in self._made:
            return self._made[id(obj)][1]
        if self._eager is not None and self._asked is not obj:
            # It may pass the same object on, for what is done without it.
            former, self._asked = self._asked, obj
            try:
                return self._eager(obj, self, self.cache)
            finally:
                self._asked = former
        if depth == 0:
            return self._proxied(obj)
        if isinstance(obj, list | tuple):
            array = Array()
            self.cache(obj, array)
            array.extend(self.convert(item, depth - 1) for item in obj)
            return array
        if isinstance(obj, dict):
            return self._of_dict(obj, depth - 1)
        if isinstance(obj, set | frozenset):
            return Set(_key(item) for item in obj)
        return self._of_other(obj)

    def _of_dict(self, obj: dict[Any, Any], depth: int) -> Any:
        if self._dict is not None:
            pairs = Array(
                Array((_key(key), self.convert(value, depth)))
                for key, value in obj.items()
            )
            converted = self._dict(pairs)
            self.cache(obj, converted)
            return converted
        made: Any = Object() if all(isinstance(key, str) for key in obj) else Map()
        self.cache(obj, made)
        for key, value in obj.items():
            made[_key(key)] = self.convert(value, depth)
        return made

    def _of_other(self, obj: Any) -> Any:
        try:
            view = memoryview(obj)
        except TypeError:
            if self._default is not None:
                return self._default(obj, self, self.cache)
            return self._proxied(obj)
        with view:
            if view.ndim > 1:
                return self.convert(view.tolist(), -1)
            from pyodide.ffi._buffers import of_buffer

            return of_buffer(view)

    def _proxied(self, obj: Any) -> Any:
        if not self._creates:
            raise ConversionError(
                f"a {type(obj).__name__} has no form in JavaScript; pass "
                "default_converter, or leave create_pyproxies true"
            )
        # The host takes Python's objects as they are.
        return obj


def _key(key: Any) -> Any:
    if not isinstance(key, _KEYS):
        raise ConversionError(
            f"Cannot use {key!r} as a key for a Javascript Map; use str, int, float "
            "or bool"
        )
    return key


def to_js(
    obj: Any,
    /,
    *,
    depth: int = -1,
    pyproxies: Any = None,
    create_pyproxies: bool = True,
    dict_converter: Callable[[Any], Any] | None = None,
    default_converter: Callable[..., Any] | None = None,
    eager_converter: Callable[..., Any] | None = None,
) -> Any:
    """Return JavaScript's containers for Python's, `depth` levels deep.

    Lists and tuples become arrays, dicts objects (maps, if a key is not a str), sets
    sets, buffers typed arrays. They are lists, dicts and sets all the same, by which
    the host takes them. An object of another kind stays itself, unless
    `default_converter` knows better; `eager_converter` is asked first about each, and
    what it returns is taken.
    `dict_converter` is given the pairs of a dict. Nothing has to be destroyed, so
    `pyproxies` stays as it is.

    ConversionError if a key has no form in JavaScript, or, without `create_pyproxies`,
    an object has none.
    """
    convert = ToJsConverter(
        depth, create_pyproxies, dict_converter, default_converter, eager_converter
    )
    return convert.convert(obj, depth)


class ToPyConverter:
    """One call of `to_py`: what a converter of the caller's is given."""

    def __init__(self, depth: int, default: Callable[..., Any] | None) -> None:
        self._depth, self._default = depth, default
        self._made: dict[int, tuple[Any, Any]] = {}

    def __call__(self, obj: Any, /) -> Any:
        """Convert an object that is part of the one to convert."""
        return self.convert(obj, self._depth)

    def cache(self, obj: Any, converted: Any, /) -> None:
        """Remember what an object became, for those that refer to it."""
        self._made[id(obj)] = obj, converted

    def convert(self, obj: Any, depth: int) -> Any:
        """Convert an object and `depth` levels below it."""
        if not isinstance(obj, JsProxy) or depth == 0:
            return obj
        if id(obj) in self._made:
            return self._made[id(obj)][1]
        if isinstance(obj, JsTypedArray) and hasattr(obj, "to_memoryview"):
            return obj.to_memoryview()
        if isinstance(obj, Array):
            items: list[Any] = []
            self.cache(obj, items)
            items.extend(self.convert(item, depth - 1) for item in obj)
            return items
        if isinstance(obj, Object | Map):
            made: dict[Any, Any] = {}
            self.cache(obj, made)
            for key, value in dict.items(obj):
                made[key] = self.convert(value, depth - 1)
            return made
        if isinstance(obj, Set):
            return set(obj)
        return obj if self._default is None else self._default(obj, self, self.cache)


def to_py(
    obj: Any, /, *, depth: int = -1, default_converter: Callable[..., Any] | None = None
) -> Any:
    """Return Python's own containers for JavaScript's, `depth` levels deep."""
    return ToPyConverter(depth, default_converter).convert(obj, depth)
