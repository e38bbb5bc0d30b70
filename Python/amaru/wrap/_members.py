# SPDX-License-Identifier: Apache-2.0
"""What of a module and of its classes is public, in the order of its definition."""

from __future__ import annotations
import __future__

import dataclasses
import enum
import functools
import inspect
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import FunctionType, ModuleType
from typing import Any

__all__ = [
    "Member",
    "class_kind",
    "is_frozen",
    "lineage",
    "members_of",
    "public_names",
    "stored_fields",
    "values_without_hints",
]


@dataclass(frozen=True, slots=True)
class Member:
    """A method or a property of a class."""

    name: str
    #: ``method``, ``static``, ``class`` or ``property``.
    kind: str
    function: Callable[..., Any] | None
    is_settable: bool = False


def public_names(module: ModuleType) -> list[str]:
    """Return the names that a module offers: its ``__all__``, or what it defines."""
    declared = getattr(module, "__all__", None)
    if declared is not None:
        names = [name for name in declared if isinstance(name, str)]
        return [name for name in dict.fromkeys(names) if _exists(module, name)]
    annotated = getattr(module, "__annotations__", {})
    # What is imported at its first use is in `dir()` only.
    found = dict.fromkeys([*vars(module), *annotated, *dir(module)])
    return [
        name
        for name in found
        if not name.startswith("_")
        and _exists(module, name)
        and (name in annotated or _is_own(module, getattr(module, name)))
    ]


def values_without_hints(module: ModuleType) -> list[str]:
    """Return the public names of values whose type nothing tells.

    What a module without `__all__` has imported from others is among them.
    """
    declared = getattr(module, "__all__", None)
    annotated = getattr(module, "__annotations__", {})
    names = list(vars(module)) if declared is None else public_names(module)
    return [
        name
        for name in names
        if not name.startswith("_")
        and name not in annotated
        and name != "TYPE_CHECKING"
        and _exists(module, name)
        and _is_value(getattr(module, name))
    ]


def _is_value(value: object) -> bool:
    if isinstance(value, (type, ModuleType, typing.TypeVar, typing.NewType)):
        return False
    is_hint = typing.get_origin(value) is not None
    return not (is_hint or callable(value) or isinstance(value, __future__._Feature))


def _exists(module: ModuleType, name: str) -> bool:
    try:
        name.encode()
        getattr(module, name)
    except Exception:
        return False
    return True


def _is_own(module: ModuleType, value: object) -> bool:
    """Say whether a value is defined in the module, or in a part of its package."""
    if not (isinstance(value, type) or callable(value)):
        return False
    try:
        home = getattr(value, "__module__", None)
    except Exception:
        return False
    if not isinstance(home, str):
        return False
    return home == module.__name__ or (
        hasattr(module, "__path__") and home.startswith(module.__name__ + ".")
    )


def class_kind(value: type) -> str:
    """Return ``enum``, ``dict``, ``error`` or ``class``; nothing for any object."""
    if issubclass(value, enum.Enum):
        raws = {type(member.value) for member in value}
        if issubclass(value, enum.Flag) or len(raws) != 1 or not raws <= {int, str}:
            return ""
        if any(not _is_raw(member.value) for member in value):
            return ""
        return "enum"
    if typing.is_typeddict(value):
        return "dict"
    return "error" if issubclass(value, BaseException) else "class"


def _is_raw(value: object) -> bool:
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    try:
        return isinstance(value, str) and bool(value.encode()) or value == ""
    except UnicodeEncodeError:
        return False


def lineage(value: type) -> list[type]:
    """Return the class and its bases in the same package, the outermost first."""
    root = value.__module__.split(".")[0]
    own = [each for each in value.__mro__ if each.__module__.split(".")[0] == root]
    return own[::-1]


def members_of(value: type) -> Iterator[Member]:
    """Yield the public members that a class and its own bases define."""
    names = dict.fromkeys(name for each in lineage(value) for name in vars(each))
    for name in names:
        if not isinstance(name, str) or name.startswith("_") and name != "__call__":
            continue
        member = _member(name, inspect.getattr_static(value, name, None))
        if member is not None:
            yield member


def _member(name: str, found: object) -> Member | None:
    if isinstance(found, property):
        return Member(name, "property", found.fget, found.fset is not None)
    if isinstance(found, functools.cached_property):
        return Member(name, "property", found.func)
    if isinstance(found, staticmethod):
        return Member(name, "static", found.__func__)
    if isinstance(found, classmethod):
        return Member(name, "class", found.__func__)
    if isinstance(found, FunctionType) or inspect.ismethoddescriptor(found):
        return Member(name, "method", typing.cast("Callable[..., Any]", found))
    return None


def is_frozen(value: type) -> bool:
    """Say whether nothing can be assigned to the fields of a class."""
    if issubclass(value, tuple):
        return True
    parameters = getattr(value, "__dataclass_params__", None)
    return dataclasses.is_dataclass(value) and bool(
        getattr(parameters, "frozen", False)
    )


def stored_fields(value: type) -> list[str]:
    """Return the public fields of a dataclass or a named tuple."""
    names: list[str] = list(getattr(value, "_fields", ()))
    if dataclasses.is_dataclass(value):
        names += [each.name for each in dataclasses.fields(value)]
    return [name for name in names if not name.startswith("_")]
