// Attributes, read by member syntax and set by name.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Reads an attribute, as `object.name` does.
    public subscript(dynamicMember name: String) -> PythonObject {
        get throws { try attribute(name) }
    }

    /// Reads an attribute and converts it.
    public subscript<Value: ConvertibleFromPython>(dynamicMember name: String) -> Value {
        get throws { try attribute(name).value() }
    }

    /// Reads an attribute whose name is not known at compile time, as `getattr` does.
    public func attribute(_ name: String) throws -> PythonObject {
        try Interpreter.requireRunning()
        return try name.withPythonName { name in
            PythonObject(try OwnedReference(new: PyObject_GetAttr(pointer, name)))
        }
    }

    /// Says whether the object has an attribute, as `hasattr` does.
    public func hasAttribute(_ name: String) throws -> Bool {
        try Interpreter.requireRunning()
        return try name.withPythonName { name in
            if let value = PyObject_GetAttr(pointer, name) {  // new
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

    /// Sets an attribute, as `object.name = value` does.
    ///
    /// A member that throws on reading cannot be assigned to in Swift, so assignment is a call.
    public func setAttribute(_ name: String, to value: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        let value = try value.pythonReference(PythonGIL())
        try name.withPythonName { name in
            guard PyObject_SetAttr(pointer, name, value.pointer) == 0 else {
                throw PythonException.taken()
            }
        }
    }

    /// Deletes an attribute, as `del object.name` does.
    public func deleteAttribute(_ name: String) throws {
        try Interpreter.requireRunning()
        try name.withPythonName { name in
            guard PyObject_SetAttr(pointer, name, nil) == 0 else { throw PythonException.taken() }
        }
    }
}

extension String {
    /// Lends the name as a `str`.
    fileprivate func withPythonName<Result>(_ body: (PyPointer) throws -> Result) throws -> Result {
        let name = try pythonReference(PythonGIL())
        return try body(name.pointer)
    }
}
