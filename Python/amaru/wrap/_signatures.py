# SPDX-License-Identifier: Apache-2.0
"""The parameters of a Python function, with the Swift types of their hints."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass, replace
from inspect import Parameter as Kind
from typing import Any

from amaru.wrap._hints import Unresolved, hints_of, unwrapped
from amaru.wrap._names import KEYWORDS, Scope, label, lower_camel
from amaru.wrap._text import plain
from amaru.wrap._types import OBJECT, SwiftType, Types

__all__ = ["Parameter", "Signature", "signatures_of"]

#: Names that the bodies of functions use.
_LOCALS = (
    "arguments",
    "awaitable",
    "keywords",
    "object",
    "pythonClass",
    "result",
    "self",
)


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in Python and in Swift."""

    python: str
    swift: str
    #: What the body calls it.
    local: str
    kind: Any
    type: SwiftType
    #: Empty for one that must be given.
    default: str
    has_none: bool

    @property
    def is_optional(self) -> bool:
        """Whether a call may leave it out."""
        return bool(self.default)

    @property
    def omittable(self) -> str:
        """The type of one that may be left out: nil leaves it out."""
        text = self.type.parameter
        if self.has_none:
            return text if self.default == "None" else f"{text}?"
        if text.startswith("@"):
            return f"({text.removeprefix('@escaping ')})?"
        return f"({text})?" if text.startswith("any ") else f"{text}?"

    def declared(self, is_labelled: bool, type_: str, default: str = "") -> str:
        """Return the parameter as a declaration has it."""
        if not is_labelled:
            name = f"_ {self.local}"
        elif self.swift == self.local:
            name = label(self.swift)
        else:
            name = f"{label(self.swift)} {self.local}"
        return f"{name}: {type_}{default}"


@dataclass(frozen=True, slots=True)
class Signature:
    """What can be called, and what it returns."""

    parameters: tuple[Parameter, ...]
    result: SwiftType
    has_result: bool
    #: What there is to say about hints.
    notes: tuple[str, ...]
    text: str

    def of_kind(self, *kinds: Any) -> list[Parameter]:
        """Return the parameters of some kinds."""
        return [each for each in self.parameters if each.kind in kinds]


def signatures_of(
    function: Callable[..., Any],
    types: Types,
    *,
    skip: int = 0,
    this: type | None = None,
    hints: dict[str, object] | None = None,
) -> list[Signature]:
    """Return the signature of a function, or those of its overloads."""
    raw = getattr(function, "__func__", function)
    overloads = typing.get_overloads(raw) if inspect.isfunction(raw) else []
    found: list[Signature] = []
    for each in overloads or [function]:
        signature = _signature(each, types, skip, this, hints)
        shape = [
            (p.swift, p.kind, p.type.parameter, p.default) for p in signature.parameters
        ]
        known = [
            [(p.swift, p.kind, p.type.parameter, p.default) for p in other.parameters]
            for other in found
        ]
        if shape not in known:
            found.append(signature)
    return found


def _signature(
    function: Callable[..., Any],
    types: Types,
    skip: int,
    this: type | None,
    hints: dict[str, object] | None,
) -> Signature:
    try:
        parameters = list(inspect.signature(function).parameters.values())[skip:]
    except (TypeError, ValueError, RecursionError):
        parameters = [
            Kind("args", Kind.VAR_POSITIONAL),
            Kind("kwargs", Kind.VAR_KEYWORD),
        ]
    if hints is None:
        hints = hints_of(unwrapped(getattr(function, "__func__", function)))
    labels, local = Scope(), Scope((*_LOCALS, *KEYWORDS))
    made = tuple(_parameter(p, types, this, hints, labels, local) for p in parameters)
    result = types.of(hints.get("return", Any), this)
    untyped = [f"`{p.python}`" for p in made if not p.type.is_known]
    if not result.is_known:
        untyped.append("the result")
    notes = _notes(hints)
    if untyped:
        notes.insert(0, f"Any object: {', '.join(untyped)}.")
    if result.elements:
        kind = result.elements
        notes.append(
            f"Its elements: `while let element: {kind} = try iterator.next()`."
        )
    return Signature(made, result, "return" in hints, tuple(notes), _shown(made))


def _notes(hints: dict[str, object]) -> list[str]:
    return [
        plain(f"The hint of `{name}` cannot be resolved: {hint.reason}")[:200]
        for name, hint in hints.items()
        if isinstance(hint, Unresolved)
    ]


def _parameter(
    parameter: inspect.Parameter,
    types: Types,
    this: type | None,
    hints: dict[str, object],
    labels: Scope,
    local: Scope,
) -> Parameter:
    hint = hints.get(parameter.name, Any)
    found = types.of(hint, this)
    # What is awaited is an object as an argument.
    found = OBJECT if found.is_awaited else found
    has_none = found.parameter.endswith("?") and not found.parameter.startswith("@")
    if found.parameter == "PythonNone":
        found = replace(OBJECT, is_known=True)
    swift = labels.claim(lower_camel(parameter.name))
    is_given = parameter.default is parameter.empty
    return Parameter(
        python=parameter.name,
        swift=swift,
        local=local.claim(swift, "Value"),
        kind=parameter.kind,
        type=found,
        default="" if is_given else _default(parameter.default),
        has_none=has_none,
    )


def _default(value: object) -> str:
    """Return a default as a doc comment shows it: the same each time."""
    if type(value) in (int, float, bool, type(None)):
        return repr(value)
    if (
        type(value) is str
        and value.isprintable()
        and "`" not in value
        and len(value) < 30
    ):
        return repr(value)
    return "..."


def _shown(parameters: tuple[Parameter, ...]) -> str:
    words: list[str] = []
    last: Any = None
    for each in parameters:
        if last is Kind.POSITIONAL_ONLY and each.kind is not last:
            words.append("/")
        if each.kind is Kind.KEYWORD_ONLY and last not in (
            Kind.VAR_POSITIONAL,
            each.kind,
        ):
            words.append("*")
        stars = {Kind.VAR_POSITIONAL: "*", Kind.VAR_KEYWORD: "**"}.get(each.kind, "")
        default = f"={each.default}" if each.default else ""
        words.append(f"{stars}{each.python}{default}")
        last = each.kind
    if last is Kind.POSITIONAL_ONLY:
        words.append("/")
    return f"({', '.join(words)})"
