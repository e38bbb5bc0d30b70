// Data ⇄ bytes (and bytearray on the way in).
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Data: PythonConvertible {
    /// Makes a `bytes` with a copy of the contents.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let pointer = withUnsafeBytes { bytes in
            PyBytes_FromStringAndSize(bytes.bindMemory(to: CChar.self).baseAddress, bytes.count)
        }
        return try OwnedReference(new: pointer)
    }

    /// Copies a `bytes` or `bytearray`.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Data {
        let pointer = reference.pointer
        if amaru_is_bytes(pointer) != 0 {
            return Data(bytes: PyBytes_AsString(pointer), count: PyBytes_Size(pointer))
        }
        guard amaru_is_bytearray(pointer) != 0 else {
            throw PythonConversionError.expected("bytes", found: reference)
        }
        return Data(bytes: PyByteArray_AsString(pointer), count: PyByteArray_Size(pointer))
    }
}
