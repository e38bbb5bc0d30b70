// The hints of the types that one word says.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/conversions.py: change that.

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Bool: PythonTypeHinted {
    /// A `bool`.
    public static var pythonTypeHint: String { "bool" }
}

extension Double: PythonTypeHinted {
    /// A `float`, for which type checkers take an `int` too.
    public static var pythonTypeHint: String { "float" }
}

extension Float: PythonTypeHinted {
    /// A `float`.
    public static var pythonTypeHint: String { "float" }
}

extension String: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension Substring: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension Character: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension Unicode.Scalar: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension PythonNone: PythonTypeHinted {
    /// `None`.
    public static var pythonTypeHint: String { "None" }
}

extension PythonTuple: PythonTypeHinted {
    /// A tuple of anything: the types of its elements are known when it is made.
    public static var pythonTypeHint: String { "tuple[typing.Any, ...]" }
}

extension Date: PythonTypeHinted {
    /// An aware `datetime`.
    public static var pythonTypeHint: String { "datetime.datetime" }
}

extension Duration: PythonTypeHinted {
    /// A `timedelta`.
    public static var pythonTypeHint: String { "datetime.timedelta" }
}

extension TimeZone: PythonTypeHinted {
    /// A time zone.
    public static var pythonTypeHint: String { "datetime.tzinfo" }
}

extension Decimal: PythonTypeHinted {
    /// A `Decimal`.
    public static var pythonTypeHint: String { "decimal.Decimal" }
}

extension UUID: PythonTypeHinted {
    /// A `UUID`.
    public static var pythonTypeHint: String { "uuid.UUID" }
}

extension URL: PythonTypeHinted {
    /// A `Path` for a file, else a `str`.
    public static var pythonTypeHint: String { "str | pathlib.Path" }
}

extension PythonSlice: PythonTypeHinted {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}

extension PythonRange: PythonTypeHinted {
    /// A `range`.
    public static var pythonTypeHint: String { "range" }
}

extension PythonInteger: PythonTypeHinted {
    /// An `int`.
    public static var pythonTypeHint: String { "int" }
}

extension Range: PythonTypeHinted where Bound == Int {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}

extension ClosedRange: PythonTypeHinted where Bound == Int {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeFrom: PythonTypeHinted where Bound == Int {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeUpTo: PythonTypeHinted where Bound == Int {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeThrough: PythonTypeHinted where Bound == Int {
    /// A `slice`.
    public static var pythonTypeHint: String { "slice" }
}
