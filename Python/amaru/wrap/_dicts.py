# SPDX-License-Identifier: Apache-2.0
"""Swift structures for typed dictionaries: values, without an object behind them."""

from __future__ import annotations

import typing
from dataclasses import dataclass

from amaru.wrap._classes import Place
from amaru.wrap._hints import bare, hints_of
from amaru.wrap._names import Scope, escaped, label, literal, lower_camel
from amaru.wrap._text import Lines, comment, documentation, plain, spread

__all__ = ["dictionary"]

_THROWS = "        /// - Throws: `PythonConversionError` if an item"


@dataclass(frozen=True, slots=True)
class _Item:
    key: str
    swift: str
    local: str
    type: str
    is_required: bool

    @property
    def stored(self) -> str:
        return self.type if self.is_required else f"{self.type}?"


def _items(place: Place) -> list[_Item]:
    required = typing.cast("typing.Any", place.value).__required_keys__
    names = Scope(("init", "self"))
    local = Scope(("gil", "item", "items", "reference", "self"))
    items: list[_Item] = []
    for key, hint in hints_of(place.value).items():
        qualifiers = bare(hint)[1]
        is_required = "Required" in qualifiers or (
            key in required and "NotRequired" not in qualifiers
        )
        type_ = place.types.of(hint)
        both = type_.passed_element
        if both != type_.returned_element or not type_.is_known:
            both = "PythonObject"
        swift = names.claim(lower_camel(key))
        items.append(_Item(key, swift, local.claim(swift, "Value"), both, is_required))
    return items


def dictionary(place: Place) -> Lines:
    """Return a structure that is a dict in Python."""
    items = _items(place)
    summary = f"A dict of the kind `{plain(place.value.__name__)}`."
    own = vars(place.value).get("__doc__")
    lines = [
        f"extension {place.namespace} {{",
        *comment(documentation(own, summary), 4),
        f"    {place.access}struct {place.name}: PythonConvertible, Sendable {{",
    ]
    for item in items:
        lines += comment([[f"The item `{plain(item.key)}`."]], 8)
        lines.append(f"        {place.access}var {escaped(item.swift)}: {item.stored}")
    lines += ["", *_initialiser(place, items), "", *_passing(place, items)]
    return [*lines, "", *_reading(place, items), "    }", "}"]


def _initialiser(place: Place, items: list[_Item]) -> Lines:
    words = []
    for item in items:
        name = label(item.swift)
        if item.local != item.swift or escaped(item.swift) != item.swift:
            name = (
                f"{label(item.swift)} {item.local}"
                if item.local != item.swift
                else name
            )
        default = "" if item.is_required else " = nil"
        words.append(f"{name}: {item.stored}{default}")
    return [
        "        /// Creates a value; optional items that are nil are left out.",
        *spread(f"{place.access}init", words, " {", 8),
        *(f"            self.{item.swift} = {escaped(item.local)}" for item in items),
        "        }",
    ]


def _passing(place: Place, items: list[_Item]) -> Lines:
    word = "var" if items else "let"
    lines = [
        "        /// Makes the dict.",
        "        ///",
        f"{_THROWS} cannot be represented.",
        *spread(
            f"{place.access}func pythonReference",
            ["_ gil: borrowing PythonGIL"],
            " throws -> OwnedReference {",
            8,
        ),
        f"            {word} items: [(PythonValue, PythonValue)] = []",
    ]
    for item in items:
        key = literal(item.key)
        if item.is_required:
            value = f"self.{item.swift}"
            lines += spread("items.append", [f"({key}, .value({value}))"], "", 12)
        else:
            lines += [
                f"            if let item = self.{item.swift} {{",
                *spread("items.append", [f"({key}, .value(item))"], "", 16),
                "            }",
            ]
    return [
        *lines,
        "            return try PythonValue.dict(items).pythonReference(gil)",
        "        }",
    ]


def _reading(place: Place, items: list[_Item]) -> Lines:
    lines = [
        "        /// Reads a dict; items that the type does not have are passed over.",
        "        ///",
        f"{_THROWS} is missing or does not convert.",
        f"        {place.access}static func fromPython(",
        "            _ reference: borrowing BorrowedReference,",
        "            _ gil: borrowing PythonGIL",
        "        ) throws -> Self {",
    ]
    start = "let items" if items else "_"
    lines.append(
        f"            {start} = try [String: PythonObject].fromPython(reference, gil)"
    )
    for item in items:
        key, local = literal(item.key), escaped(item.local)
        if item.is_required:
            missing = literal(f"the key {item.key!r} is missing")
            lines += [
                f"            guard let {local} = items[{key}] else {{",
                *spread("throw PythonConversionError", [".value", missing], "", 16),
                "            }",
            ]
        else:
            converted = f"{local} = try gil.convert(item, to: {item.type}.self)"
            lines += [
                f"            var {local}: {item.stored}",
                f"            if let item = items[{key}] {{",
                f"                {converted}",
                "            }",
            ]
    attempt = "try " if any(item.is_required for item in items) else ""
    words = [f"{label(item.swift)}: {_converted(item)}" for item in items]
    return [*lines, *spread(f"return {attempt}Self", words, "", 12), "        }"]


def _converted(item: _Item) -> str:
    local = escaped(item.local)
    return f"gil.convert({local}, to: {item.type}.self)" if item.is_required else local
