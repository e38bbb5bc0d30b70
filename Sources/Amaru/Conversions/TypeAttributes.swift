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
        if let value = PyObject_GetAttrString(type, name) {  // new
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
