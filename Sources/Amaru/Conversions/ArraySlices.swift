// ArraySlice ⇄ list.
// SPDX-License-Identifier: Apache-2.0

extension ArraySlice: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `list`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Array(self).pythonReference(gil)
    }
}

extension ArraySlice: ConvertibleFromPython where Element: ConvertibleFromPython {
    /// Reads what an array reads.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> ArraySlice {
        try Array.fromPython(reference, gil)[...]
    }
}
