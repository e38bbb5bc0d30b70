// Lists and dicts of values of several types.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

@PythonActor
extension Python {
    /// Makes a `list` of values of any types; `nil` is `None`.
    ///
    /// A Swift array of one type is an argument as it is. This is for the others:
    ///
    /// ```swift
    /// try table.append(Python.list([1, "x", nil, Python.list([2.5, "y"])]))
    /// ```
    ///
    /// - Throws: ``PythonConversionError`` where an element cannot be represented.
    public static func list(_ elements: [(any ConvertibleToPython)?]) throws -> PythonObject {
        try Interpreter.requireRunning()
        let list = try OwnedReference(new: PyList_New(elements.count))
        for (index, element) in elements.enumerated() {
            let item = try converting(at: "[\(index)]") {
                try Vectorcall.reference(to: element, PythonGIL())
            }
            amaru_list_fill(list.pointer, index, item.take())  // stolen
        }
        return PythonObject(list)
    }

    /// Makes a `list` of the elements of any sequence.
    ///
    /// - Throws: ``PythonConversionError`` where an element cannot be represented.
    public static func list(_ elements: some Sequence<some ConvertibleToPython>) throws
        -> PythonObject
    {
        try PythonObject(Array(elements))
    }

    /// Makes a `dict` of keys and values of any types, in this order; `nil` is `None`.
    ///
    /// ```swift
    /// let table = try pd.DataFrame(Python.dict(["name": ["Ada", "Bob"], "age": [36, 41]]))
    /// ```
    ///
    /// - Throws: ``PythonConversionError`` where a key or value cannot be represented;
    ///   ``PythonException`` with `TypeError` where a key has no hash in Python.
    public static func dict(
        _ entries: KeyValuePairs<any ConvertibleToPython, (any ConvertibleToPython)?>
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        let dictionary = try OwnedReference(new: PyDict_New())
        for (key, value) in entries {
            let name = try converting(at: " key") { try key.pythonReference(PythonGIL()) }
            let item = try converting(at: "[\(key)]") {
                try Vectorcall.reference(to: value, PythonGIL())
            }
            try PythonException.check(
                PyDict_SetItem(dictionary.pointer, name.pointer, item.pointer)
            )
        }
        return PythonObject(dictionary)
    }

    /// Makes a `dict` of values of any types, in the order of their keys.
    ///
    /// - Throws: ``PythonConversionError`` where a value cannot be represented.
    @_disfavoredOverload  // A literal keeps its own order.
    public static func dict(_ entries: [String: (any ConvertibleToPython)?]) throws -> PythonObject
    {
        try Interpreter.requireRunning()
        let dictionary = try OwnedReference(new: PyDict_New())
        for (name, value) in entries.sorted(by: { $0.key < $1.key }) {
            let key = try name.pythonReference(PythonGIL())
            let item = try converting(at: "[\(name)]") {
                try Vectorcall.reference(to: value, PythonGIL())
            }
            try PythonException.check(PyDict_SetItem(dictionary.pointer, key.pointer, item.pointer))
        }
        return PythonObject(dictionary)
    }

    /// Calls an object with arguments that are known only at run time, as
    /// `function(*arguments, **keywords)` does.
    ///
    /// - Parameters:
    ///   - function: What to call.
    ///   - arguments: The positional arguments; `nil` is `None`.
    ///   - keywords: The keyword arguments, which are passed in the order of their names.
    /// - Returns: The result.
    /// - Throws: ``PythonException`` with what the call raises; ``PythonConversionError`` where an
    ///   argument cannot be represented.
    @discardableResult
    public static func call(
        _ function: PythonObject,
        arguments: [(any ConvertibleToPython)?] = [],
        keywords: [String: (any ConvertibleToPython)?] = [:]
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        let positional = try OwnedReference(new: PyTuple_New(arguments.count))
        for (index, argument) in arguments.enumerated() {
            let item = try converting(at: "[\(index)]") {
                try Vectorcall.reference(to: argument, PythonGIL())
            }
            PyTuple_SetItem(positional.pointer, index, item.take())  // stolen, also on failure
        }
        let named = try dict(keywords)
        return PythonObject(
            try OwnedReference(
                new: PyObject_Call(function.pointer, positional.pointer, named.pointer)
            )
        )
    }
}
