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

enum ErrorTranslation {
    /// Raises the exception that stands for `error`; the caller then returns NULL to Python.
    static func raise(_ error: any Error, _ gil: borrowing PythonGIL) {
        switch error {
        case is PendingPythonError:
            break
        case let exception as PythonException:
            // The same object: identity, arguments, cause, notes and traceback are its own.
            amaru_raise_exception(exception.object.newReference(gil).take())
        case let error as PythonConversionError:
            PyErr_SetString(builtin(for: error.kind), error.description)
        case is CancellationError:
            raise(type: "asyncio.CancelledError", arguments: [], carrying: nil, gil)
        case let error as AmaruError:
            raise(type: "RuntimeError", arguments: [error.message], carrying: error, gil)
        case let error as any PythonExceptionConvertible:
            raise(
                type: error.pythonExceptionType,
                arguments: error.pythonExceptionArguments,
                carrying: error,
                gil
            )
        default:
            raise(
                type: "_amaru_runtime.SwiftError",
                arguments: [String(describing: error)],
                carrying: error,
                gil
            )
        }
    }

    private static func builtin(for kind: PythonConversionError.Kind) -> PyPointer {
        switch kind {
        case .type: amaru_TypeError()
        case .value: amaru_ValueError()
        case .overflow: amaru_OverflowError()
        }
    }

    private static func raise(
        type: String,
        arguments: [any ConvertibleToPython & Sendable],
        carrying error: (any Error)?,
        _ gil: borrowing PythonGIL
    ) {
        do {
            let exception = try Runtime.call("make_exception", [type, arguments.tuple()], gil)
            if let error {
                let capsule = try SwiftErrorCapsule.make(for: error)
                PyObject_SetAttrString(
                    exception.pointer,
                    SwiftErrorCapsule.attribute,
                    capsule.pointer
                )
            }
            amaru_raise_exception(exception.take())
        } catch let failure {
            PyErr_SetString(amaru_RuntimeError(), "\(error ?? failure)")
        }
    }

    /// Makes the Swift error for an exception object: the value that it carries, else a copy.
    static func swiftError(from exception: consuming OwnedReference) -> any Error {
        if let error = SwiftErrorCapsule.error(in: exception.pointer) { return error }
        return describe(exception)
    }

    /// Copies an exception object into plain values.
    static func describe(_ exception: consuming OwnedReference) -> PythonException {
        let gil = PythonGIL()
        let pointer = exception.pointer
        let object = PythonObject(exception)
        let described = Runtime.attempt("describe", object, gil)
        do {
            guard let described else { throw AmaruError(.notRunning, "") }
            return try described.lend { reference in try decode(reference, object, gil) }
        } catch {
            // Only when describing itself fails, such as under MemoryError or an interrupt.
            return PythonException(
                typeNames: [String(cString: amaru_type(pointer).pointee.tp_name)],
                message: "",
                traceback: "",
                notes: [],
                cause: nil,
                object: object
            )
        }
    }

    private static func decode(
        _ reference: borrowing BorrowedReference,
        _ object: PythonObject,
        _ gil: borrowing PythonGIL
    ) throws -> PythonException {
        func item(_ index: Int) throws -> PyPointer {
            guard let item = PyTuple_GetItem(reference.pointer, index) else {  // borrowed
                throw PythonException.taken()
            }
            return item
        }
        let cause = try item(4)
        return PythonException(
            typeNames: try .fromPython(.init(item(0)), gil),
            message: try .fromPython(.init(item(1)), gil),
            traceback: try .fromPython(.init(item(2)), gil),
            notes: try .fromPython(.init(item(3)), gil),
            cause: cause == amaru_none() ? nil : describe(OwnedReference(borrowed: cause)),
            object: object
        )
    }
}

extension [any ConvertibleToPython & Sendable] {
    /// The elements as one value that converts to a tuple.
    func tuple() -> PythonTuple { PythonTuple(elements: self) }
}

/// The Swift error that an exception object carries across Python.
enum SwiftErrorCapsule {
    static let attribute = "_swift_error"
    private static let name: StaticString = "amaru.error"

    private final class Box {
        let error: any Error
        init(_ error: any Error) { self.error = error }
    }

    static func make(for error: any Error) throws -> OwnedReference {
        let box = Unmanaged.passRetained(Box(error))
        let capsule = PyCapsule_New(box.toOpaque(), name.cString) { capsule in
            guard let pointer = PyCapsule_GetPointer(capsule, SwiftErrorCapsule.name.cString)
            else { return }
            Unmanaged<Box>.fromOpaque(pointer).release()
        }
        guard let capsule else {
            box.release()
            throw PythonException.taken()
        }
        return OwnedReference(new: capsule)
    }

    static func error(in exception: PyPointer) -> (any Error)? {
        guard let capsule = PyObject_GetAttrString(exception, attribute) else {  // new
            PyErr_Clear()
            return nil
        }
        defer { amaru_decref(capsule) }
        guard PyCapsule_IsValid(capsule, name.cString) != 0,
            let pointer = PyCapsule_GetPointer(capsule, name.cString)
        else { return nil }
        return Unmanaged<Box>.fromOpaque(pointer).takeUnretainedValue().error
    }
}

extension StaticString {
    /// The text as C reads it; a literal is NUL-terminated and lives for ever.
    var cString: UnsafePointer<CChar> {
        UnsafeRawPointer(utf8Start).assumingMemoryBound(to: CChar.self)
    }
}
