# SPDX-License-Identifier: Apache-2.0
"""Swift structures and enums for Python classes."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amaru.wrap._functions import Callee, function
from amaru.wrap._hints import bare, hints_of, unwrapped
from amaru.wrap._members import Member, is_frozen, lineage, members_of, stored_fields
from amaru.wrap._names import Scope, escaped, is_member, literal, lower_camel
from amaru.wrap._signatures import Signature, signatures_of
from amaru.wrap._text import (
    Lines,
    Listed,
    comment,
    documentation,
    getter,
    plain,
    returned,
    spread,
)
from amaru.wrap._types import SwiftType, Types

__all__ = ["Place", "enumeration", "kind_of_call", "property_lines", "structure"]

_READS = "- Throws: `PythonException` with what Python raises; `PythonConversionError`."


@dataclass(frozen=True, slots=True)
class Place:
    """A class in the generated file."""

    value: type
    name: str
    namespace: str
    #: The expression that reads the class from its module.
    expression: str
    access: str
    types: Types

    @property
    def full_name(self) -> str:
        """Its name outside of the namespace."""
        return f"{self.namespace}.{self.name}"


def kind_of_call(value: object) -> tuple[bool, bool]:
    """Return whether a call is awaited, and whether it makes a context manager."""
    inner = unwrapped(value)
    generates = inspect.isgeneratorfunction(inner) or inspect.isasyncgenfunction(inner)
    itself = inspect.isgeneratorfunction(value) or inspect.isasyncgenfunction(value)
    return inspect.iscoroutinefunction(value), generates and not itself


def enumeration(place: Place) -> Lines:
    """Return an enum with raw values, and how it becomes a member in Python."""
    members = list(typing.cast("Any", place.value))
    raw = "String" if isinstance(members[0].value, str) else "Int"
    kinds = f"{raw}, PythonConvertible, CaseIterable, Sendable"
    made = f"Python.call({place.expression}, arguments: [rawValue])"
    scope = Scope(("allCases", "init", "member", "rawValue", "self"))
    summary = f"The Python enum `{plain(place.value.__name__)}`."
    lines = [
        f"extension {place.namespace} {{",
        *comment(documentation(_docstring(place.value), summary), 4),
        f"    {place.access}enum {place.name}: {kinds} {{",
    ]
    for member in members:
        name = scope.claim(lower_camel(member.name))
        value = literal(member.value) if raw == "String" else str(int(member.value))
        lines += comment([[f"`{plain(member.name)}`."]], 8)
        lines.append(f"        case {escaped(name)} = {value}")
    return [
        *lines,
        "    }",
        "}",
        "",
        "@PythonActor",
        f"extension {place.full_name} {{",
        "    /// The member of the Python enum.",
        f"    {place.access}var member: PythonObject {{",
        *getter(made),
        "    }",
        "}",
    ]


def _docstring(value: type) -> str | None:
    own = vars(value).get("__doc__")
    is_generated = isinstance(own, str) and (
        own.startswith(f"{value.__name__}(") or own == "An enumeration."
    )
    return own if isinstance(own, str) and not is_generated else None


def structure(place: Place) -> Lines:
    """Return a structure that stands for an instance of a class."""
    fields = _fields(place.value)
    members = list(members_of(place.value))
    summary = f"An instance of the Python class `{plain(place.value.__name__)}`."
    lines = [
        f"extension {place.namespace} {{",
        *comment(documentation(_docstring(place.value), summary), 4),
        f"    {place.access}struct {place.name}: PythonProtocolWrapper {{",
        *_requirements(place, members, fields),
        "        /// The instance.",
        f"        {place.access}let object: PythonObject",
        "",
        "        /// Wraps an instance.",
        f"        {place.access}init(object: PythonObject) {{",
        "            self.object = object",
        "        }",
        "    }",
        "}",
        "",
        "@PythonActor",
        f"extension {place.full_name} {{",
        "    /// The Python class.",
        f"    {place.access}static var pythonClass: PythonObject {{",
        *getter(place.expression),
        "    }",
    ]
    for part in _parts(place, fields, members):
        lines += ["", *part]
    return [*lines, "}"]


def _requirements(
    place: Place, members: list[Member], fields: dict[str, object]
) -> Lines:
    """Return what an object must have to be taken for an instance."""
    stored = [
        name for name in stored_fields(place.value) if not _is_class(fields.get(name))
    ]
    words = [f".attribute({literal(name)})" for name in stored]
    words += [f".method({literal(m.name)})" for m in members if m.kind != "property"]
    if not words:
        return []
    head = f"{place.access}static let requirements: [PythonRequirement] = "
    return [
        "        /// What an object has that is taken for an instance.",
        *Listed.of(head, words).lines(8, ""),
        "",
    ]


def _fields(value: type) -> dict[str, object]:
    """Return the annotated attributes that a class declares, with their hints."""
    own = {
        name
        for each in lineage(value)
        for name in vars(each).get("__annotations__", {})
    }
    own.update(getattr(value, "_fields", ()))
    hints = hints_of(value)
    initial = "InitVar"
    return {
        name: hint
        for name, hint in hints.items()
        if name in own
        and not name.startswith("_")
        and initial not in type(hint).__name__
    }


def _is_class(hint: object) -> bool:
    return "ClassVar" in str(bare(hint)[1])


def _parts(
    place: Place, fields: dict[str, object], members: list[Member]
) -> list[Lines]:
    scope = Scope(("object", "requirements", "pythonClass", "init", "self", "Type"))
    parts = _initialisers(place)
    by_name = {member.name for member in members}
    frozen = is_frozen(place.value)
    for name, hint in fields.items():
        if name not in by_name:
            type_ = place.types.of(hint, place.value)
            is_final = "Final" in str(bare(hint)[1])
            receiver = "pythonClass" if _is_class(hint) else "object"
            can_set = not (frozen or is_final or _is_class(hint))
            parts += property_lines(
                place.access, name, type_, scope, receiver, None, can_set
            )
    for member in members:
        if member.kind == "property":
            parts += _property(place, member, scope)
        elif member.function is not None:
            parts.append(_method(place, member, scope))
    return parts


def _initialisers(place: Place) -> list[Lines]:
    value = place.value
    if inspect.isabstract(value) or getattr(value, "_is_protocol", False):
        return []
    made = _maker(value)
    hints = {**_fields(value), **hints_of(unwrapped(made))}
    hints.pop("return", None)
    path = f"{value.__module__}.{value.__qualname__}"
    callee = Callee(
        "Self.pythonClass",
        "",
        f"{place.access}init",
        None,
        path,
        is_initialiser=True,
    )
    overloads = typing.get_overloads(made) if inspect.isfunction(made) else []
    if overloads:
        signatures = signatures_of(made, place.types, skip=1, this=value)
    else:
        signatures = signatures_of(value, place.types, this=value, hints=hints)
    cleaned = [_without_result(each) for each in signatures]
    return [function(callee, each, 4) for each in cleaned]


def _maker(value: type) -> Callable[..., Any]:
    """Return the function whose parameters are those of the class."""
    initialiser: Callable[..., Any] = getattr(value, "__init__")  # noqa: B009
    return value.__new__ if initialiser is object.__init__ else initialiser


def _without_result(signature: Signature) -> Signature:
    notes = tuple(
        note.replace(", the result.", ".")
        for note in signature.notes
        if note != "Any object: the result."
    )
    return Signature(
        signature.parameters, signature.result, True, notes, signature.text
    )


def _method(place: Place, member: Member, scope: Scope) -> Lines:
    made = typing.cast("Callable[..., Any]", member.function)
    is_static = member.kind != "method"
    name = member.name
    swift = escaped(scope.claim(lower_camel(name)))
    if name == "__call__":
        name, swift = "", "callAsFunction"
    awaits, is_context = kind_of_call(made)
    callee = Callee(
        "pythonClass" if is_static else "object",
        name,
        f"{place.access}{'static ' if is_static else ''}func {swift}",
        made.__doc__,
        member.name,
        awaits,
    )
    hints = _method_hints(place.value, made, is_context)
    overloads = inspect.isfunction(made) and typing.get_overloads(made)
    skip = 0 if member.kind == "static" else 1
    lines: Lines = []
    for each in signatures_of(
        made,
        place.types,
        skip=skip,
        this=place.value,
        hints=None if overloads else hints,
    ):
        lines += [*([""] if lines else []), *function(callee, each, 4)]
    return lines


def _method_hints(value: type, made: object, is_context: bool) -> dict[str, object]:
    hints = hints_of(unwrapped(made), vars(value))
    if is_context:
        hints["return"] = Any
    return hints


def _property(place: Place, member: Member, scope: Scope) -> list[Lines]:
    found = member.function
    hints = _method_hints(place.value, found, False) if found else {}
    type_ = place.types.of(hints.get("return", Any), place.value)
    docstring = getattr(found, "__doc__", None)
    return property_lines(
        place.access, member.name, type_, scope, "object", docstring, member.is_settable
    )


def property_lines(
    access: str,
    name: str,
    type_: SwiftType,
    scope: Scope,
    receiver: str,
    docstring: str | None,
    can_set: bool,
) -> list[Lines]:
    """Return a property that reads an attribute, and the function that sets it."""
    swift = scope.claim(lower_camel(name))
    static = "static " if receiver == "pythonClass" else ""
    summary = f"The attribute `{plain(name)}`."
    paragraphs = documentation(docstring, summary)
    notes = [] if paragraphs == [[summary]] else [f"Python: `{plain(name)}`."]
    if not type_.is_known:
        notes.append("Any object.")
    result = type_.result or "PythonObject"
    reader = [
        *comment([*paragraphs, notes], 4),
        f"    {access}{static}var {escaped(swift)}: {result} {{",
        *_getter(name, receiver, type_),
        "    }",
    ]
    if not can_set:
        return [reader]
    setter_name = scope.claim("set" + swift[0].upper() + swift[1:])
    value, parameter = type_.passed("value"), type_.parameter
    if parameter == "(any ConvertibleToPython)?":
        # Swift opens the type of a value only; None is passed as PythonNone.
        value, parameter = "value", "any ConvertibleToPython"
    setter = [
        *comment([[f"Sets `{plain(name)}`."], [_READS]], 4),
        *spread(
            f"{access}func {setter_name}", [f"_ value: {parameter}"], " throws {", 4
        ),
        *spread(f"try {receiver}.setAttribute", [literal(name), f"to: {value}"], "", 8),
        "    }",
    ]
    return [reader, setter]


def _getter(name: str, receiver: str, type_: SwiftType) -> Lines:
    attribute = (
        f"{receiver}.{name}"
        if is_member(name)
        else f"{receiver}.readAttribute({literal(name)})"
    )
    if type_.reading or type_.is_awaited:
        reading = type_.reading or "§"
        return [
            "        get throws {",
            f"            let result: PythonObject = try {attribute}",
            *returned(reading.replace("§", "result"), 12),
            "        }",
        ]
    is_object = type_.result in ("", "PythonObject")
    end = "" if is_member(name) or is_object else ".converted()"
    return getter(f"{attribute}{end}")
