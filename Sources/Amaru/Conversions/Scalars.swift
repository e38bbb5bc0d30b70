// Bool ⇄ bool, Double and Float ⇄ float.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension Bool: PythonConvertible {
    /// Truth values convert without Python code.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { true }

    /// Makes a `bool`.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        OwnedReference(borrowed: self ? amaru_true() : amaru_false())
    }

    /// Reads a `bool` or numpy's, and nothing that is merely true or false.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Bool {
        guard amaru_is_bool(reference.pointer) != 0 else {
            return try NumberProtocols.bool(reference)
        }
        return reference.pointer == amaru_true()
    }
}

extension Double: PythonConvertible {
    /// Numbers convert without Python code.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { true }

    /// Makes a `float`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try OwnedReference(new: PyFloat_FromDouble(self))
    }

    /// Reads a `float`, or another number that a double represents exactly: an `int`, one of
    /// numpy's scalars, anything with `__float__` that is equal to it.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Double {
        if amaru_is_float(reference.pointer) != 0 { return amaru_float_value(reference.pointer) }
        return try exactly(reference, gil)
    }

    /// The number of an `int`, or of an object of another type, that has an exact Double.
    @usableFromInline
    @inline(never)
    static func exactly(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Double {
        guard amaru_is_long(reference.pointer) != 0, amaru_is_bool(reference.pointer) == 0 else {
            return try NumberProtocols.double(reference)
        }
        var overflow: Int32 = 0
        let small = PyLong_AsLongLongAndOverflow(reference.pointer, &overflow)
        if overflow == 0, let value = Double(exactly: small) { return value }
        // Of a number that has an exact Double no more than 56 bits are left without the last zeros.
        var digits = Substring(try IntegerText.digits(of: reference, gil))
        var exponent = 0
        while digits.count > 1, digits.last == "0" {
            digits.removeLast()
            exponent += 4
        }
        if let mantissa = Int64(digits, radix: 16), let value = Double(exactly: mantissa) {
            let result = Double(sign: .plus, exponent: exponent, significand: value)
            if result.isFinite { return result }
        }
        let number = overflow == 0 ? "int \(small)" : "a large int"
        throw PythonConversionError(.overflow, "\(number) has no exact Double")
    }
}

extension Float: PythonConvertible {
    /// Numbers convert without Python code.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { true }

    /// Makes a `float`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Double(self).pythonReference(gil)
    }

    /// Reads a number that a single-precision float represents exactly, or a NaN.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Float {
        let double = try Double.fromPython(reference, gil)
        if double.isNaN { return .nan }
        guard let value = Float(exactly: double) else {
            throw PythonConversionError(.overflow, "float \(double) has no exact Float")
        }
        return value
    }
}

/// Python's `None` as a value, for functions that return nothing.
@frozen
public struct PythonNone: PythonConvertible, Sendable, Hashable {
    /// Creates the value.
    @inlinable
    public init() {}

    /// Gives `None`.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        OwnedReference(borrowed: amaru_none())
    }

    /// Accepts `None` only.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonNone {
        guard reference.pointer == amaru_none() else {
            throw PythonConversionError.expected("None", found: reference)
        }
        return PythonNone()
    }
}
