// The code of the bridge's Python, kept where Python keeps that of modules.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension Runtime {
    /// Reads `sys.pycache_prefix`, which belongs to the program's Python code from then on.
    static func noteBytecodeFolder() {
        _ = BytecodeFile.folder
    }

    /// The code of a part (new), compiled or from the folder of `sys.pycache_prefix`.
    ///
    /// Whatever is wrong with that folder, the code is compiled.
    static func code(of part: Part, _ file: PyPointer) throws -> OwnedReference {
        let source = part.source
        let kept = BytecodeFile(of: part, source)
        if let code = kept?.load() { return code }
        // As after `from __future__ import annotations`, which would import.
        var flags = PyCompilerFlags(
            cf_flags: CO_FUTURE_ANNOTATIONS,
            cf_feature_version: PY_MINOR_VERSION
        )
        let text = String(decoding: source, as: UTF8.self)
        let code = try OwnedReference(
            new: Py_CompileStringObject(text, file, Py_file_input, &flags, -1)
        )
        kept?.save(code)
        return code
    }
}

/// A file with the code of a part, which fits one source and one version of Python.
///
/// It begins with Python's magic number and hashes of the source and of the code: what is damaged
/// would crash CPython.
private struct BytecodeFile {
    /// The folder of `sys.pycache_prefix` as Python has started; nil if bytecode is kept beside its
    /// source, which the parts do not have.
    static let folder: String? = {
        guard let prefix = PySys_GetObject("pycache_prefix"),  // borrowed
            amaru_is_unicode(prefix) != 0
        else { return nil }
        guard let folder = PyUnicode_AsUTF8(prefix) else {
            PyErr_Clear()
            return nil
        }
        return String(cString: folder)
    }()

    private let path: String
    private let header: [UInt8]

    /// Far more than the code of a part takes.
    private static let largest = 1 << 20

    init?(of part: Runtime.Part, _ source: [UInt8]) {
        guard let folder = Self.folder else { return nil }
        let magic = UInt64(PyImport_GetMagicNumber())
        let hash = source.withUnsafeBytes { Self.hash($0, from: magic) }
        header = Self.bytes(magic) + Self.bytes(hash)
        path = "\(folder)/_amaru_runtime.\(part.rawValue).\(String(hash, radix: 16)).code"
    }

    /// FNV-1a.
    private static func hash(_ bytes: UnsafeRawBufferPointer, from seed: UInt64 = 0) -> UInt64 {
        var hash = 0xcbf2_9ce4_8422_2325 ^ seed
        for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }

    private static func bytes(_ number: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian) { Array($0) }
    }

    /// The code (new); nil if it is absent, damaged, or of another source or Python.
    func load() -> OwnedReference? {
        let start = header.count + MemoryLayout<UInt64>.size
        guard let contents, contents.count > start else { return nil }
        let object = contents.withUnsafeBytes { bytes -> PyPointer? in
            let code = UnsafeRawBufferPointer(rebasing: bytes[start...])
            guard bytes.starts(with: header + Self.bytes(Self.hash(code))) else { return nil }
            return PyMarshal_ReadObjectFromString(
                code.assumingMemoryBound(to: CChar.self).baseAddress,
                code.count
            )
        }
        guard let object else {
            PyErr_Clear()
            return nil
        }
        let loaded = OwnedReference(new: object)
        guard amaru_is_code(object) != 0 else { return nil }
        return loaded
    }

    private var contents: [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            status.st_size <= Self.largest
        else { return nil }
        let size = Int(status.st_size)
        return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            // A regular file that is cut is not valid.
            count = max(read(descriptor, buffer.baseAddress, size), 0)
        }
    }

    /// Writes the code, unless bytecode is not to be written; as a whole or not at all.
    func save(_ code: borrowing OwnedReference) {
        guard PySys_GetObject("dont_write_bytecode").map(PyObject_IsTrue) == 0,  // borrowed
            let data = PyMarshal_WriteObjectToString(code.pointer, Py_MARSHAL_VERSION)
        else { return PyErr_Clear() }
        let owned = OwnedReference(new: data)
        let bytes = UnsafeRawBufferPointer(
            start: PyBytes_AsString(owned.pointer),
            count: PyBytes_Size(owned.pointer)
        )
        let whole = header + Self.bytes(Self.hash(bytes)) + bytes
        let temporary = "\(path).\(getpid())"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { return }
        let written = whole.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        close(descriptor)
        if written != whole.count || rename(temporary, path) != 0 { unlink(temporary) }
    }
}
