// Integers ⇄ int. A bool is not an integer, and nothing is cut off.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension ConvertibleToPython where Self: FixedWidthInteger & SignedInteger {
    /// Makes an `int`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try OwnedReference(new: PyLong_FromLongLong(Int64(self)))
    }
}

extension ConvertibleToPython where Self: FixedWidthInteger & UnsignedInteger {
    /// Makes an `int`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    @inlinable
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try OwnedReference(new: PyLong_FromUnsignedLongLong(UInt64(self)))
    }
}

extension ConvertibleFromPython where Self: FixedWidthInteger {
    /// Reads an `int` that fits, or what has `__index__`, such as numpy's integers.
    ///
    /// It refuses `bool`, which CPython counts as an `int`.
    ///
    /// - Throws: ``PythonConversionError`` for another object, or a number that is not represented
    ///   exactly.
    @inlinable
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        var small = 0
        if amaru_is_exact_long(reference.pointer) != 0,
            amaru_small_long(reference.pointer, &small) != 0,
            let value = Self(exactly: small)
        {
            return value
        }
        return try large(reference, gil)
    }

    /// Integers convert without Python code.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { true }

    /// An int of several digits or of a subclass, or an object of another type.
    @inlinable
    @inline(never)
    static func large(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        guard amaru_is_long(reference.pointer) != 0, amaru_is_bool(reference.pointer) == 0 else {
            let int = try NumberProtocols.int(reference)
            return try fromPython(BorrowedReference(int.pointer), gil)
        }
        var overflow: Int32 = 0
        let signed = PyLong_AsLongLongAndOverflow(reference.pointer, &overflow)
        if overflow == 0, let value = Self(exactly: signed) { return value }
        if overflow > 0, Self.max > Int64.max {
            let unsigned = PyLong_AsUnsignedLongLong(reference.pointer)
            if PyErr_Occurred() == nil, let value = Self(exactly: unsigned) { return value }
            PyErr_Clear()
        }
        throw PythonConversionError(.overflow, "int does not fit in \(Self.self)")
    }
}

extension Int: PythonConvertible {}
extension Int8: PythonConvertible {}
extension Int16: PythonConvertible {}
extension Int32: PythonConvertible {}
extension Int64: PythonConvertible {}
extension UInt: PythonConvertible {}
extension UInt8: PythonConvertible {}
extension UInt16: PythonConvertible {}
extension UInt32: PythonConvertible {}
extension UInt64: PythonConvertible {}
