// Exception groups: their members, and splitting them by class.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonException {
    /// The members of an exception group, which may be groups; empty for any other exception.
    ///
    /// https://docs.python.org/3/library/exceptions.html#exception-groups
    public var exceptions: [PythonException] { record.members.map(PythonException.init) }

    /// The members of an exception group as Swift errors: those that Swift threw as they were.
    public var errors: [any Error] {
        record.members.map { $0.swiftError ?? PythonException($0) }
    }

    /// Says whether this is an exception group.
    public var isGroup: Bool { record.type.isGroup }

    /// The exceptions that are no groups, of this one and all groups in it.
    public var leaves: [PythonException] {
        isGroup ? exceptions.flatMap(\.leaves) : [self]
    }

    /// The leaves of that class; what `except*` would handle.
    public func select(_ exceptionClass: PythonExceptionClass) -> [PythonException] {
        leaves.filter { $0.matches(exceptionClass) }
    }

    /// Splits a group into what is of a class and the rest, as `except*` does.
    ///
    /// Each part keeps the structure, the traceback, the cause and the notes of the group. An
    /// exception that is no group is one or the other.
    ///
    /// https://docs.python.org/3/library/exceptions.html#BaseExceptionGroup.split
    ///
    /// - Throws: ``PythonException`` if this is no group.
    @PythonActor
    public func split(_ exceptionClass: PythonExceptionClass) throws -> (
        matching: PythonException?, rest: PythonException?
    ) {
        guard isGroup else { return matches(exceptionClass) ? (self, nil) : (nil, self) }
        let gil = PythonGIL()
        let wanted = PythonObject(try exceptionClass.classReference(gil))
        let parts: PythonObject = try object.split(wanted)
        return (try Self.part(parts[0]), try Self.part(parts[1]))
    }

    @PythonActor
    private static func part(_ object: PythonObject) throws -> PythonException? {
        object.isNone
            ? nil : PythonException(ExceptionRecord(object.newReference(PythonGIL())))
    }
}

/// A Swift error that becomes an exception group, with an exception for each of its errors.
///
/// Python code handles it with `except*`. Back in Swift it is the same value again, unless
/// `except*` has taken members out of it: what is left arrives as ``PythonException``.
public protocol PythonExceptionGroupConvertible: Error {
    /// The message of the group.
    var pythonGroupMessage: String { get }
    /// The errors, each of which becomes the exception that it would be alone; at least one.
    var pythonGroupErrors: [any Error] { get }
}

/// Several errors that are thrown as one exception group.
///
/// ```swift
/// throw PythonExceptionGroup("2 of 9 uploads failed", errors)
/// ```
public struct PythonExceptionGroup: PythonExceptionGroupConvertible, CustomStringConvertible {
    /// The message of the group.
    public let message: String
    /// The errors.
    public let errors: [any Error]

    /// Creates a group of at least one error.
    public init(_ message: String, _ errors: [any Error]) {
        self.message = message
        self.errors = errors
    }

    /// The message.
    public var pythonGroupMessage: String { message }
    /// The errors.
    public var pythonGroupErrors: [any Error] { errors }
    /// The message and the errors.
    public var description: String {
        "\(message): \(errors.map { "\($0)" }.joined(separator: "; "))"
    }
}
