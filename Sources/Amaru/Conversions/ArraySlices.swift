// ArraySlice → list.
// SPDX-License-Identifier: Apache-2.0

extension ArraySlice: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `list`.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Array(self).pythonReference(gil)
    }
}
