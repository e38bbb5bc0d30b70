// The hints of the types that become objects of Python's standard library.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

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

extension Character: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension Unicode.Scalar: PythonTypeHinted {
    /// A `str`.
    public static var pythonTypeHint: String { "str" }
}

extension Int128: PythonTypeHinted {}

extension UInt128: PythonTypeHinted {}

extension Range: PythonTypeHinted where Bound == Int {
    /// A `slice` with a start and end.
    public static var pythonTypeHint: String { "slice" }
}

extension ClosedRange: PythonTypeHinted where Bound == Int {
    /// A `slice` with a start and end.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeFrom: PythonTypeHinted where Bound == Int {
    /// A `slice` with a start.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeUpTo: PythonTypeHinted where Bound == Int {
    /// A `slice` with a end.
    public static var pythonTypeHint: String { "slice" }
}

extension PartialRangeThrough: PythonTypeHinted where Bound == Int {
    /// A `slice` with a end.
    public static var pythonTypeHint: String { "slice" }
}

extension Set: PythonTypeHinted {
    /// A `set`.
    public static var pythonTypeHint: String { "set[\(TypeHint.result(Element.self))]" }
    /// A `set` or a `frozenset`.
    public static var pythonParameterHint: String {
        let element = TypeHint.parameter(Element.self)
        return "set[\(element)] | frozenset[\(element)]"
    }
}

extension PythonFrozenSet: PythonTypeHinted {
    /// A `frozenset`.
    public static var pythonTypeHint: String { "frozenset[\(TypeHint.result(Element.self))]" }
}

extension PythonTypedTuple: PythonTypeHinted {
    /// A `tuple` of these types.
    public static var pythonTypeHint: String {
        var hints: [String] = []
        for type in repeat (each Element).self { hints.append(TypeHint.result(type)) }
        return "tuple[\(hints.isEmpty ? "()" : hints.joined(separator: ", "))]"
    }
}
