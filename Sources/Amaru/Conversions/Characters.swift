// Character and Unicode.Scalar ⇄ str of one.
// SPDX-License-Identifier: Apache-2.0

extension Character: PythonConvertible {
    /// Makes a `str`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try String(self).pythonReference(gil)
    }

    /// Reads a `str` of one character as readers see it, of however many code points.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Character {
        let text = try String.fromPython(reference, gil)
        guard let first = text.first, text.count == 1 else {
            throw PythonConversionError(.value, "expected one character, found \(text.count)")
        }
        return first
    }
}

extension Unicode.Scalar: PythonConvertible {
    /// Makes a `str` of length 1.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try String(Character(self)).pythonReference(gil)
    }

    /// Reads a `str` of length 1.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Unicode.Scalar {
        let scalars = try String.fromPython(reference, gil).unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else {
            throw PythonConversionError(.value, "expected one code point, found \(scalars.count)")
        }
        return first
    }
}
