// Items, read by subscript, and iteration.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

/// In an extension of a protocol, so that an untyped use reads the object.
extension PythonMemberLookup where Self == PythonObject {
    /// Reads an item and converts it, without a box for it.
    ///
    /// - Throws: ``PythonException`` with `KeyError`, `IndexError` or what else `__getitem__` raises;
    ///   ``PythonConversionError`` if the key cannot be represented, or the item is of another
    ///   type or does not fit.
    @inlinable
    public subscript<Value: ConvertibleFromPython>(key: some ConvertibleToPython) -> Value {
        get throws {
            let item = try self.lookUp(item: key)
            return try Value.fromPython(BorrowedReference(item.pointer), PythonGIL())
        }
    }
}

extension PythonObject {
    /// Reads an item, as `object[key]` does; a range is a slice.
    ///
    /// - Throws: ``PythonException`` with `KeyError`, `IndexError` or what else `__getitem__` raises;
    ///   ``PythonConversionError`` if the key cannot be represented.
    @inlinable
    public subscript(key: some ConvertibleToPython) -> PythonObject {
        get throws { PythonObject(try lookUp(item: key)) }
    }

    /// Reads an item by several indices, as `object[row, column]` does with their tuple.
    ///
    /// - Throws: ``PythonException`` with `KeyError`, `IndexError` or what else `__getitem__` raises;
    ///   ``PythonConversionError`` if an index cannot be represented.
    public subscript<each Index: ConvertibleToPython>(
        first: some ConvertibleToPython,
        second: some ConvertibleToPython,
        rest: repeat each Index
    ) -> PythonObject {
        get throws {
            try Interpreter.requireRunning()
            let gil = PythonGIL()
            var keys: [PythonObject] = []
            keys.append(PythonObject(try first.pythonReference(gil)))
            keys.append(PythonObject(try second.pythonReference(gil)))
            for index in repeat each rest {
                keys.append(PythonObject(try index.pythonReference(gil)))
            }
            return PythonObject(try lookUp(item: PythonTuple(elements: keys)))
        }
    }

    @inlinable
    func lookUp(item key: some ConvertibleToPython) throws -> OwnedReference {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        return try OwnedReference(new: PyObject_GetItem(pointer, key.pointer))
    }

    /// Sets an item, as `object[key] = value` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func setItem(_ key: some ConvertibleToPython, to value: some ConvertibleToPython) throws
    {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        let value = try value.pythonReference(PythonGIL())
        try PythonException.check(PyObject_SetItem(pointer, key.pointer, value.pointer))
    }

    /// Sets an item to `None`, by `nil`, or to a literal of values of several types.
    ///
    /// - Throws: ``PythonException`` with what `__setitem__` raises; ``PythonConversionError`` if
    ///   key or value cannot be represented.
    @_disfavoredOverload
    public func setItem(_ key: some ConvertibleToPython, to value: PythonValue) throws {
        try setItem(key, to: PythonObject(value))
    }

    /// Deletes an item, as `del object[key]` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func deleteItem(_ key: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        try PythonException.check(PyObject_DelItem(pointer, key.pointer))
    }

    /// Starts an iteration, as `iter()` does.
    ///
    /// ```swift
    /// let lines = try file.makeIterator()
    /// while let line = try lines.next() { print(line) }
    /// ```
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @inlinable
    public func makeIterator() throws -> PythonIterator {
        try Interpreter.requireRunning()
        return PythonIterator(PythonObject(try OwnedReference(new: PyObject_GetIter(pointer))))
    }
}
