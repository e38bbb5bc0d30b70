// Int128 and UInt128 ⇄ int.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The `int` as text: the only way that is the same in all versions of CPython.
enum IntegerText {
    /// Makes an `int` of hexadecimal digits (which no limit of digits applies to).
    ///
    /// https://docs.python.org/3/library/stdtypes.html#int-max-str-digits
    static func make(_ digits: String) throws -> OwnedReference {
        try OwnedReference(new: PyLong_FromString(digits, nil, 16))
    }

    /// The hexadecimal digits of an `int`, after a minus where it is negative.
    static func digits(
        of reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> String {
        guard amaru_is_long(reference.pointer) != 0, amaru_is_bool(reference.pointer) == 0 else {
            let int = try NumberProtocols.int(reference)
            return try digits(of: BorrowedReference(int.pointer), gil)
        }
        let text = try OwnedReference(new: PyNumber_ToBase(reference.pointer, 16))
        let digits = try String.fromPython(BorrowedReference(text.pointer), gil)
        let isNegative = digits.hasPrefix("-")
        return (isNegative ? "-" : "") + digits.dropFirst(isNegative ? 3 : 2)  // -0x
    }

    static func read<Value: FixedWidthInteger>(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        guard let value = Value(try digits(of: reference, gil), radix: 16) else {
            throw PythonConversionError(.overflow, "int does not fit in \(Value.self)")
        }
        return value
    }
}

extension Int128: PythonConvertible {
    /// Makes an `int`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try IntegerText.make(String(self, radix: 16))
    }

    /// Reads an `int` that fits.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Int128 {
        try IntegerText.read(reference, gil)
    }
}

extension UInt128: PythonConvertible {
    /// Makes an `int`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try IntegerText.make(String(self, radix: 16))
    }

    /// Reads an `int` that fits.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> UInt128 {
        try IntegerText.read(reference, gil)
    }
}
