// Runs whole files, as `python FILE` does.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The code of a file that may contain top-level `await`.
///
/// Not by Python's `compile`, which first makes all types of the module `_ast`: that takes longer
/// than the rest of a short script.
enum FileCode {
    /// Runs the contents of a file.
    ///
    /// - `contents`: Bytes in the encoding that they declare, or text.
    /// - Returns: A coroutine if the file awaits, which has not begun; else None.
    /// - Throws: ``PythonException``, for a syntax error too; ``PythonConversionError``.
    @PythonActor
    static func run(
        _ contents: some ConvertibleToPython,
        path: String,
        in namespace: PythonObject
    ) throws -> PythonObject {
        let gil = PythonGIL()
        let source = try contents.pythonReference(gil)
        var flags = PyCompilerFlags(
            cf_flags: PyCF_ALLOW_TOP_LEVEL_AWAIT | PyCF_SOURCE_IS_UTF8,
            cf_feature_version: PY_MINOR_VERSION
        )
        let names = OwnedReference(borrowed: namespace.pointer)
        try Python.addBuiltins(to: names)
        guard let file = try opened(source, path) else {
            let code = try compiled(source, path, &flags, gil)
            return PythonObject(try Python.evaluate(code.pointer, globals: namespace))
        }
        return PythonObject(
            try ForkedChild.endingWith {
                try OwnedReference(
                    new: PyRun_FileExFlags(
                        file,
                        path,
                        Py_file_input,
                        names.pointer,
                        names.pointer,
                        1,
                        &flags
                    )
                )
            }
        )
    }

    /// Opens bytes for Python's parser of files; nil for text, if there is no file at the path, and
    /// if the bytes cannot be written, as under a limit on the size of files.
    ///
    /// That parser reports undecodable source in words of its own, and quotes lines of the file at
    /// the path.
    private static func opened(
        _ source: borrowing OwnedReference,
        _ path: String
    ) throws -> UnsafeMutablePointer<FILE>? {
        guard amaru_is_bytes(source.pointer) != 0, access(path, F_OK) == 0 else { return nil }
        let text = try text(of: source)
        guard let file = amaru_memory_file() else { return nil }
        let count = strlen(text)
        guard fwrite(text, 1, count, file) == count, fflush(file) == 0 else {
            fclose(file)
            return nil
        }
        rewind(file)
        return file
    }

    private static func compiled(
        _ contents: borrowing OwnedReference,
        _ path: String,
        _ flags: inout PyCompilerFlags,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let filename = try path.pythonReference(gil)
        let source: OwnedReference
        if amaru_is_unicode(contents.pointer) != 0 {
            // What text declares as its encoding is that of the file it came from.
            flags.cf_flags |= PyCF_IGNORE_COOKIE
            source = try OwnedReference(new: PyUnicode_AsUTF8String(contents.pointer))
        } else {
            source = try OwnedReference(new: PyBytes_FromObject(contents.pointer))
        }
        return try OwnedReference(
            new: Py_CompileStringObject(
                try text(of: source),
                filename.pointer,
                Py_file_input,
                &flags,
                -1
            )
        )
    }

    /// The characters of bytes, which hold them.
    private static func text(
        of source: borrowing OwnedReference
    ) throws -> UnsafeMutablePointer<CChar> {
        guard let text = PyBytes_AsString(source.pointer) else { throw PythonException.taken() }
        guard strlen(text) == PyBytes_Size(source.pointer) else {
            throw PythonConversionError(.value, "source code cannot contain null bytes")
        }
        return text
    }
}
