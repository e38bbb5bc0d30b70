// String ⇄ str, NUL included. A lone surrogate has no UTF-8 and is refused.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension String: PythonConvertible {
    /// Makes a `str`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        var copy = self
        let pointer = copy.withUTF8 { utf8 in
            utf8.withMemoryRebound(to: CChar.self) { text in
                PyUnicode_DecodeUTF8(text.baseAddress, text.count, nil)
            }
        }
        return try OwnedReference(new: pointer)
    }

    /// Reads a `str`.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> String {
        guard amaru_is_unicode(reference.pointer) != 0 else {
            throw PythonConversionError.expected("str", found: reference)
        }
        var count = 0
        // Borrowed from the object, which keeps its UTF-8 once made.
        guard let utf8 = PyUnicode_AsUTF8AndSize(reference.pointer, &count) else {
            PyErr_Clear()
            throw PythonConversionError(.value, "str holds a lone surrogate, which has no UTF-8")
        }
        return utf8.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(decoding: UnsafeBufferPointer(start: $0, count: count), as: UTF8.self)
        }
    }
}

extension Substring: ConvertibleToPython {
    /// Makes a `str`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try String(self).pythonReference(gil)
    }
}
