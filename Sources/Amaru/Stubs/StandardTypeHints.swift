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

extension Data: PythonTypeHinted {
    /// A `bytes`.
    public static var pythonTypeHint: String { "bytes" }
    /// A `bytes` or a `bytearray`.
    public static var pythonParameterHint: String { "bytes | bytearray" }
}

extension PythonNone: PythonTypeHinted {
    /// `None`.
    public static var pythonTypeHint: String { "None" }
}

extension PythonTuple: PythonTypeHinted {
    /// A tuple of anything: the types of its elements are known when it is made.
    public static var pythonTypeHint: String { "tuple[typing.Any, ...]" }
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
