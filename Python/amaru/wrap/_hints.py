# SPDX-License-Identifier: Apache-2.0
"""The type hints of functions and classes, evaluated; what cannot be is named."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Unresolved", "bare", "hints_of", "unwrapped"]


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A hint that cannot be evaluated."""

    text: str
    reason: str


def unwrapped(value: Any) -> Any:
    """Return what decorators have wrapped; the value itself if it has no end."""
    try:
        return inspect.unwrap(value)
    except Exception:
        return value


def hints_of(
    owner: object, scope: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the hints of a function, a class or a module.

    Each that cannot be evaluated alone is ``Unresolved``, beside the others.
    """
    names = dict(scope) if scope else None
    try:
        return typing.get_type_hints(owner, None, names, include_extras=True)
    except Exception:
        return _one_by_one(owner, names or {})


def _one_by_one(owner: object, names: dict[str, object]) -> dict[str, object]:
    hints: dict[str, object] = {}
    owners = reversed(owner.__mro__) if isinstance(owner, type) else (owner,)
    for each in owners:
        module = sys.modules.get(getattr(each, "__module__", None) or "")
        own = vars(module) if module else getattr(owner, "__dict__", {})
        known = getattr(unwrapped(each), "__globals__", own)
        annotations = getattr(each, "__annotations__", None)
        for name, hint in dict(annotations or {}).items():
            hints[name] = _evaluated(hint, known, names)
    return hints


def _evaluated(
    hint: object, known: dict[str, object], names: dict[str, object]
) -> object:
    class Holder:
        pass

    Holder.__annotations__ = {"hint": hint}
    try:
        return typing.get_type_hints(Holder, known, names, include_extras=True)["hint"]
    except Exception as exc:
        return Unresolved(str(hint), f"{type(exc).__name__}: {exc}")


def bare(hint: object) -> tuple[object, frozenset[str]]:
    """Return a hint without its qualifiers, such as ``Final``, and their names."""
    found: set[str] = set()
    # An alias may be one of itself.
    for _ in range(_DEEPEST):
        origin = typing.get_origin(hint)
        if origin is typing.Annotated:
            hint = typing.get_args(hint)[0]
        elif origin in (typing.Final, typing.ClassVar, *_KEYS):
            found.add(getattr(origin, "__name__", None) or str(origin))
            hint = typing.get_args(hint)[0]
        elif isinstance(hint, typing.NewType):
            hint = hint.__supertype__
        elif type(hint).__name__ == "TypeAliasType":
            hint = _aliased(hint)
        else:
            return hint, frozenset(found)
    return Any, frozenset(found)


def _aliased(hint: Any) -> object:
    try:
        return hint.__value__
    except Exception as exc:
        return Unresolved(str(hint), f"{type(exc).__name__}: {exc}")


_DEEPEST = 50
_KEYS = (typing.Required, typing.NotRequired)
