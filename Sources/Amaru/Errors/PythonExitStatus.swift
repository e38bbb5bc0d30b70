// What `sys.exit` asks for, by the rules of the interpreter.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// How a `SystemExit` would end the process under `python`.
///
/// ```swift
/// if let status = error.exitStatus {
///     if let message = status.message { print(message, to: &standardError) }
///     exit(status.code)
/// }
/// ```
///
/// The rules are those of [`sys.exit`](https://docs.python.org/3/library/sys.html#sys.exit): None
/// is 0, an integer is itself, as the byte that the system passes on; any other object is written
/// to standard error, and the code is 1.
public struct PythonExitStatus: Sendable, Hashable {
    /// The exit code, from 0 to 255.
    public let code: Int32
    /// What is written to standard error, as a line; nil for nothing.
    public let message: String?

    /// Creates a status.
    public init(code: Int32, message: String? = nil) {
        self.code = code
        self.message = message
    }
}

extension PythonExitStatus {
    /// The status of an exception (borrowed); nil unless it is a `SystemExit`.
    ///
    /// The caller holds the GIL; the text of the code may run Python code.
    init?(of exception: PyPointer, _ gil: borrowing PythonGIL) {
        guard PyErr_GivenExceptionMatches(exception, amaru_SystemExit()) != 0 else { return nil }
        guard let found = PyObject_GetAttrString(exception, "code") else {  // new
            PyErr_Clear()
            self.init(code: 1, message: ExceptionText.message(of: exception, gil))
            return
        }
        let code = OwnedReference(new: found)
        if code.pointer == amaru_none() {
            self.init(code: 0)
        } else if amaru_is_long(code.pointer) != 0 {
            // -1 for what does not fit, as CPython has it.
            let value = PyLong_AsLong(code.pointer)
            PyErr_Clear()
            self.init(code: Int32(truncatingIfNeeded: value) & 0xFF)
        } else {
            self.init(code: 1, message: ExceptionText.message(of: code.pointer, gil))
        }
    }
}

extension PythonException {
    /// How the exception would end the process under `python`; nil unless it is a `SystemExit`.
    ///
    /// It is known from the moment that the exception was captured, on any thread.
    public var exitStatus: PythonExitStatus? { record.exitStatus }
}
