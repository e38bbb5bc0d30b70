// Objects that are numbers without being an int or a float, such as numpy's scalars.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// What Python's own functions for numbers accept.
///
/// Both methods may run Python code, so they own the object meanwhile: whoever lends it may lose it.
@usableFromInline
enum NumberProtocols {
    /// Returns the `int` of an object with `__index__`.
    ///
    /// - Throws: ``PythonConversionError`` where it has none; what the method raises.
    /// - SeeAlso: https://docs.python.org/3/reference/datamodel.html#object.__index__
    @usableFromInline
    @inline(never)
    static func int(_ reference: borrowing BorrowedReference) throws -> OwnedReference {
        let object = OwnedReference(borrowed: reference.pointer)
        guard PyIndex_Check(object.pointer) != 0, !isTruthValue(object.pointer) else {
            throw PythonConversionError.expected("int", found: reference)
        }
        if let number = PyNumber_Index(object.pointer) { return OwnedReference(new: number) }
        guard PyErr_ExceptionMatches(amaru_TypeError()) != 0 else { throw PythonException.taken() }
        // Such as an array of numpy that has several elements.
        PyErr_Clear()
        throw PythonConversionError.expected("int", found: reference)
    }

    /// Returns the number of an object with `__float__` that is equal to it.
    ///
    /// So numpy's `float32` and 0-dimensional arrays convert, and `Decimal("0.1")` does not.
    ///
    /// - Throws: ``PythonConversionError`` where it has no such number; what its methods raise.
    @usableFromInline
    @inline(never)
    static func double(_ reference: borrowing BorrowedReference) throws -> Double {
        let object = OwnedReference(borrowed: reference.pointer)
        let methods = amaru_type(object.pointer).pointee.tp_as_number
        guard let methods, methods.pointee.nb_float != nil, !isTruthValue(object.pointer),
            !reference.typeName.hasPrefix("numpy.complex")
        else { throw PythonConversionError.expected("float", found: reference) }
        // numpy compares a large integer with a float as two floats, and finds them equal.
        if PyIndex_Check(object.pointer) != 0, let number = PyNumber_Index(object.pointer) {  // new
            let int = OwnedReference(new: number)
            if try isEqual(object.pointer, int.pointer) {
                return try Double.fromPython(BorrowedReference(int.pointer), PythonGIL())
            }
        }
        PyErr_Clear()
        guard let number = PyNumber_Float(object.pointer) else {  // new
            guard PyErr_ExceptionMatches(amaru_TypeError()) != 0 else {
                throw PythonException.taken()
            }
            // Such as an array of numpy that has several elements.
            PyErr_Clear()
            throw PythonConversionError.expected("float", found: reference)
        }
        let float = OwnedReference(new: number)
        let value = PyFloat_AsDouble(float.pointer)
        if value.isNaN { return value }
        guard try isEqual(object.pointer, float.pointer) else {
            throw PythonConversionError.expected("a number that a double equals", found: reference)
        }
        return value
    }

    private static func isEqual(_ a: PyPointer, _ b: PyPointer) throws -> Bool {
        let result = PyObject_RichCompareBool(a, b, Py_EQ)
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
    }

    /// Whether an object is a truth value: a `bool`, or numpy's, which is no subclass of it.
    @usableFromInline
    @inline(never)
    static func isTruthValue(_ object: PyPointer) -> Bool {
        if amaru_is_bool(object) != 0 { return true }
        let name = String(cString: amaru_type(object).pointee.tp_name)
        return name == "numpy.bool_" || name == "numpy.bool"
    }

    /// Returns the value of numpy's own truth values.
    ///
    /// - Throws: ``PythonConversionError`` where the object is of another type.
    @usableFromInline
    @inline(never)
    static func bool(_ reference: borrowing BorrowedReference) throws -> Bool {
        guard isTruthValue(reference.pointer) else {
            throw PythonConversionError.expected("bool", found: reference)
        }
        let isTrue = PyObject_IsTrue(reference.pointer)
        guard isTrue >= 0 else { throw PythonException.taken() }
        return isTrue == 1
    }
}
