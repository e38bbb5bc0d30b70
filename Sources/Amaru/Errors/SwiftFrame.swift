// A Swift function as an entry of Python tracebacks.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The place of a Swift function that Python calls, as tracebacks show it:
/// `File "Module/File.swift", line 12, in name`.
final class SwiftFrame: @unchecked Sendable {
    // Safe because `code` is touched with the GIL held only, but by `deinit`.

    private let name: String
    private let file: StaticString
    private let line: UInt
    /// Owned; made for the first error, since most functions never throw.
    private var code: UnsafeMutablePointer<PyCodeObject>?

    /// The names that the code of such a frame would see: none.
    ///
    /// Owned forever.
    /// Safe because it is touched with the GIL held only.
    private nonisolated(unsafe) static var globals: PyPointer?

    init(_ name: String, file: StaticString, line: UInt) {
        self.name = name
        self.file = file
        self.line = line
    }

    deinit {
        guard let code else { return }
        ReleaseQueue.release(UnsafeMutableRawPointer(code).assumingMemoryBound(to: PyObject.self))
    }

    /// Puts the function in front of the raised exception's traceback; the caller holds the GIL.
    ///
    /// https://docs.python.org/3/c-api/code.html#c.PyCode_NewEmpty
    func addToTraceback() {
        guard let exception = amaru_take_exception() else { return }
        // Kept apart, since what follows may fail, and must not be called with an error set.
        let frame = makeFrame()
        if frame == nil { PyErr_Clear() }
        amaru_raise_exception(exception)  // stolen
        guard let frame else { return }
        PyTraceBack_Here(frame)
        amaru_decref(UnsafeMutableRawPointer(frame).assumingMemoryBound(to: PyObject.self))
    }

    /// A frame that has run nothing (new): its line is the first one of its code.
    private func makeFrame() -> OpaquePointer? {
        if code == nil {
            let made = file.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }
            code = PyCode_NewEmpty(made, name, Int32(clamping: line))
        }
        if Self.globals == nil { Self.globals = PyDict_New() }
        guard let code, let globals = Self.globals else { return nil }
        return PyFrame_New(PyThreadState_Get(), code, globals, nil)
    }
}
