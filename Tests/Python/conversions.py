"""Writes the conversions of ranges, and the type hints that one word says.

Run without arguments it writes the files; a test compares them.
"""

from __future__ import annotations

import sys

from overloads import ROOT, formatted

FOLDER = ROOT / "Sources/Amaru"

HEADER = """\
// {title}
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/conversions.py: change that.

"""
FOUNDATION = """\
#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

"""

# What Python's type hint says of a type, and what the documentation does.
HINTS = {
    "Bool": ("bool", "A `bool`."),
    "Double": ("float", "A `float`, for which type checkers take an `int` too."),
    "Float": ("float", "A `float`."),
    "String": ("str", "A `str`."),
    "Substring": ("str", "A `str`."),
    "Character": ("str", "A `str`."),
    "Unicode.Scalar": ("str", "A `str`."),
    "PythonNone": ("None", "`None`."),
    "PythonTuple": (
        "tuple[typing.Any, ...]",
        "A tuple of anything: the types of its elements are known when it is made.",
    ),
    "Date": ("datetime.datetime", "An aware `datetime`."),
    "Duration": ("datetime.timedelta", "A `timedelta`."),
    "TimeZone": ("datetime.tzinfo", "A time zone."),
    "Decimal": ("decimal.Decimal", "A `Decimal`."),
    "UUID": ("uuid.UUID", "A `UUID`."),
    "URL": ("str | pathlib.Path", "A `Path` for a file, else a `str`."),
    "PythonSlice": ("slice", "A `slice`."),
    "PythonRange": ("range", "A `range`."),
    "PythonInteger": ("int", "An `int`."),
}

# Of each range: what it becomes, what it is read from, and how.
BOTH = """\
let start = try PythonSlice.required(bounds.start, "start")
        let stop = try PythonSlice.required(bounds.stop, "stop")
        guard start {} stop else {{ throw PythonSlice.disordered(start, stop) }}
        return {}"""
ONLY = 'try PythonSlice.refused(bounds.{0}, "{0}")\n        return try {1}'
START = 'PythonSlice.required(bounds.start, "start")'
STOP = 'PythonSlice.required(bounds.stop, "stop")'
READS_BOTH = "a `slice` with both bounds, or a `range`, in steps of one"
AFTER = "PythonSlice.stop(after: upperBound)"
MEMORY = "``PythonException``, a MemoryError, if memory runs out."
NO_NEXT = "``PythonConversionError`` if there is no `Int` after the bound."
RANGES = {
    "Range": (
        "`5..<10` is `slice(5, 10)`.",
        "from: lowerBound, to: upperBound",
        MEMORY,
        READS_BOTH + ".",
        BOTH.format("<=", "start..<stop"),
    ),
    "ClosedRange": (
        "`5...9` is `slice(5, 10)`; through -1 is through the end.",
        f"from: lowerBound, to: {AFTER}",
        NO_NEXT,
        READS_BOTH + ", that is not empty.",
        BOTH.format("<", "start...(stop - 1)"),
    ),
    "PartialRangeFrom": (
        "`5...` is `slice(5, None)`.",
        "from: lowerBound",
        MEMORY,
        "a `slice` that has a start only.",
        ONLY.format("stop", START + "..."),
    ),
    "PartialRangeUpTo": (
        "`..<5` is `slice(5)`.",
        "to: upperBound",
        MEMORY,
        "a `slice` that has a stop only.",
        ONLY.format("start", "..<" + STOP),
    ),
    "PartialRangeThrough": (
        "`...5` is `slice(6)`; through -1 is everything.",
        f"to: {AFTER}",
        NO_NEXT,
        "a `slice` that has a stop only.",
        ONLY.format("start", f"...PythonSlice.last(before: {STOP})"),
    ),
}


def header(title: str) -> str:
    return HEADER.format(title=title)


def hint(type_: str, text: str, documentation: str) -> str:
    return f"""\
extension {type_} {{
    /// {documentation}
    public static var pythonTypeHint: String {{ "{text}" }}
}}

"""


def hints() -> str:
    text = header("The hints of the types that one word says.") + FOUNDATION
    for type_, (word, documentation) in HINTS.items():
        text += hint(f"{type_}: PythonTypeHinted", word, documentation)
    for type_ in RANGES:
        text += hint(
            f"{type_}: PythonTypeHinted where Bound == Int", "slice", "A `slice`."
        )
    return text.rstrip() + "\n"


def ranges() -> str:
    text = header("Ranges of Swift ⇄ slice.")
    for type_, (spelling, bounds, makes, reads, how) in RANGES.items():
        text += f"""\
extension {type_}: PythonConvertible where Bound == Int {{
    /// Makes a `slice`: {spelling}
    ///
    /// - Throws: {makes}
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {{
        let slice = {"try " if AFTER in bounds else ""}PythonSlice({bounds})
        return try slice.pythonReference(gil)
    }}

    /// Reads {reads}
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> {type_}<Int> {{
        let bounds = try PythonSlice.bounds(reference, gil)
        {how}
    }}
}}

"""
    return text.rstrip() + "\n"


def files() -> dict[str, str]:
    """The text of each file, by its path in the library."""
    return {
        "Conversions/Ranges.swift": ranges(),
        "Stubs/SimpleTypeHints.swift": hints(),
    }


def main() -> int:
    for name, text in files().items():
        (FOLDER / name).write_text(formatted(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
