// A Python dict as a typed view.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A view of a Python `dict` whose keys and values convert to and from Swift types.
///
/// It reads and changes the dict itself; `[Key: Value](object)` copies it. Used on the Python
/// actor only.
@PythonActor
public struct PythonDictionary<Key: PythonConvertible, Value: PythonConvertible> {
    /// The dict.
    public let object: PythonObject

    /// Makes a new, empty dict.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public init() throws {
        try Interpreter.requireRunning()
        object = PythonObject(try OwnedReference(new: PyDict_New()))
    }

    /// Views a dict.
    ///
    /// - Throws: ``PythonConversionError`` where the object is no `dict`.
    public init(_ object: PythonObject) throws {
        try Interpreter.requireRunning()
        guard amaru_is_dict(object.pointer) != 0 else {
            throw PythonConversionError.expected("dict", found: BorrowedReference(object.pointer))
        }
        self.object = object
    }

    /// The number of entries now.
    public var count: Int { amaru_dict_count(object.pointer) }

    /// Reads the value of a key; nil where there is none.
    ///
    /// - Throws: ``PythonConversionError`` if the value is of another type or does not fit;
    ///   ``PythonException`` with what hashing or comparing the key raises.
    public subscript(key: Key) -> Value? {
        get throws {
            try Interpreter.requireRunning()
            let name = try key.pythonReference(PythonGIL())
            guard let value = PyDict_GetItemWithError(object.pointer, name.pointer) else {
                if PyErr_Occurred() != nil { throw PythonException.taken() }
                return nil
            }
            let item = OwnedReference(borrowed: value)
            return try converting(at: "[\(key)]") {
                try Value.fromPython(BorrowedReference(item.pointer), PythonGIL())
            }
        }
    }

    /// Sets the value of a key.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func updateValue(_ value: Value, forKey key: Key) throws {
        try Interpreter.requireRunning()
        let name = try key.pythonReference(PythonGIL())
        let item = try value.pythonReference(PythonGIL())
        try PythonException.check(PyDict_SetItem(object.pointer, name.pointer, item.pointer))
    }

    /// Takes a key out.
    ///
    /// - Throws: ``PythonException`` of `KeyError` where it is not there.
    public func removeValue(forKey key: Key) throws {
        try Interpreter.requireRunning()
        let name = try key.pythonReference(PythonGIL())
        try PythonException.check(PyDict_DelItem(object.pointer, name.pointer))
    }

    /// The keys as they are now, in the order of the dict.
    ///
    /// - Throws: ``PythonConversionError`` if a key does not convert.
    public func keys() throws -> [Key] {
        try Interpreter.requireRunning()
        let keys = try OwnedReference(new: PyDict_Keys(object.pointer))
        return try [Key].fromPython(BorrowedReference(keys.pointer), PythonGIL())
    }
}

extension PythonDictionary: ConvertibleToPython {
    /// Gives the dict itself.
    public nonisolated func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        object.newReference(gil)
    }
}
