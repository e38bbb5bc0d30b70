// Items, length, membership and iteration.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// Reads an item, as `object[key]` does.
    public subscript(key: some ConvertibleToPython) -> PythonObject {
        get throws { try item(key) }
    }

    /// Reads an item and converts it.
    @_disfavoredOverload  // Both are generic over the key: an untyped use means the object.
    public subscript<Value: ConvertibleFromPython>(key: some ConvertibleToPython) -> Value {
        get throws {
            try item(key).value()
        }
    }

    /// Reads an item; the spelling for where a subscript would be ambiguous.
    public func item(_ key: some ConvertibleToPython) throws -> PythonObject {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        return PythonObject(try OwnedReference(new: PyObject_GetItem(pointer, key.pointer)))
    }

    /// Sets an item, as `object[key] = value` does.
    public func setItem(_ key: some ConvertibleToPython, to value: some ConvertibleToPython) throws
    {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        let value = try value.pythonReference(PythonGIL())
        guard PyObject_SetItem(pointer, key.pointer, value.pointer) == 0 else {
            throw PythonException.taken()
        }
    }

    /// Deletes an item, as `del object[key]` does.
    public func deleteItem(_ key: some ConvertibleToPython) throws {
        try Interpreter.requireRunning()
        let key = try key.pythonReference(PythonGIL())
        guard PyObject_DelItem(pointer, key.pointer) == 0 else { throw PythonException.taken() }
    }

    /// What `len()` gives.
    public func count() throws -> Int {
        try Interpreter.requireRunning()
        let count = PyObject_Size(pointer)
        guard count >= 0 else { throw PythonException.taken() }
        return count
    }

    /// Says whether the object contains `value`, as `in` does.
    public func contains(_ value: some ConvertibleToPython) throws -> Bool {
        try Interpreter.requireRunning()
        let value = try value.pythonReference(PythonGIL())
        let result = PySequence_Contains(pointer, value.pointer)
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
    }

    /// Starts an iteration, as `iter()` does.
    ///
    /// ```swift
    /// let lines = try file.makeIterator()
    /// while let line = try lines.next() { … }
    /// ```
    public func makeIterator() throws -> PythonIterator {
        try Interpreter.requireRunning()
        return PythonIterator(PythonObject(try OwnedReference(new: PyObject_GetIter(pointer))))
    }
}

/// An iteration over a Python object, whose steps can raise.
@PythonActor
public final class PythonIterator {
    private let iterator: PythonObject

    init(_ iterator: PythonObject) {
        self.iterator = iterator
    }

    /// Advances to the next element; nil after the last one.
    public func next() throws -> PythonObject? {
        try Interpreter.requireRunning()
        if let element = PyIter_Next(iterator.pointer) {
            return PythonObject(OwnedReference(new: element))
        }
        guard PyErr_Occurred() == nil else { throw PythonException.taken() }
        return nil
    }
}
