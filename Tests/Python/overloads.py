"""Writes the overloads of objects that differ in a sign, a callee or a result only.

Run without arguments it writes the files; the test compares them.
"""
# The templates have the columns of Swift.
# ruff: noqa: E501

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "Sources/Amaru/Objects"

HEADER = """\
// {title}
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython
"""

ARITHMETIC = {
    "+": ("Add", ""),
    "-": ("Subtract", ""),
    "*": ("Multiply", ""),
    "/": ("TrueDivide", ", Python's true division"),
    "%": ("Remainder", ""),
}
BITS = {
    "&": ("And", ""),
    "|": ("Or", ""),
    "^": ("Xor", ""),
    "<<": ("Lshift", ""),
    ">>": ("Rshift", ""),
}
FUNCTIONS = {
    "pow": ("a ** b", "{ PyNumber_Power($0, $1, amaru_none()) }"),
    "floordiv": ("a // b", "PyNumber_FloorDivide"),
    "divmod": ("divmod(a, b)", "PyNumber_Divmod"),
    "matmul": ("a @ b", "PyNumber_MatrixMultiply"),
}
UNARY = {"-": "Negative", "+": "Positive", "~": "Invert"}
COMPARISONS = {
    "==": "equal",
    "!=": "notEqual",
    "<": "less",
    "<=": "lessOrEqual",
    ">": "greater",
    ">=": "greaterOrEqual",
}
RAISED = "    ///\n    /// - Throws: ``PythonException``: what Python raises.\n"
CONVERTED = """\
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
"""
ANY = "any ConvertibleToPython"
SIDES = [("PythonObject", "PythonObject"), ("PythonObject", ANY), (ANY, "PythonObject")]


def header(title: str) -> str:
    return HEADER.format(title=title)


def operators() -> str:
    text = header("Arithmetic: functions that throw, and no conformance.")
    text += """
/// Arithmetic, as Python defines it for the operands, with a Swift value on either side.
///
/// ```swift
/// let area = try width * height + 1
/// let half: Double = try width / 2
/// ```
///
/// The parameters are existentials, not generic: beside an operand such as `object.member` the
/// compiler then prefers these to the operators of Swift's own types.
///
/// https://docs.python.org/3/c-api/number.html
extension PythonObject {
"""
    text += binary(ARITHMETIC)
    for sign, function in UNARY.items():
        text += f"""\
    /// Returns `{sign}a`.
{RAISED}\
    public static prefix func {sign} (a: PythonObject) throws -> PythonObject {{
        try unary(a, PyNumber_{function})
    }}

"""
    return text.rstrip() + "\n}\n"


def bit_operators() -> str:
    text = header("Operators of bits and sets, which throw.")
    text += """
/// Operators of bits and sets, as Python defines them for the operands, with a Swift value on
/// either side.
extension PythonObject {
"""
    return text + binary(BITS).rstrip() + "\n}\n"


def binary(operators: dict[str, tuple[str, str]]) -> str:
    text = ""
    for sign, (function, note) in operators.items():
        for left, right in SIDES:
            text += f"""\
    /// Returns `a {sign} b`{note}.
{RAISED}\
    public static func {sign} (a: {left}, b: {right}) throws -> PythonObject {{
        try binary(a, b, PyNumber_{function})
    }}

    /// Returns `a {sign} b`{note}, converted.
{CONVERTED}\
    public static func {sign} <Value: ConvertibleFromPython>(a: {left}, b: {right}) throws -> Value
    {{
        try binary(a, b, converting: PyNumber_{function})
    }}

"""
    return text


def functions() -> str:
    text = header("The operators of Python that Swift has no sign for.")
    text += """
/// The operators of Python that Swift has no sign for.
@PythonActor
extension Python {
"""
    for name, (expression, function) in FUNCTIONS.items():
        for value in (False, True):
            text += f"""\
    /// Returns `{expression}`{", converted" if value else ""}.
{CONVERTED if value else RAISED}\
{"    @_disfavoredOverload" + chr(10) if value else ""}\
    public static func {name}{"<Value: ConvertibleFromPython>" if value else ""}(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> {"Value" if value else "PythonObject"} {{
        try PythonObject.binary(a, b, {"converting: " if value else ""}{function})
    }}

"""
    return text.rstrip() + "\n}\n"


def assignments() -> str:
    text = header("Assignment operators, which throw.")
    text += """
/// Assignment operators, in place where the object can: `list += other` changes the list itself.
extension PythonObject {
"""
    for sign, (function, _) in (ARITHMETIC | BITS).items():
        text += f"""\
    /// Performs `a {sign}= b`.
{RAISED}\
    public static func {sign}= (a: inout PythonObject, b: some ConvertibleToPython) throws {{
        a = try binary(a, b, PyNumber_InPlace{function})
    }}

"""
    return text.rstrip() + "\n}\n"


def comparisons() -> str:
    text = header("Comparisons: functions that throw, and no conformance.")
    text += """
/// Comparisons as truth values, as `if a < b` takes them, with a Swift value on either side.
///
/// A result without a truth value, such as numpy's array, throws. The operators with a point, such
/// as `a .< b`, return the object itself, as SIMD vectors do in Swift.
///
/// https://docs.python.org/3/reference/expressions.html#value-comparisons
extension PythonObject {
"""
    for sign, name in COMPARISONS.items():
        for left, right in SIDES:
            text += f"""\
    /// Returns `a {sign} b`.
{RAISED}\
    public static func {sign} (a: {left}, b: {right}) throws -> Bool {{
        try truth(a, .{name}, b)
    }}

    /// Returns what `a {sign} b` is in Python, such as an array of truth values.
{RAISED}\
    public static func .{sign} (a: {left}, b: {right}) throws -> PythonObject {{
        try Python.compare(a, .{name}, b)
    }}

"""
    return text.rstrip() + "\n}\n"


def call(kind: str, labels: bool, value: bool, generic: bool) -> str:
    """One `dynamicallyCall` of objects or of members."""
    parameters = ["Argument: ConvertibleToPython"] if generic else []
    parameters += ["Value: ConvertibleFromPython"] if value else []
    clause = f"<{', '.join(parameters)}>" if parameters else ""
    argument = "Argument" if generic else ANY
    label = "withKeywordArguments" if labels else "withArguments"
    collection = (
        f"KeyValuePairs<StaticString, {argument}>" if labels else f"[{argument}]"
    )
    what = "keyword arguments" if labels else "positional arguments"
    what += " of one type" if generic else ""
    what += "; those without a label are positional" if labels else ""
    member = kind == "method"
    callee = "self.object.pointer" if member else "self.pointer"
    if labels:
        name = "self.pythonName()" if member else "nil"
        how = f"""\
Vectorcall.call(
            {callee},
            method: {name},
            count: arguments.count,
            label: {{ arguments[$0].key }}
        ) {{
            try arguments[$0].value.pythonReference(gil)
        }}"""
    else:
        function = (
            f"callMethod({callee}, self.pythonName(), "
            if member
            else f"call({callee}, "
        )
        how = f"""\
Vectorcall.{function}count: arguments.count) {{
            try arguments[$0].pythonReference(gil)
        }}"""
    result = (
        "try Value.fromPython(BorrowedReference(result.pointer), gil)"
        if value
        else "PythonObject(result)"
    )
    return f"""\
    /// Calls the {kind} with {what}{", and converts the result" if value else ""}.
{CONVERTED if value else RAISED}\
{"" if value else "    @discardableResult" + chr(10)}\
{"" if member else "    @_disfavoredOverload" + chr(10)}\
    @inlinable
    @inline(__always)
    public func dynamicallyCall{clause}(
        {label} arguments: {collection}
    ) throws -> {"Value" if value else "PythonObject"} {{
        let gil = try self.enter()
        let result = try {how}
        return {result}
    }}

"""


# What takes a call that no faster overload can: arguments, what they are, and their conversion.
SLOW = [
    (
        "withArguments",
        f"[({ANY})?]",
        "positional arguments; nil is `None`",
        "arguments",
    ),
    (
        "withKeywordArguments",
        f"KeyValuePairs<StaticString, ({ANY})?>",
        "keyword arguments; nil is `None`",
        "arguments",
    ),
    (
        "withArguments",
        f"[[String: {ANY}]]",
        "dicts whose values are of several types",
        "arguments.map { try Python.dict($0) }",
    ),
    (
        "withArguments",
        f"[[{ANY}]]",
        "lists whose elements are of several types",
        "arguments.map { try Python.list($0) }",
    ),
    (
        "withArguments",
        "[PythonValue]",
        "literals, nested and of several types",
        "arguments",
    ),
    (
        "withKeywordArguments",
        "KeyValuePairs<StaticString, PythonValue>",
        "literals, nested and of several types, some of them by keyword",
        "arguments",
    ),
]


def slow_call(
    kind: str, label: str, type_: str, what: str, how: str, value: bool
) -> str:
    member = kind == "method"
    callee = "self.object, method: self.name" if member else "self, method: nil"
    call = f"try Vectorcall.call({callee}, {how})"
    # Preferred where a literal would have to take its integers for floats.
    preferred = member and type_.startswith("[[")
    return f"""\
    /// Calls the {kind} with {what}{", and converts the result" if value else ""}.
{CONVERTED if value else RAISED}\
{"" if value else "    @discardableResult" + chr(10)}\
{"" if preferred else "    @_disfavoredOverload" + chr(10)}\
    public func dynamicallyCall{"<Value: ConvertibleFromPython>" if value else ""}(
        {label} arguments: {type_}
    ) throws -> {"Value" if value else "PythonObject"} {{
        {f"{call}.converted()" if value else f"PythonObject({call})"}
    }}

"""


def calls(kind: str, type_: str, base: str, typed: str | None) -> str:
    text = header(f"Calls of the {kind}, with positional and keyword arguments.")
    fast = [(labels, value) for labels in (False, True) for value in (False, True)]
    own = [call(kind, labels, value, True) for labels, value in fast]
    own[0:0] = [call(kind, False, value, False) for value in (False, True)]
    other = [call(kind, True, value, False) for value in (False, True)]
    slow = [slow_call(kind, *row, value) for row in SLOW for value in (False, True)]
    text += f"""
/// Calls as Swift writes them: `try object{".method" if typed else ""}(1, key: 2)`.
///
/// Arguments of one type, as a single one always is, have overloads of their own: the compiler
/// then knows the conversion and makes no existential of each.
extension {type_} {{
"""
    if typed is None:
        # Beside the generic ones, which a protocol's would be ambiguous with.
        own += [one for one in slow if "<StaticString, PythonValue>" in one]
        slow = [one for one in slow if one not in own]
        return text + block(own) + extension(base, type_, other + slow)
    untyped = [one for one in own if "-> Value" not in one]
    converting = [one for one in own if "-> Value" in one]
    text += block(untyped)
    text += """
// In an extension of a protocol, so that an operand such as `object.method(x)` is an object, and
// the operator Python's.
"""
    return (
        text
        + extension(typed, type_, converting)
        + extension(base, type_, other + slow)
    )


def block(functions: list[str]) -> str:
    return "".join(functions).rstrip() + "\n}\n"


def extension(protocol: str, type_: str, functions: list[str]) -> str:
    return f"\nextension {protocol} where Self == {type_} {{\n" + block(functions)


def files() -> dict[str, str]:
    """The text of each file, by its name."""
    return {
        "PythonObject+Arithmetic.swift": operators(),
        "PythonObject+BitOperators.swift": bit_operators(),
        "Python+Operators.swift": functions(),
        "PythonObject+Assigning.swift": assignments(),
        "PythonObject+Comparing.swift": comparisons(),
        "PythonObject+Calling.swift": calls(
            "object", "PythonObject", "PythonMemberLookup", None
        ),
        "PythonMember+Calling.swift": calls(
            "method", "PythonMember", "PythonMemberCall", "PythonTypedMemberCall"
        ),
    }


def formatted(text: str) -> str:
    """The text as `swift format` writes it."""
    swift = shutil.which("swift") or "swift"
    command = [swift, "format", "--configuration", str(ROOT / ".swift-format")]
    return subprocess.run(
        command, input=text, capture_output=True, check=True, text=True
    ).stdout


def main() -> int:
    for name, text in files().items():
        (FOLDER / name).write_text(formatted(text))
    return 0


if __name__ == "__main__":
    sys.exit(main())
