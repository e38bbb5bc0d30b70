// UUID ⇄ uuid.UUID.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension UUID: PythonConvertible {
    /// Makes a `uuid.UUID`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let contents = withUnsafeBytes(of: uuid) { Data($0) }
        return try RuntimeValue.make(.values, "uuid_of", [contents], gil)
    }

    /// Reads a `uuid.UUID`; a str is refused.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> UUID {
        let contents: Data = try RuntimeValue.read(.values, "bytes_of_uuid", reference, gil)
        var result = UUID().uuid
        _ = withUnsafeMutableBytes(of: &result) { contents.copyBytes(to: $0) }
        return UUID(uuid: result)
    }
}
