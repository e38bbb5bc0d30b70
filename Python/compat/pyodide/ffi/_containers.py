# SPDX-License-Identifier: Apache-2.0
"""JavaScript's objects, arrays, maps and sets, which are dicts, lists and sets here.

So the host takes them as it takes those. Unlike in a page they compare by their values.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator, MutableMapping
from typing import Any, ClassVar

from pyodide.ffi._kinds import JsArray, JsError, JsIterable, JsMutableMap, JsProxy

__all__ = ["Array", "Map", "Object", "Properties", "Set", "attribute", "properties"]


def attribute(name: str) -> str:
    """Return the property that an attribute of Python's stands for.

    Reserved words have an underscore behind: ``from_`` is ``from``, ``async__`` is
    ``async_``.
    """
    stem = name.rstrip("_")
    return name[:-1] if stem != name and keyword.iskeyword(stem) else name


def properties(obj: Any) -> dict[str, Any]:
    """Return what an object has of its own; nothing of None."""
    if obj is None:
        return {}
    if isinstance(obj, Properties):
        # In a page, the map is the object itself.
        obj = obj._owner
    return dict(dict.items(obj) if isinstance(obj, dict) else vars(obj))


def _spelt(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name.rstrip("_")) else name


class Object(JsProxy, dict[str, Any]):
    """An object whose properties are attributes and items."""

    _exists: ClassVar[bool] = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Object:
        made: Object = dict.__new__(cls)
        return made

    def __getattribute__(self, name: str) -> Any:
        # A property such as `items` hides the method of dict.
        if name[:2] != "__" and dict.__contains__(self, key := attribute(name)):
            return dict.__getitem__(self, key)
        return super().__getattribute__(name)

    def __setattr__(self, name: str, value: Any) -> None:
        self[attribute(name)] = value

    def __delattr__(self, name: str) -> None:
        try:
            del self[attribute(name)]
        except KeyError:
            raise AttributeError(f"this object has no property {name!r}") from None

    def __dir__(self) -> list[str]:
        return sorted(_spelt(str(name)) for name in dict.keys(self))

    def __bool__(self) -> bool:
        return True

    def __reduce__(self) -> Any:
        return type(self), (), None, None, iter(dict.items(self))

    def object_keys(self) -> Array:
        """Return the names of the properties."""
        return Array(dict.keys(self))

    def object_values(self) -> Array:
        """Return the values of the properties."""
        return Array(dict.values(self))

    def object_entries(self) -> Array:
        """Return a pair of each property's name and value."""
        return Array(Array(pair) for pair in dict.items(self))

    def as_object_map(self, *, hereditary: bool = False) -> Properties:
        """Return the properties as a map, in which none hides a method.

        With `hereditary` the objects in it are such maps too.
        """
        return Properties(self, hereditary)

    def as_py_json(self) -> Object:
        """Return this, which is a dict already."""
        return self


class Properties(JsMutableMap, MutableMapping[str, Any]):
    """The properties of an object as the items of a map."""

    _exists: ClassVar[bool] = True

    def __init__(self, owner: Object, is_hereditary: bool) -> None:
        self._owner = owner
        self._is_hereditary = is_hereditary

    def __getitem__(self, name: str) -> Any:
        value = dict.__getitem__(self._owner, name)
        is_inner = self._is_hereditary and isinstance(value, Object)
        return Properties(value, True) if is_inner else value

    def __setitem__(self, name: str, value: Any) -> None:
        self._owner[name] = value

    def __delitem__(self, name: str) -> None:
        del self._owner[name]

    def __iter__(self) -> Iterator[str]:
        return dict.__iter__(self._owner)

    def __len__(self) -> int:
        return dict.__len__(self._owner)

    def __repr__(self) -> str:
        return repr(dict(self))

    def to_py(self, *, depth: int = -1, default_converter: Any = None) -> Any:
        """Return a dict of the properties, converted like the object."""
        return self._owner.to_py(depth=depth, default_converter=default_converter)


class Array(JsArray, list[Any]):
    """A list with JavaScript's methods that scripts use most."""

    _exists: ClassVar[bool] = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Array:
        made: Array = list.__new__(cls)
        return made

    @property
    def length(self) -> int:
        """The number of items."""
        return len(self)

    def push(self, *items: Any) -> int:
        """Append items and return the new length."""
        self.extend(items)
        return len(self)

    def unshift(self, *items: Any) -> int:
        """Put items before the others and return the new length."""
        self[:0] = items
        return len(self)

    def shift(self) -> Any:
        """Remove the first item and return it; None if empty."""
        return list.pop(self, 0) if self else None

    def slice(self, start: int = 0, end: int | None = None) -> Array:
        """Return the items from `start` to before `end`."""
        return Array(self[start:end])

    def concat(self, *others: Iterable[Any]) -> Array:
        """Return a new array with the items of others behind these."""
        return Array(item for each in (self, *others) for item in each)

    def join(self, separator: str = ",") -> str:
        """Return the items as text."""
        return separator.join("" if item is None else str(item) for item in self)

    def includes(self, item: Any) -> bool:
        """Return whether an item is there."""
        return item in self

    def indexOf(self, item: Any) -> int:
        """Return where an item is, -1 if it is not there."""
        return list.index(self, item) if item in self else -1

    def map(self, function: Callable[..., Any]) -> Array:
        """Return what `function` returns for each item."""
        return Array(_each(self, function))

    def filter(self, function: Callable[..., Any]) -> Array:
        """Return the items for which `function` is true."""
        kept = list(_each(self, function))
        return Array(item for item, keep in zip(self, kept, strict=False) if keep)

    def forEach(self, function: Callable[..., Any]) -> None:
        """Call `function` with each item."""
        for _ in _each(self, function):
            pass

    def find(self, function: Callable[..., Any]) -> Any:
        """Return the first item for which `function` is true, else None."""
        for item, is_found in zip(self, _each(self, function), strict=False):
            if is_found:
                return item
        return None

    def some(self, function: Callable[..., Any]) -> bool:
        """Return whether `function` is true for any item."""
        return any(_each(self, function))

    def every(self, function: Callable[..., Any]) -> bool:
        """Return whether `function` is true for all items."""
        return all(_each(self, function))

    def reduce(self, function: Callable[..., Any], *start: Any) -> Any:
        """Return what `function` makes of all items, one after another."""
        from pyodide.code import relaxed_call

        items = iter(enumerate(self))
        if not start and not self:
            raise JsError("TypeError", "Reduce of empty array with no initial value")
        total = start[0] if start else next(items)[1]
        for number, item in items:
            total = relaxed_call(function, total, item, number, self)
        return total

    def as_py_json(self) -> Array:
        """Return this, which is a list already."""
        return self


def _each(array: Array, function: Callable[..., Any]) -> Iterable[Any]:
    from pyodide.code import relaxed_call

    for number, item in enumerate(array):
        yield relaxed_call(function, item, number, array)


class Map(JsMutableMap, dict[Any, Any]):
    """A dict with JavaScript's methods."""

    _exists: ClassVar[bool] = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Map:
        made: Map = dict.__new__(cls)
        return made

    @property
    def size(self) -> int:
        """The number of keys."""
        return len(self)

    def has(self, key: Any) -> bool:
        """Return whether a key is there."""
        return key in self

    def set(self, key: Any, value: Any) -> Map:
        """Set the value of a key."""
        self[key] = value
        return self

    def delete(self, key: Any) -> bool:
        """Remove a key and return whether it was there."""
        there = key in self
        self.pop(key, None)
        return there

    def entries(self) -> Array:
        """Return a pair of each key and its value."""
        return Array(Array(pair) for pair in self.items())


class Set(JsIterable, set[Any]):
    """A set with JavaScript's methods."""

    _exists: ClassVar[bool] = True

    def __new__(cls, *args: Any, **kwargs: Any) -> Set:
        made: Set = set.__new__(cls)
        return made

    @property
    def size(self) -> int:
        """The number of items."""
        return len(self)

    def has(self, item: Any) -> bool:
        """Return whether an item is there."""
        return item in self

    def delete(self, item: Any) -> bool:
        """Remove an item and return whether it was there."""
        there = item in self
        self.discard(item)
        return there
