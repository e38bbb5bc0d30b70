// Python's built-in functions about one object, as throwing functions.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// https://docs.python.org/3/library/functions.html
@PythonActor
extension Python {
    /// What `len()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func len(_ object: PythonObject) throws -> Int {
        try Interpreter.requireRunning()
        let count = PyObject_Size(object.pointer)
        guard count >= 0 else { throw PythonException.taken() }
        return count
    }

    /// What `repr()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func repr(_ object: PythonObject) throws -> String {
        try text(of: object, PyObject_Repr)
    }

    /// What `str()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func str(_ object: PythonObject) throws -> String {
        try text(of: object, PyObject_Str)
    }

    private static func text(
        of object: PythonObject,
        _ make: (PyPointer?) -> PyPointer?
    ) throws -> String {
        try Interpreter.requireRunning()
        let text = try OwnedReference(new: make(object.pointer))
        return try String.fromPython(BorrowedReference(text.pointer), PythonGIL())
    }

    /// Returns `abs(a)`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func abs(_ a: PythonObject) throws -> PythonObject {
        try PythonObject.unary(a, PyNumber_Absolute)
    }

    /// What `hash()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func hash(_ object: PythonObject) throws -> Int {
        try Interpreter.requireRunning()
        let result = PyObject_Hash(object.pointer)
        guard result != -1 else { throw PythonException.taken() }
        return result
    }

    /// What `type()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func type(of object: PythonObject) throws -> PythonObject {
        try Interpreter.requireRunning()
        return PythonObject(try OwnedReference(new: PyObject_Type(object.pointer)))
    }

    /// What `isinstance()` gives; `classes` is a class, a union of classes or a tuple of them.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func isinstance(_ object: PythonObject, _ classes: PythonObject) throws -> Bool {
        try Interpreter.requireRunning()
        return try truth(PyObject_IsInstance(object.pointer, classes.pointer))
    }

    /// What `issubclass()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func issubclass(_ class: PythonObject, _ classes: PythonObject) throws -> Bool {
        try Interpreter.requireRunning()
        return try truth(PyObject_IsSubclass(`class`.pointer, classes.pointer))
    }

    /// What `callable()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func callable(_ object: PythonObject) throws -> Bool {
        try Interpreter.requireRunning()
        return PyCallable_Check(object.pointer) != 0
    }

    /// What `dir()` gives.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func dir(_ object: PythonObject) throws -> [String] {
        try Interpreter.requireRunning()
        let names = try OwnedReference(new: PyObject_Dir(object.pointer))
        return try [String].fromPython(BorrowedReference(names.pointer), PythonGIL())
    }

    /// Says whether `container` contains `value`, as `value in container` does.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func contains(
        _ container: PythonObject,
        _ value: some ConvertibleToPython
    ) throws -> Bool {
        try Interpreter.requireRunning()
        let value = try value.pythonReference(PythonGIL())
        return try truth(PySequence_Contains(container.pointer, value.pointer))
    }

    /// The objects that an iteration gives, in an array; it does not end if the iteration doesn't.
    ///
    /// - Throws: ``PythonException``; ``PythonConversionError`` if an element does not convert.
    public static func elements<Value: ConvertibleFromPython>(
        of iterable: PythonObject,
        as type: Value.Type = Value.self
    ) throws -> [Value] {
        let iterator = try iterable.makeIterator()
        var result: [Value] = []
        while let element: Value = try converting(at: "[\(result.count)]", { try iterator.next() })
        {
            result.append(element)
        }
        return result
    }

    /// Sorts as `sorted()` does; a failing comparison throws.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func sorted(_ iterable: PythonObject) throws -> PythonObject {
        try Interpreter.requireRunning()
        let list = try OwnedReference(new: PySequence_List(iterable.pointer))
        try PythonException.check(PyList_Sort(list.pointer))
        return PythonObject(list)
    }

    /// A built-in function or class by its name.
    ///
    /// - Throws: ``PythonException`` if there is no such name.
    public static func builtin(_ name: StaticString) throws -> PythonObject {
        try Interpreter.requireRunning()
        guard let name = name.pythonName else { throw PythonException.taken() }
        // Borrowed from the interpreter.
        guard let builtins = PyEval_GetBuiltins() else { throw PythonException.taken() }
        if let value = PyDict_GetItemWithError(builtins, name) {  // borrowed
            return PythonObject(OwnedReference(borrowed: value))
        }
        if PyErr_Occurred() == nil { PyErr_SetObject(amaru_NameError(), name) }
        throw PythonException.taken()
    }

    private static func truth(_ result: Int32) throws -> Bool {
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
    }
}
