// Bool ⇄ bool, Double and Float ⇄ float.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension Bool: PythonConvertible {
    /// Makes a `bool`.
    public func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        OwnedReference(borrowed: self ? amaru_true() : amaru_false())
    }

    /// Reads a `bool`, and nothing that is merely true or false.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Bool {
        guard amaru_is_bool(reference.pointer) != 0 else {
            throw PythonConversionError.expected("bool", found: reference)
        }
        return reference.pointer == amaru_true()
    }
}

extension Double: PythonConvertible {
    /// Makes a `float`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try OwnedReference(new: PyFloat_FromDouble(self))
    }

    /// Reads a `float`, or an `int` that a double represents exactly.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Double {
        if amaru_is_float(reference.pointer) != 0 { return PyFloat_AsDouble(reference.pointer) }
        guard amaru_is_long(reference.pointer) != 0, amaru_is_bool(reference.pointer) == 0 else {
            throw PythonConversionError.expected("float", found: reference)
        }
        let integer = try Int64.fromPython(reference, gil)
        guard let value = Double(exactly: integer) else {
            throw PythonConversionError(.overflow, "int \(integer) has no exact Double")
        }
        return value
    }
}

extension Float: PythonConvertible {
    /// Makes a `float`.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Double(self).pythonReference(gil)
    }

    /// Reads a number that a single-precision float represents exactly, or a NaN.
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
public struct PythonNone: PythonConvertible, Sendable, Hashable {
    /// Creates the value.
    public init() {}

    /// Gives `None`.
    public func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        OwnedReference(borrowed: amaru_none())
    }

    /// Accepts `None` only.
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
