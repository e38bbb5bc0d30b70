// How Swift types are written in Python's type hints.
// SPDX-License-Identifier: Apache-2.0

/// A Swift type that says how it is written in Python, in signatures of ``PythonModule/stub``.
///
/// A type that does not conform is written `Any`.
///
/// ```swift
/// extension Point: PythonTypeHinted {
///     static var pythonTypeHint: String { "tuple[float, float]" }
/// }
/// ```
public protocol PythonTypeHinted {
    /// The type of what the value becomes in Python.
    ///
    /// A class outside `builtins` is written with its module, which the stub then imports.
    static var pythonTypeHint: String { get }

    /// The type of what converts to the Swift type; often more than what it becomes.
    static var pythonParameterHint: String { get }
}

extension PythonTypeHinted {
    /// The same as what the value becomes.
    public static var pythonParameterHint: String { pythonTypeHint }
}

/// The hints of types that may have none.
@usableFromInline
enum TypeHint {
    private static let unknown = "typing.Any"

    /// The hint of a result.
    @usableFromInline
    static func result<Value>(_ type: Value.Type) -> String {
        if type == Void.self { return "None" }
        return (type as? any PythonTypeHinted.Type)?.pythonTypeHint ?? unknown
    }

    /// The hint of a parameter.
    @usableFromInline
    static func parameter<Value>(_ type: Value.Type) -> String {
        (type as? any PythonTypeHinted.Type)?.pythonParameterHint ?? unknown
    }
}
