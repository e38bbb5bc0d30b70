// An exception that Python code raised, as a value that can leave the Python thread.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// An exception of Python code, copied into plain values at the boundary.
///
/// It may be thrown across threads, logged and compared by ``typeName``. The exception object
/// travels along in ``object``: thrown back into Python, it is the same object again, with its
/// arguments, cause, notes and traceback.
public struct PythonException: Error, Sendable, CustomStringConvertible {
    /// The name of the class, qualified by its module unless that is `builtins`.
    public let typeName: String
    /// The names of the class and of its bases, as in ``typeName``.
    public let typeNames: [String]
    /// What `str()` gives for the exception.
    public let message: String
    /// The formatted traceback, as Python would print it, without the bridge's own frames.
    public let traceback: String
    /// The notes added by `add_note`.
    public let notes: [String]
    private let causes: [PythonException]
    /// The exception object, which only the Python actor can use.
    public let object: PythonObject

    /// The exception named in `raise … from`, or the one that was being handled.
    public var cause: PythonException? { causes.first }

    /// Type and message, as in the last line of a traceback.
    public var description: String { message.isEmpty ? typeName : "\(typeName): \(message)" }

    /// Says whether the exception is of that class or of one derived from it.
    public func isInstance(of typeName: String) -> Bool { typeNames.contains(typeName) }

    init(
        typeNames: [String],
        message: String,
        traceback: String,
        notes: [String],
        cause: PythonException?,
        object: PythonObject
    ) {
        self.typeName = typeNames.first ?? "BaseException"
        self.typeNames = typeNames
        self.message = message
        self.traceback = traceback
        self.notes = notes
        self.causes = cause.map { [$0] } ?? []
        self.object = object
    }
}

extension PythonException {
    /// Takes the raised exception off the interpreter, as the Swift error that it stands for.
    ///
    /// The caller holds the GIL and has just seen a C function fail.
    @usableFromInline
    @inline(never)
    static func taken() -> any Error {
        guard let raised = amaru_take_exception() else {
            return AmaruError(.wrongThread, "A call into Python failed without an exception.")
        }
        return ErrorTranslation.swiftError(from: OwnedReference(new: raised))
    }
}
