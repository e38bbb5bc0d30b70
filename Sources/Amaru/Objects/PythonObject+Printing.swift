// What `print` shows of an object.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Printing, which may run Python code and so never throws what that raises.
///
/// Not `CustomStringConvertible`: `description` is an attribute of many Python objects.
extension PythonObject: CustomDebugStringConvertible {
    /// What `str()` gives on the Python thread; elsewhere a hint, since Python code cannot run.
    public nonisolated var debugDescription: String {
        guard Interpreter.isPythonThread, Interpreter.isRunning, PyGILState_Check() != 0 else {
            return "<Python object: print it in PythonActor.run { … }>"
        }
        do {
            let text = try OwnedReference(new: PyObject_Str(pointer))
            return try String.fromPython(BorrowedReference(text.pointer), PythonGIL())
        } catch {
            let type = String(cString: amaru_type(pointer).pointee.tp_name)
            return "<\(type) object, whose str() failed: \(error)>"
        }
    }
}
