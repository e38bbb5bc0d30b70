// Compiles whole files, as `python FILE` does.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The code of a file that may contain top-level `await`.
///
/// Not by Python's `compile`, which first makes all types of the module `_ast`: that takes longer
/// than the rest of a short script.
enum FileCode {
    /// A list of one code object (new).
    ///
    /// - `contents`: Bytes in the encoding that they declare, or text.
    /// - Throws: ``PythonException`` for a syntax error; ``PythonConversionError``.
    static func compiled(
        _ contents: some ConvertibleToPython,
        path: String,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let filename = try path.pythonReference(gil)
        var source = try contents.pythonReference(gil)
        var flags = PyCompilerFlags(
            cf_flags: PyCF_ALLOW_TOP_LEVEL_AWAIT | PyCF_SOURCE_IS_UTF8,
            cf_feature_version: PY_MINOR_VERSION
        )
        if amaru_is_unicode(source.pointer) != 0 {
            // What text declares as its encoding is that of the file it came from.
            flags.cf_flags |= PyCF_IGNORE_COOKIE
            source = try OwnedReference(new: PyUnicode_AsUTF8String(source.pointer))
        } else {
            source = try OwnedReference(new: PyBytes_FromObject(source.pointer))
        }
        guard let text = PyBytes_AsString(source.pointer) else { throw PythonException.taken() }
        guard strlen(text) == PyBytes_Size(source.pointer) else {
            throw PythonConversionError(.value, "source code cannot contain null bytes")
        }
        let code = try OwnedReference(
            new: Py_CompileStringObject(text, filename.pointer, Py_file_input, &flags, -1)
        )
        let codes = try OwnedReference(new: PyList_New(1))
        amaru_list_fill(codes.pointer, 0, code.take())  // stolen
        return codes
    }
}
