// What the type of an object has, asked without running the object's own `__getattr__`.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension OwnedReference {
    /// Says whether the object's type has an attribute.
    ///
    /// - Throws: What the lookup raises, except `AttributeError`.
    func typeHasAttribute(_ name: String) throws -> Bool {
        let type = UnsafeMutableRawPointer(amaru_type(pointer)).assumingMemoryBound(
            to: PyObject.self
        )
        return try Attribute.exists(name, of: type, PythonGIL())
    }
}

/// Whether an object has an attribute.
enum Attribute {
    /// Looks an attribute up, as `hasattr` does; `object` is borrowed.
    ///
    /// - Throws: What the lookup raises, except `AttributeError`.
    static func exists(
        _ name: String,
        of object: PyPointer,
        _ gil: borrowing PythonGIL
    ) throws -> Bool {
        let name = try name.pythonReference(gil)
        if let value = PyObject_GetAttr(object, name.pointer) {  // new
            amaru_decref(value)
            return true
        }
        guard PyErr_ExceptionMatches(amaru_AttributeError()) != 0 else {
            throw PythonException.taken()
        }
        PyErr_Clear()
        return false
    }
}
