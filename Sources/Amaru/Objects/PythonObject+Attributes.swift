// Attributes, read by member syntax and set by name.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

extension PythonObject {
    /// Reads an attribute, as `object.name` does.
    ///
    /// - Throws: ``PythonException`` with `AttributeError` if it is missing, or with what a property
    ///   raises.
    @inlinable
    public subscript(dynamicMember name: StaticString) -> PythonObject {
        get throws { PythonObject(try lookUp(name)) }
    }

    /// Reads an attribute and converts it, without a box for it.
    ///
    /// - Throws: ``PythonException`` with `AttributeError` if it is missing, or with what a property
    ///   raises; ``PythonConversionError`` if the value is of another type or does not fit.
    @inlinable
    public subscript<Value: ConvertibleFromPython>(dynamicMember name: StaticString) -> Value {
        get throws {
            let value = try lookUp(name)
            return try Value.fromPython(BorrowedReference(value.pointer), PythonGIL())
        }
    }

    @inlinable
    func lookUp(_ name: StaticString) throws -> OwnedReference {
        try Interpreter.requireRunning()
        guard let name = name.pythonName else { throw PythonException.taken() }
        return try OwnedReference(new: PyObject_GetAttr(pointer, name))
    }

    /// Reads an attribute whose name is not known at compile time, as `getattr` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func readAttribute(_ name: String) throws -> PythonObject {
        try Interpreter.requireRunning()
        let name = try name.pythonReference(PythonGIL())
        return PythonObject(try OwnedReference(new: PyObject_GetAttr(pointer, name.pointer)))
    }

    /// Says whether the object has an attribute, as `hasattr` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func hasAttribute(_ name: String) throws -> Bool {
        try Interpreter.requireRunning()
        return try Attribute.exists(name, of: pointer, PythonGIL())
    }

    /// Sets an attribute, as `object.name = value` does.
    ///
    /// A member that throws on reading cannot be assigned to in Swift, so assignment is a call.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @inlinable
    public func setAttribute(_ name: StaticString, to value: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        let value = try value.pythonReference(PythonGIL())
        guard let name = name.pythonName else { throw PythonException.taken() }
        try PythonException.check(PyObject_SetAttr(pointer, name, value.pointer))
    }

    /// Sets an attribute whose name is not known at compile time, as `setattr` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @_disfavoredOverload  // A literal is a `StaticString`, whose `str` is made once.
    public func setAttribute(_ name: String, to value: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let name = try name.pythonReference(gil)
        let value = try value.pythonReference(gil)
        try PythonException.check(PyObject_SetAttr(pointer, name.pointer, value.pointer))
    }

    /// Sets an attribute to `None`, by `nil`, or to a literal of values of several types.
    ///
    /// - Throws: ``PythonException`` with what `__setattr__` raises; ``PythonConversionError`` if
    ///   the value cannot be represented.
    @_disfavoredOverload
    public func setAttribute(_ name: String, to value: PythonValue) throws {
        try setAttribute(name, to: PythonObject(value))
    }

    /// Deletes an attribute, as `del object.name` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func deleteAttribute(_ name: String) throws {
        try Interpreter.requireRunning()
        let name = try name.pythonReference(PythonGIL())
        try PythonException.check(PyObject_SetAttr(pointer, name.pointer, nil))
    }
}
