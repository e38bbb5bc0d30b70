// String ⇄ str, NUL included. A lone surrogate has no UTF-8 and is refused.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension String: PythonConvertible {
    /// Strings convert without Python code.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { true }

    /// Makes a `str`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let text = utf8Span
        let isASCII = text.isKnownASCII
        let pointer = text.span.withUnsafeBytes { bytes in
            isASCII
                ? amaru_ascii_str(bytes.baseAddress, bytes.count)
                : PyUnicode_DecodeUTF8(
                    bytes.assumingMemoryBound(to: CChar.self).baseAddress,
                    bytes.count,
                    nil
                )
        }
        return try OwnedReference(new: pointer)
    }

    /// Reads a `str`.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> String {
        guard amaru_is_unicode(reference.pointer) != 0 else {
            throw PythonConversionError.expected("str", found: reference)
        }
        var count = 0
        if let ascii = amaru_ascii(reference.pointer, &count) {
            return String(trusting: ascii, count: count, isASCII: true)
        }
        // Borrowed from the object, which keeps its UTF-8 once made.
        guard let utf8 = PyUnicode_AsUTF8AndSize(reference.pointer, &count) else {
            throw loneSurrogate()
        }
        return String(trusting: utf8, count: count, isASCII: false)
    }

    /// Copies UTF-8 that CPython vouches for, without validating it again.
    @inlinable
    init(trusting text: UnsafePointer<CChar>, count: Int, isASCII: Bool) {
        let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        // Safe because CPython makes UTF-8 of its own characters, and refuses surrogates.
        let span = Span(_unsafeStart: bytes, count: count)
        self = String(copying: UTF8Span(unchecked: span, isKnownASCII: isASCII))
    }

    @usableFromInline
    @inline(never)
    static func loneSurrogate() -> any Error {
        guard PyErr_ExceptionMatches(amaru_UnicodeError()) != 0 else {
            return PythonException.taken()
        }
        PyErr_Clear()
        return PythonConversionError(.value, "str holds a lone surrogate, which has no UTF-8")
    }
}

// Not from Python: the compiler would take `Double(result)` for the parsing of a text.
extension Substring: ConvertibleToPython {
    /// Makes a `str`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try String(self).pythonReference(gil)
    }
}

/// Lends the text of a `str` without copying it.
extension PythonObject {
    /// Calls `body` with the UTF-8 of a `str`, which CPython keeps.
    ///
    /// - Throws: ``PythonConversionError`` where the object is no `str` or holds a lone surrogate;
    ///   what `body` throws.
    @inlinable
    @inline(__always)
    public func withUTF8<Result>(_ body: (borrowing UTF8Span) throws -> Result) throws -> Result {
        try Interpreter.requireRunning()
        guard amaru_is_unicode(pointer) != 0 else {
            throw PythonConversionError.expected("str", found: BorrowedReference(pointer))
        }
        var count = 0
        let ascii = amaru_ascii(pointer, &count)
        let kept = ascii ?? amaru_kept_utf8(pointer, &count)
        guard let text = kept ?? PyUnicode_AsUTF8AndSize(pointer, &count) else {
            throw String.loneSurrogate()
        }
        let bytes = UnsafeRawPointer(text).assumingMemoryBound(to: UInt8.self)
        // Safe because this object keeps the characters alive until `body` has returned. Not
        // `withExtendedLifetime`, for whose closure the isolation would be checked at run time.
        defer { extendLifetime(self) }
        let span = Span(_unsafeStart: bytes, count: count)
        return try body(UTF8Span(unchecked: span, isKnownASCII: ascii != nil))
    }
}
