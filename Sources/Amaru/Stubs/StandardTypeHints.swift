// The hints of the types that convert without further ado.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension PythonTypeHinted where Self: FixedWidthInteger {
    /// An `int`.
    public static var pythonTypeHint: String { "int" }
}

extension Int: PythonTypeHinted {}
extension Int8: PythonTypeHinted {}
extension Int16: PythonTypeHinted {}
extension Int32: PythonTypeHinted {}
extension Int64: PythonTypeHinted {}
extension UInt: PythonTypeHinted {}
extension UInt8: PythonTypeHinted {}
extension UInt16: PythonTypeHinted {}
extension UInt32: PythonTypeHinted {}
extension UInt64: PythonTypeHinted {}
extension Int128: PythonTypeHinted {}
extension UInt128: PythonTypeHinted {}

extension Data: PythonTypeHinted {
    /// A `bytes`.
    public static var pythonTypeHint: String { "bytes" }
    /// A `bytes` or a `bytearray`.
    public static var pythonParameterHint: String { "bytes | bytearray" }
}

extension Optional: PythonTypeHinted {
    /// The value's type, or `None`.
    public static var pythonTypeHint: String { "\(TypeHint.result(Wrapped.self)) | None" }
    /// The value's type, or `None`.
    public static var pythonParameterHint: String {
        "\(TypeHint.parameter(Wrapped.self)) | None"
    }
}

extension Array: PythonTypeHinted {
    /// A `list`.
    public static var pythonTypeHint: String { "list[\(TypeHint.result(Element.self))]" }
    /// A `list` or a `tuple`.
    public static var pythonParameterHint: String {
        let element = TypeHint.parameter(Element.self)
        return "list[\(element)] | tuple[\(element), ...]"
    }
}

extension ContiguousArray: PythonTypeHinted {
    /// A `list`.
    public static var pythonTypeHint: String { [Element].pythonTypeHint }
}

extension Dictionary: PythonTypeHinted {
    /// A `dict`.
    public static var pythonTypeHint: String {
        "dict[\(TypeHint.result(Key.self)), \(TypeHint.result(Value.self))]"
    }
    /// A `dict`.
    public static var pythonParameterHint: String {
        "dict[\(TypeHint.parameter(Key.self)), \(TypeHint.parameter(Value.self))]"
    }
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
