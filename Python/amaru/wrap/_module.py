# SPDX-License-Identifier: Apache-2.0
"""One module as one Swift file."""

from __future__ import annotations

import typing
from types import ModuleType
from typing import Any

from amaru.wrap._classes import (
    Place,
    enumeration,
    kind_of_call,
    property_lines,
    structure,
)
from amaru.wrap._dicts import dictionary
from amaru.wrap._functions import Callee, function
from amaru.wrap._hints import hints_of, unwrapped
from amaru.wrap._loading import WrapError, loaded
from amaru.wrap._members import (
    class_kind,
    members_of,
    public_names,
    stored_fields,
    values_without_hints,
)
from amaru.wrap._names import (
    Scope,
    escaped,
    is_member,
    literal,
    lower_camel,
    upper_camel,
)
from amaru.wrap._signatures import signatures_of
from amaru.wrap._text import Lines, comment, documentation, plain
from amaru.wrap._types import SwiftType, Types

__all__ = ["MARK", "WrapError", "wrapped"]

#: What the first line of a file says that may be written again.
MARK = "// Written by `amaru wrap"

#: The names that the file itself uses, and those that no nested type may have.
_TYPES = """
    Any Array BorrowedReference Bool CaseIterable Data DateComponents Decimal Dictionary
    Double Duration Int Never Optional OwnedReference Protocol Python PythonActor
    PythonAsyncSequence PythonConversionError PythonConvertible PythonException
    PythonExceptionClass PythonFrozenSet PythonFunction PythonGIL PythonIterator
    PythonNone PythonObject PythonProtocolWrapper PythonRange PythonRequirement
    PythonSlice PythonTypedTuple PythonValue Self Sendable Set String TimeZone Type URL
    UUID Void
""".split()


#: As many names of values without hints are listed.
_MOST = 20

#: The types of constants that say what they are without a hint.
_SCALARS = (bool, int, float, str, bytes)


def wrapped(target: str, name: str = "", access: str = "internal") -> str:
    """Return the Swift file for a module, or for the file of one.

    WrapError says why it cannot be made.
    """
    module, path = loaded(target)
    return _Writer(module, path, name, access).text()


class _Writer:
    def __init__(self, module: ModuleType, path: str, name: str, access: str) -> None:
        self.module, self.path = module, path
        self.access = "" if access == "internal" else f"{access} "
        self.names = public_names(module)
        self.values = {each: getattr(module, each, None) for each in self.names}
        self.hints = hints_of(module)
        self.namespace = self._namespace(name)
        self.options = "".join(
            [
                f" --name {name}" if name else "",
                f" --access {access}" if self.access else "",
            ]
        )
        self.imported = f"Python.import({literal(path)})"
        self.places: list[Place] = []
        self.errors: list[tuple[str, type]] = []
        self.types = Types(self._classes())

    def _namespace(self, name: str) -> str:
        if name:
            chosen = upper_camel(name)
            if chosen != name or name in _TYPES or escaped(name) != name:
                raise WrapError(
                    f"{name!r} is no name for a Swift type: name one like Stats"
                )
            return name
        chosen = upper_camel(self.path.rpartition(".")[2])
        classes = {
            upper_camel(n) for n, v in self.values.items() if isinstance(v, type)
        }
        return f"{chosen}Module" if chosen in (*_TYPES, *classes) else chosen

    def _classes(self) -> dict[type, SwiftType]:
        """Give each class its name, before any function is written."""
        known: dict[type, SwiftType] = {}
        scope = Scope((*_TYPES, self.namespace))
        types = Types(known)
        for name, value in self.values.items():
            if (
                not isinstance(value, type)
                or value in known
                or not self._is_ours(value)
            ):
                continue
            kind = _readable_kind(value)
            if kind == "error":
                self.errors.append((name, value))
            elif kind:
                swift = scope.claim(upper_camel(name), "Class")
                full = f"{self.namespace}.{swift}"
                expression = _attribute(self.imported, name)
                place = Place(
                    value, swift, self.namespace, expression, self.access, types
                )
                self.places.append(place)
                known[value] = _class_type(value, kind, full)
        return known

    def _is_ours(self, value: type) -> bool:
        return typing.get_origin(value) is None

    def text(self) -> str:
        """Return the whole file."""
        body = [*self._module_members()]
        for place in self.places:
            kind = class_kind(place.value)
            write = {"enum": enumeration, "dict": dictionary}.get(kind, structure)
            body += ["", *write(place)]
        if not body:
            raise WrapError(
                f"{self.path} has nothing public: name what is in `__all__`, or define "
                "functions and classes without a leading underscore"
            )
        lines = [*self._head(body), *self._module(), *body]
        return "\n".join(lines) + "\n"

    def _head(self, body: Lines) -> Lines:
        source = f"{plain(self.path)}{self.options}"
        lines = [
            f"{MARK} {source}`: change that, and write it again.",
            "",
            f"{self.access}import Amaru",
        ]
        code = "\n".join(line for line in body if not line.lstrip().startswith("//"))
        if SwiftType(
            "", "", code.replace("\n", " ").replace(".", " "), result=""
        ).needs_foundation:
            lines += [
                "",
                "#if canImport(FoundationEssentials)",
                f"    {self.access}import FoundationEssentials",
                "#else",
                f"    {self.access}import Foundation",
                "#endif",
            ]
        return [*lines, ""]

    def _module(self) -> Lines:
        name = plain(self.path)
        own = self.module.__doc__
        return [
            *comment(documentation(own, f"The Python module `{name}`."), 0),
            f"{self.access}struct {self.namespace}: Sendable {{",
            *comment([["The module."], self._undeclared()], 4),
            f"    {self.access}let object: PythonObject",
            "",
            "    /// Imports the module.",
            "    ///",
            "    /// - Throws: `PythonException`, an ImportError if it is missing.",
            "    @PythonActor",
            f"    {self.access}init() throws {{",
            f"        object = try {self.imported}",
            "    }",
            "}",
        ]

    def _undeclared(self) -> list[str]:
        """Say which values have no property, since nothing tells their types."""
        left = [
            f"`{plain(name)}`"
            for name in values_without_hints(self.module)
            if not (name in self.names and self._is_constant(name))
        ]
        if not left:
            return []
        more = f" and {len(left) - _MOST} more" if len(left) > _MOST else ""
        names = ", ".join(left[:_MOST])
        return [f"Values without a hint are read from it: {names}{more}."]

    def _module_members(self) -> Lines:
        scope = Scope(("init", "object", "self"))
        parts: list[Lines] = []
        for name, value in self.errors:
            parts.append(self._error(name, value, scope))
        # Those that need no other name keep theirs.
        ordered = sorted(self.names, key=lambda each: lower_camel(each) != each)
        swift = {
            each: scope.claim(lower_camel(each))
            for each in ordered
            if self._is_call(each)
        }
        for name in self.names:
            if name in swift:
                parts.append(self._described(name, escaped(swift[name])))
            elif self._is_constant(name):
                type_ = self.types.of(self._hint(name))
                parts += property_lines(
                    self.access, name, type_, scope, "object", None, False
                )
        if not parts:
            return []
        lines: Lines = ["", "@PythonActor", f"extension {self.namespace} {{"]
        for index, part in enumerate(parts):
            lines += [*([""] if index else []), *part]
        return [*lines, "}"]

    def _is_call(self, name: str) -> bool:
        value = self.values[name]
        is_type = isinstance(value, (type, typing.NewType)) or typing.get_origin(value)
        return callable(value) and not is_type and name not in self.hints

    def _is_constant(self, name: str) -> bool:
        return name in self.hints or type(self.values[name]) in _SCALARS

    def _hint(self, name: str) -> object:
        """Return the hint of a constant; its type if that is all there is to it."""
        value = self.values[name]
        hint = self.hints.get(name, typing.Final)
        return type(value) if hint is typing.Final and type(value) in _SCALARS else hint

    def _error(self, name: str, value: type, scope: Scope) -> Lines:
        full = f"{value.__module__}.{value.__qualname__}"
        swift = escaped(scope.claim(lower_camel(name)))
        summary = f"The exception `{plain(name)}`, to be matched."
        return [
            *comment(documentation(vars(value).get("__doc__"), summary), 4),
            f"    {self.access}nonisolated static var {swift}: PythonExceptionClass {{",
            f"        .named({literal(full)})",
            "    }",
        ]

    def _described(self, name: str, swift: str) -> Lines:
        """Return a function, or a comment for one that cannot be looked into."""
        try:
            return self._function(name, swift)
        except Exception as exc:
            reason = plain(f"{type(exc).__name__}: {exc}")[:60]
            return [f"    // `{plain(name)[:60]}` cannot be described: {reason}"]

    def _function(self, name: str, swift: str) -> Lines:
        value: Any = self.values[name]
        awaits, is_context = kind_of_call(value)
        callee = Callee(
            "object",
            name,
            f"{self.access}func {swift}",
            getattr(value, "__doc__", None),
            name,
            awaits,
        )
        hints = None
        if is_context:
            hints = {**hints_of(unwrapped(value)), "return": Any}
        lines: Lines = []
        for each in signatures_of(value, self.types, hints=hints):
            lines += [*([""] if lines else []), *function(callee, each, 4)]
        return lines


def _readable_kind(value: type) -> str:
    """Return the kind of a class; nothing for one that cannot be looked into."""
    try:
        list(members_of(value))
        stored_fields(value)
        return class_kind(value)
    except Exception:
        return ""


def _attribute(receiver: str, name: str) -> str:
    if is_member(name):
        return f"{receiver}.{name}"
    return f"{receiver}.readAttribute({literal(name)})"


def _class_type(value: type, kind: str, full: str) -> SwiftType:
    if kind != "enum":
        return SwiftType(full, full, full, result=full)
    # A member that is its value may be passed as that.
    is_value = issubclass(value, (int, str))
    element = full if is_value else "PythonObject"
    return SwiftType(element, full, full, "§.member", full)
