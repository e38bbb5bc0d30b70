// Both directions between Swift errors and Python exceptions, in one table each.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift error that chooses the exception that Python sees.
///
/// Any other error arrives in Python as `SwiftError`; both give the same Swift value back when
/// the exception returns to Swift.
public protocol PythonExceptionConvertible: Error {
    /// The class, as `module.Class`; a class of `builtins` needs no module.
    var pythonExceptionType: String { get }
    /// The arguments that the exception is made with.
    var pythonExceptionArguments: [any ConvertibleToPython & Sendable] { get }
}

/// Makes exceptions of Swift errors and Swift errors of exceptions, with the GIL held.
enum ErrorTranslation {
    // MARK: Swift to Python

    /// Raises the exception that stands for `error`; the caller then returns NULL to Python.
    ///
    /// - `frame`: The Swift function that threw, for the traceback.
    static func raise(
        _ error: any Error,
        _ gil: borrowing PythonGIL,
        in frame: SwiftFrame? = nil
    ) {
        if !(error is PendingPythonError) {
            do {
                amaru_raise_exception(try exception(for: error, gil).take())
            } catch let failure {
                let name = String(reflecting: type(of: error))
                let text = "\(name) could not become an exception: \(failure)"
                PyErr_SetString(amaru_RuntimeError(), text)
            }
        }
        frame?.addToTraceback()
    }

    /// The exception that stands for `error` (new).
    static func exception(for error: any Error, _ gil: borrowing PythonGIL) throws
        -> OwnedReference
    {
        switch error {
        case let exception as PythonException:
            // The same object: identity, arguments, cause, notes and traceback are its own.
            return exception.object.newReference(gil)
        case let error as PythonConversionError:
            return try make(builtin(for: error.kind), error.description, gil)
        case is CancellationError:
            return try make("asyncio.CancelledError", [], gil)
        case let error as AmaruError:
            return try carrying(error, make(amaru_RuntimeError(), error.message, gil))
        case let error as any PythonExceptionConvertible:
            let arguments = error.pythonExceptionArguments
            return try carrying(error, make(error.pythonExceptionType, arguments, gil))
        case let error as any PythonExceptionGroupConvertible:
            return try carrying(error, group(of: error, gil))
        default:
            let type = try Runtime.swiftError()
            return try carrying(error, make(type.pointer, String(describing: error), gil))
        }
    }

    private static func builtin(for kind: PythonConversionError.Kind) -> PyPointer {
        switch kind {
        case .type: amaru_TypeError()
        case .value: amaru_ValueError()
        case .overflow: amaru_OverflowError()
        }
    }

    private static func make(
        _ type: PyPointer,
        _ message: String,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let message = try message.pythonReference(gil)
        return try OwnedReference(new: PyObject_CallOneArg(type, message.pointer))
    }

    private static func make(
        _ type: String,
        _ arguments: [any ConvertibleToPython & Sendable],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        try Runtime.call(.errors, "make_exception", [type, PythonTuple(elements: arguments)], gil)
    }

    private static func group(
        of error: any PythonExceptionGroupConvertible,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let errors = error.pythonGroupErrors
        guard !errors.isEmpty else {
            throw PythonConversionError(.value, "an exception group needs at least one error")
        }
        let members = try errors.map { PythonObject(try exception(for: $0, gil)) }
        return try Runtime.call(.errors, "make_group", [error.pythonGroupMessage, members], gil)
    }

    private static func carrying(
        _ error: any Error,
        _ exception: consuming OwnedReference
    ) throws -> OwnedReference {
        try SwiftErrorCapsule.attach(error, to: exception.pointer)
        return exception
    }

    // MARK: Python to Swift

    /// Makes the Swift error for an exception object: the value that it carries, the error that
    /// its class was declared with, else what it was.
    static func swiftError(from exception: consuming OwnedReference) -> any Error {
        let pointer = exception.pointer
        if let error = SwiftErrorCapsule.error(in: pointer) { return error }
        let type = ExceptionType.describe(pointer)
        if let error = type.arrival?.error(of: pointer, PythonGIL()) { return error }
        return PythonException(ExceptionRecord(exception, type, .init()))
    }

    /// The Swift error that a member of a group stands for, if it is one.
    static func carriedError(in exception: PyPointer) -> (any Error)? {
        if let error = SwiftErrorCapsule.error(in: exception) { return error }
        return ExceptionType.describe(exception).arrival?.error(of: exception, PythonGIL())
    }

    /// Captures an exception object whatever Swift error it carries, with all its texts.
    static func describe(_ exception: consuming OwnedReference) -> PythonException {
        let record = ExceptionRecord(exception)
        record.complete()
        return PythonException(record)
    }
}
