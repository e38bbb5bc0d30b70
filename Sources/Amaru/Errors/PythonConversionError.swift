// A value that cannot cross between Swift and Python, with the path to it.
// SPDX-License-Identifier: Apache-2.0

/// A value that does not convert exactly, with the path at which it stands.
///
/// Its text reads like `messages[2].content: expected str, found list`.
public struct PythonConversionError: Error, Sendable, CustomStringConvertible {
    /// The exception that Python sees when the error crosses over.
    public enum Kind: Sendable {
        /// The value has another type: `TypeError`.
        case type
        /// The value has the type but cannot be represented: `ValueError`.
        case value
        /// The number does not fit: `OverflowError`.
        case overflow
    }

    /// Which exception it becomes in Python.
    public let kind: Kind
    /// The steps to the value, outermost first, such as `["[2]", ".content"]`.
    public let path: [String]
    /// What was expected and what was found.
    public let reason: String

    /// Creates an error at the value itself.
    public init(_ kind: Kind, _ reason: String) {
        self.init(kind, reason, path: [])
    }

    private init(_ kind: Kind, _ reason: String, path: [String]) {
        self.kind = kind
        self.reason = reason
        self.path = path
    }

    /// Returns the error as seen from a container, one step further out.
    public func at(_ step: String) -> PythonConversionError {
        PythonConversionError(kind, reason, path: [step] + path)
    }

    /// The path, if there is one, and the reason.
    public var description: String {
        path.isEmpty ? reason : "\(path.joined()): \(reason)"
    }

    /// Returns the error as seen from a container; one of another type as it is.
    @usableFromInline
    @inline(never)
    static func inside(_ error: any Error, at step: @autoclosure () -> String) -> any Error {
        guard let error = error as? PythonConversionError else { return error }
        return error.at(step())
    }

    @usableFromInline
    @inline(never)
    static func expected(
        _ expected: String,
        found reference: borrowing BorrowedReference
    ) -> PythonConversionError {
        PythonConversionError(.type, "expected \(expected), found \(reference.typeName)")
    }
}

/// Runs a conversion of a part and puts `step` in front of the path of its error.
func converting<Result: ~Copyable>(
    at step: @autoclosure () -> String,
    _ body: () throws -> Result
) throws -> Result {
    do {
        return try body()
    } catch let error as PythonConversionError {
        throw error.at(step())
    }
}
