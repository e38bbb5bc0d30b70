// ContiguousArray as the parameter of numbers in bulk: from a buffer in one copy, else from a list.
// SPDX-License-Identifier: Apache-2.0

extension ContiguousArray: ConvertibleFromPython
where Element: PythonBufferElement & ConvertibleFromPython {
    /// Copies a buffer of one dimension and of exactly this type, or reads a `list` or `tuple`.
    ///
    /// As the parameter of a function for Python it takes arrays of numpy at the speed of memory:
    ///
    /// ```swift
    /// PythonFunction("mean") { (row: ContiguousArray<Double>) in
    ///     row.reduce(0, +) / Double(row.count)
    /// }
    /// ```
    ///
    /// - Throws: ``PythonConversionError`` for another object, or an element that does not convert,
    ///   with its path.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> ContiguousArray {
        if let elements = try BufferAccess.array(of: Element.self, reference, gil) {
            return ContiguousArray(elements)
        }
        return ContiguousArray(try [Element].fromPython(reference, gil))
    }
}

extension ContiguousArray: ConvertibleToPython where Element: ConvertibleToPython {
    /// Makes a `list`, as an array does; ``PythonBuffer`` shares the memory instead.
    ///
    /// - Throws: What the conversion of an element throws.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Array(self).pythonReference(gil)
    }
}
