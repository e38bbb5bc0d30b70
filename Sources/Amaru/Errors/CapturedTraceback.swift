// A traceback as code objects and line numbers, taken without reading a source line.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The entries of a traceback, as they were when it was captured.
///
/// What an entry shows is immutable, and this keeps it alive: so it can be read on any thread,
/// without the GIL, and also after the end of Python, which is never finalised.
struct CapturedTraceback: ~Copyable {
    private struct Entry {
        /// Owned.
        let code: UnsafeMutablePointer<PyCodeObject>
        let line: Int32
    }

    private var entries: [Entry] = []

    /// The file name of the bridge's own Python code; owned forever.
    ///
    /// Safe because it is written once, before any other code can enter Python.
    nonisolated(unsafe) static var ownFile: PyPointer?

    /// Captures the traceback of an exception (borrowed), and takes the bridge's own entries out
    /// of it, so that Python code that prints it does not show them either.
    ///
    /// The caller holds the GIL.
    init(of exception: PyPointer) {
        var previous: UnsafeMutablePointer<PyTracebackObject>?
        var next = Self.traceback(exception.asException.pointee.traceback)
        while let entry = next {
            next = entry.pointee.tb_next
            let code: UnsafeMutablePointer<PyCodeObject>? = PyFrame_GetCode(entry.pointee.tb_frame)
            guard let code else { continue }  // new
            if code.pointee.co_filename == Self.ownFile {
                Self.remove(after: previous, next, exception)
                amaru_decref(code.asObject)
                continue
            }
            previous = entry
            // From 3.12 on the number is looked up when it is asked for.
            let line = entry.pointee.tb_lineno
            let found = line >= 0 ? line : PyCode_Addr2Line(code, entry.pointee.tb_lasti)
            entries.append(Entry(code: code, line: found))
        }
    }

    deinit {
        for entry in entries { ReleaseQueue.release(entry.code.asObject) }
    }

    /// The entries as values, outermost first.
    var frames: [PythonException.Frame] {
        entries.map { entry in
            PythonException.Frame(
                file: String(immutable: entry.code.pointee.co_filename),
                line: Int(entry.line),
                function: String(immutable: entry.code.pointee.co_name)
            )
        }
    }

    /// Links an entry, or the exception itself, to what follows a removed one.
    private static func remove(
        after previous: UnsafeMutablePointer<PyTracebackObject>?,
        _ next: UnsafeMutablePointer<PyTracebackObject>?,
        _ exception: PyPointer
    ) {
        let next = next.map(\.asObject) ?? amaru_none()
        let result =
            if let previous {
                PyObject_SetAttrString(previous.asObject, "tb_next", next)
            } else {
                PyException_SetTraceback(exception, next)
            }
        if result != 0 { PyErr_Clear() }
    }

    private static func traceback(_ object: PyPointer?)
        -> UnsafeMutablePointer<PyTracebackObject>?
    {
        guard let object, amaru_is_traceback(object) != 0 else { return nil }
        return UnsafeMutableRawPointer(object).assumingMemoryBound(to: PyTracebackObject.self)
    }
}

extension UnsafeMutablePointer {
    /// The same address as an object of no known type.
    fileprivate var asObject: PyPointer {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: PyObject.self)
    }
}

extension PyPointer {
    /// The object as an exception, which it is known to be.
    var asException: UnsafeMutablePointer<PyBaseExceptionObject> {
        UnsafeMutableRawPointer(self).assumingMemoryBound(to: PyBaseExceptionObject.self)
    }
}

extension String {
    /// Copies a `str` (borrowed) that cannot change any more; without the GIL.
    ///
    /// A lone surrogate becomes U+FFFD.
    fileprivate init(immutable text: PyPointer?) {
        guard let text, let data = amaru_text_data(text) else {
            self = "?"
            return
        }
        let count = amaru_text_count(text)
        switch amaru_text_kind(text) {
        case 1:
            let scalars = UnsafeRawBufferPointer(start: data, count: count)
            self = Self(scalars.lazy.map { UInt32($0) })
        case 2:
            let units = data.assumingMemoryBound(to: UInt16.self)
            self = Self(UnsafeBufferPointer(start: units, count: count).lazy.map { UInt32($0) })
        default:
            let units = data.assumingMemoryBound(to: UInt32.self)
            self = Self(UnsafeBufferPointer(start: units, count: count))
        }
    }

    private init(_ codePoints: some Sequence<UInt32>) {
        var scalars = String.UnicodeScalarView()
        for point in codePoints { scalars.append(Unicode.Scalar(point) ?? "\u{FFFD}") }
        self.init(scalars)
    }
}
