# SPDX-License-Identifier: Apache-2.0
"""The Swift type of a hint: as a parameter, as a result, and inside another type."""

from __future__ import annotations

import collections.abc as abc
import datetime
import decimal
import enum
import pathlib
import types
import typing
import uuid
import zoneinfo
from dataclasses import dataclass, replace
from typing import Any

from amaru.wrap._hints import Unresolved, bare

__all__ = ["OBJECT", "SwiftType", "Types", "VOID"]

#: Longer types are written as an object: they would need lines of their own.
_LONGEST = 64
_HASHABLE = frozenset(
    """
    Bool Data DateComponents Decimal Double Duration Int String TimeZone URL UUID
    """.split()
)
_FOUNDATION = frozenset("Data DateComponents Decimal UUID URL TimeZone".split())


@dataclass(frozen=True, slots=True)
class SwiftType:
    """What a Python type is in Swift.

    In templates ``§`` is the value.
    """

    #: As an element of what is passed, and of what is returned.
    passed_element: str
    returned_element: str
    #: As a parameter, and how it becomes an argument; empty where it is one.
    parameter: str
    argument: str = ""
    #: As a result, and how an object is read; empty where it converts.
    result: str = ""
    reading: str = ""
    is_known: bool = True
    #: The type of the elements of an iterator.
    elements: str = ""
    is_awaited: bool = False

    @property
    def is_hashable(self) -> bool:
        """Whether it may be the element of a set."""
        return self.returned_element in _HASHABLE

    @property
    def can_throw(self) -> bool:
        """Whether making the argument can throw."""
        return "Python." in self.argument or ".member" in self.argument

    def passed(self, value: str) -> str:
        """Return the expression that passes a parameter."""
        return self.argument.replace("§", value) if self.argument else value

    @property
    def needs_foundation(self) -> bool:
        """Whether one of its types is Foundation's."""
        text = f"{self.parameter} {self.result}".translate(_PUNCTUATION)
        return not _FOUNDATION.isdisjoint(text.split())


_PUNCTUATION = str.maketrans("[](),:<>?", "         ")


def _plain(name: str) -> SwiftType:
    return SwiftType(name, name, name, result=name)


def _lists(element: SwiftType) -> SwiftType:
    return SwiftType(
        f"[{element.passed_element}]",
        f"[{element.returned_element}]",
        f"[{element.passed_element}]",
        result=f"[{element.returned_element}]",
    )


_UNKNOWN = "any ConvertibleToPython"
OBJECT = SwiftType(
    "PythonObject", "PythonObject", _UNKNOWN, result="PythonObject", is_known=False
)
VOID = SwiftType("PythonNone", "PythonNone", "PythonNone", result="")

_PLAIN: dict[object, SwiftType] = {
    bool: _plain("Bool"),
    int: _plain("Int"),
    float: _plain("Double"),
    str: _plain("String"),
    bytes: _plain("Data"),
    bytearray: replace(
        _plain("Data"),
        passed_element="PythonObject",
        argument='Python.builtin("bytearray")(§) as PythonObject',
    ),
    None: VOID,
    type(None): VOID,
    typing.NoReturn: VOID,
    typing.Never: VOID,
    slice: _plain("PythonSlice"),
    range: _plain("PythonRange"),
    datetime.datetime: _plain("DateComponents"),
    datetime.date: _plain("DateComponents"),
    datetime.time: _plain("DateComponents"),
    datetime.timedelta: _plain("Duration"),
    decimal.Decimal: _plain("Decimal"),
    uuid.UUID: _plain("UUID"),
    pathlib.Path: _plain("URL"),
    zoneinfo.ZoneInfo: _plain("TimeZone"),
}
_LISTS = (list, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Container)
_LAZY = (abc.Iterable, abc.Reversible, abc.KeysView, abc.ValuesView)
_ITERATORS = (abc.Iterator, abc.Generator)
_SETS = (set, abc.Set, abc.MutableSet)
_DICTS = (dict, abc.Mapping, abc.MutableMapping)
_ASYNC = (abc.AsyncIterator, abc.AsyncIterable, abc.AsyncGenerator)
_AWAITABLE = (abc.Awaitable, abc.Coroutine)


class Types:
    """The Swift types of hints, the classes of one module among them."""

    def __init__(self, classes: dict[type, SwiftType]) -> None:
        self._classes = classes

    def of(self, hint: object, this: type | None = None) -> SwiftType:
        """Return the Swift type of a hint; ``this`` is what ``Self`` means."""
        try:
            found = self._of(hint, this)
        except RecursionError:  # an alias that is defined by itself
            return OBJECT
        if found.is_known and max(len(found.parameter), len(found.result)) > _LONGEST:
            return OBJECT
        return found

    def _of(self, hint: object, this: type | None) -> SwiftType:
        hint, _ = bare(hint)
        if hint is typing.Self:
            hint = this
            if this is None:
                return OBJECT
        if isinstance(hint, Unresolved) or hint is Any or hint is object:
            return OBJECT
        if isinstance(hint, typing.TypeVar):
            return self._variable(hint, this)
        origin = typing.get_origin(hint)
        if origin in (typing.Union, types.UnionType):
            return self._union(typing.get_args(hint), this)
        if origin is typing.Literal:
            kinds = tuple({type(value): None for value in typing.get_args(hint)})
            return self._union(kinds, this)
        if origin is not None:
            return self._generic(origin, typing.get_args(hint), this)
        try:
            known = self._classes.get(hint) or _PLAIN.get(hint)  # type: ignore[call-overload]
        except TypeError:  # no hint at all, such as a list
            return OBJECT
        if known is not None:
            return typing.cast(SwiftType, known)
        if isinstance(hint, type) and issubclass(hint, enum.IntFlag):
            return _PLAIN[int]
        return self._generic(hint, (), this) if hint in _BARE else OBJECT

    def _variable(self, hint: typing.TypeVar, this: type | None) -> SwiftType:
        if hint.__bound__ is not None:
            return self._of(hint.__bound__, this)
        return self._union(hint.__constraints__, this)

    def _union(self, members: tuple[object, ...], this: type | None) -> SwiftType:
        found: list[SwiftType] = []
        has_none = False
        for member in members:
            if member is None or member is type(None):
                has_none = True
                continue
            each = self._of(member, this)
            if each not in found:
                found.append(each)
        # What is both is read as the wider one.
        if len(found) == 2 and _PLAIN[float] in found and _PLAIN[int] in found:
            found = [_PLAIN[float]]
        alike = {(each.parameter, each.result) for each in found}
        one = found[0] if len(alike) == 1 else OBJECT
        if not found and has_none:
            return VOID
        return _optional(one) if has_none else one

    def _generic(
        self, origin: object, arguments: tuple[object, ...], this: type | None
    ) -> SwiftType:
        if origin is tuple:
            return self._tuple(arguments, this)
        if origin is abc.Callable:
            return self._callable(arguments, this)
        if origin in _AWAITABLE:
            inner = self._of(arguments[-1] if arguments else Any, this)
            return replace(
                OBJECT, **_result(inner), is_known=inner.is_known, is_awaited=True
            )
        if origin in _DICTS:
            return self._dict(arguments, this)
        known = self._classes.get(origin)  # type: ignore[call-overload]
        if known is not None:
            return typing.cast(SwiftType, known)
        element = self._of(arguments[0] if arguments else Any, this)
        if element is VOID:
            element = OBJECT
        return _collection(origin, element)

    def _dict(self, arguments: tuple[object, ...], this: type | None) -> SwiftType:
        key, value = (self._of(a, this) for a in arguments or (Any, Any))
        if (
            not key.is_hashable
            or key.passed_element != key.returned_element
            or value is VOID
        ):
            return OBJECT
        passed = f"[{key.passed_element}: {value.passed_element}]"
        returned = f"[{key.returned_element}: {value.returned_element}]"
        return SwiftType(passed, returned, passed, result=returned)

    def _tuple(self, arguments: tuple[object, ...], this: type | None) -> SwiftType:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return replace(
                _lists(self._of(arguments[0], this)),
                passed_element="PythonObject",
                argument='Python.builtin("tuple")(§) as PythonObject',
            )
        elements = [self._of(a, this) for a in arguments]
        if len(elements) < 2 or any(each is VOID for each in elements):
            return OBJECT
        passed = ", ".join(each.passed_element for each in elements)
        returned = ", ".join(each.returned_element for each in elements)
        items = ", ".join(f"§.{index}" for index in range(len(elements)))
        read = ", ".join(f"{each.returned_element}.self" for each in elements)
        return SwiftType(
            f"PythonTypedTuple<{passed}>",
            f"PythonTypedTuple<{returned}>",
            f"({passed})",
            f"PythonTypedTuple({items})",
            f"({returned})",
            f"try §.tupleValues({read})",
        )

    def _callable(self, arguments: tuple[object, ...], this: type | None) -> SwiftType:
        if len(arguments) != 2 or not isinstance(arguments[0], list):
            return OBJECT
        taken = [self._of(a, this) for a in arguments[0]]
        given = self._of(arguments[1], this)
        if given.is_awaited or any(each is VOID for each in taken):
            return OBJECT
        result = "Void" if given is VOID else given.passed_element
        words = ", ".join(each.returned_element for each in taken)
        return replace(
            OBJECT,
            parameter=f"@escaping @Sendable ({words}) throws -> {result}",
            argument="PythonFunction(body: §)",
            is_known=True,
        )


_BARE = frozenset(
    (tuple, *_LISTS, *_LAZY, *_ITERATORS, *_SETS, *_DICTS, *_ASYNC, *_AWAITABLE)
)


def _result(inner: SwiftType) -> dict[str, Any]:
    return {"result": inner.result, "reading": inner.reading}


def _collection(origin: object, element: SwiftType) -> SwiftType:
    lists = _lists(element)
    name = element.returned_element
    if origin in _LISTS:
        if origin is list:
            return lists
        return replace(lists, reading=f"try Python.elements(of: §, as: {name}.self)")
    if origin in _LAZY:
        return replace(
            lists, returned_element="PythonObject", elements=name, **_ITERATING
        )
    if origin in _ITERATORS:
        return replace(
            lists,
            passed_element="PythonObject",
            returned_element="PythonObject",
            argument='Python.builtin("iter")(§) as PythonObject',
            elements=name,
            **_ITERATING,
        )
    if origin in _ASYNC:
        return replace(
            OBJECT,
            result=f"PythonAsyncSequence<{name}>",
            reading="§.asyncSequence()",
            is_known=element.is_known,
        )
    if origin in (*_SETS, frozenset) and element.is_hashable:
        sets = f"Set<{name}>"
        passed = f"PythonFrozenSet<{name}>" if origin is frozenset else sets
        return SwiftType(passed, sets, passed, result=sets)
    return OBJECT


_ITERATING: dict[str, Any] = {
    "result": "PythonIterator",
    "reading": "try §.makeIterator()",
}


def _optional(inner: SwiftType) -> SwiftType:
    if inner.is_awaited:
        return OBJECT
    parameter, argument = f"{inner.parameter}?", ""
    if inner is OBJECT:
        parameter, argument = f"({inner.parameter})?", "§ ?? PythonNone()"
    elif inner.parameter.startswith("@escaping "):
        parameter = f"({inner.parameter.removeprefix('@escaping ')})?"
    if inner.argument:
        made = inner.argument.replace("§", "$0")
        argument = f"§.map {{ {'try ' if inner.can_throw else ''}{made} }}"
    # A result that is read in a way of its own may be nil first.
    reading = ""
    if inner.reading:
        made = inner.reading.replace("§", "$0")
        reading = f"try §.converted(to: PythonObject?.self).map {{ {made} }}"
    return SwiftType(
        _wrapped(inner.passed_element),
        _wrapped(inner.returned_element),
        parameter,
        argument,
        _wrapped(inner.result),
        reading,
        is_known=inner.is_known,
    )


def _wrapped(name: str) -> str:
    return f"{name}?"
