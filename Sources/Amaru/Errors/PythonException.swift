// An exception that Python code raised, as a value that can leave the Python thread.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// An exception of Python code, captured in plain values when it reached Swift.
///
/// ```swift
/// do {
///     let limit: Int = try await PythonActor.run { try Python.import("settings").limit(path) }
/// } catch let error as PythonException where error.matches(.fileNotFoundError) {
///     print("no settings:", error.message)
/// }
/// ```
///
/// It may be thrown across threads, logged and read anywhere. The exception object travels along
/// in ``object``: thrown back into Python, it is the same object again, with its arguments, cause,
/// notes and traceback.
///
/// `KeyboardInterrupt` and `SystemExit` arrive as such too. Neither is an `Exception`, so
/// `matches(.exception)` leaves both out, as `except Exception` does.
public struct PythonException: Error, Sendable, CustomStringConvertible {
    /// A place in a traceback.
    public struct Frame: Sendable, Hashable {
        /// The name of the source, for a Swift function `Module/File.swift`.
        public let file: String
        /// The line, counted from 1.
        public let line: Int
        /// The name of the function, or `<module>`.
        public let function: String
    }

    let record: ExceptionRecord

    /// Captures an exception; the caller holds the GIL.
    init(_ record: ExceptionRecord) {
        self.record = record
    }

    /// The name of the class, qualified by its module unless that is `builtins`.
    public var typeName: String { record.type.names.first ?? "BaseException" }

    /// The names of the class and of its bases, as in ``typeName``.
    public var typeNames: [String] { record.type.names }

    /// What `str()` gave for the exception when it was raised.
    public var message: String { record.message }

    /// The notes added by `add_note`.
    public var notes: [String] { record.notes }

    /// The exception named in `raise … from`, or the one that was being handled.
    public var cause: PythonException? { record.cause.map(PythonException.init) }

    /// The entries of the traceback, outermost first, without those of the bridge.
    public var frames: [Frame] { record.frames }

    /// The formatted traceback, without the bridge's own frames.
    ///
    /// Frames of modules with a true `__tracebackhide__` are left out too, unless no other frame
    /// remains.
    ///
    /// As Python prints it, with source lines, where it is read on the Python thread or the
    /// exception came through an entry of the bridge such as ``PythonActor/run(_:)``. An exception
    /// that left the Python thread by another way, as the error of a function of yours that is
    /// isolated to ``PythonActor``, has no source lines when it is first read elsewhere: that never
    /// waits for Python.
    public var traceback: String { record.formatted }

    /// The exception object, which only the Python actor can use.
    public var object: PythonObject { record.object }

    /// Type and message, as in the last line of a traceback.
    public var description: String { message.isEmpty ? typeName : "\(typeName): \(message)" }

    /// Says whether the exception is of that class or of one derived from it.
    public func isInstance(of typeName: String) -> Bool { typeNames.contains(typeName) }

    /// Says whether the exception is of that class or of one derived from it.
    ///
    /// A group is not searched: that is what ``select(_:)`` does.
    public func matches(_ exceptionClass: PythonExceptionClass) -> Bool {
        exceptionClass.qualifiedNames.contains { isInstance(of: $0) }
    }

    /// Says whether the exception is of one of these classes, as `except (A, B)` does.
    public func matches(anyOf exceptionClasses: PythonExceptionClass...) -> Bool {
        exceptionClasses.contains { matches($0) }
    }
}

extension PythonException {
    /// Whether it is the interrupt that cancelling the calling task has sent.
    var isCancellation: Bool { Task.isCancelled && matches(.keyboardInterrupt) }

    /// Runs `body`, and throws `CancellationError` for the interrupt of a cancelled task.
    static func endingCancelled<Value>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as PythonException where error.isCancellation {
            throw CancellationError()
        }
    }

    /// Throws the raised exception unless a function of C has returned 0.
    @inlinable
    @inline(__always)
    static func check(_ result: Int32) throws {
        guard result == 0 else { throw taken() }
    }

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

    /// Runs `body`, whose errors leave the Python thread: their texts are made while they can be.
    @inline(__always)
    static func completing<Value: ~Copyable>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            // Thrown on as it is: one that is cast first gets a box of its own.
            (error as? PythonException)?.record.complete()
            throw error
        }
    }
}
