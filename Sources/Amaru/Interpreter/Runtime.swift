// Calls into the part of the bridge that is written in Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The module `_amaru_runtime`, made from a source that is part of the library.
enum Runtime {
    /// Owned for ever.
    ///
    /// Safe because it is written once, before any other code can enter Python.
    private nonisolated(unsafe) static var module: PyPointer?

    /// The parts of the module, which share one namespace, in the order in which they run.
    private static var sources: [String] {
        [
            runtimeSource,
            errorsRuntimeSource,
            signatureRuntimeSource,
            classesRuntimeSource,
            asyncioRuntimeSource,
            streamsRuntimeSource,
            valuesRuntimeSource,
            codingRuntimeSource,
        ]
    }

    static func load() throws {
        let gil = PythonGIL()
        let name = try "_amaru_runtime".pythonReference(gil)
        guard let added = PyImport_AddModuleObject(name.pointer) else {
            throw PythonException.taken()
        }
        let module = OwnedReference(borrowed: added)
        let globals = PyModule_GetDict(module.pointer)  // borrowed
        // What C code imports while a function of the module runs, such as the compiler for a
        // name beyond ASCII, looks for `__import__` here.
        // https://docs.python.org/3/c-api/import.html#c.PyImport_Import
        guard PyDict_SetItemString(globals, "__builtins__", PyEval_GetBuiltins()) == 0 else {
            throw PythonException.taken()
        }
        let file = try ownFile(gil)
        for source in sources {
            let code = try OwnedReference(
                new: Py_CompileStringObject(source, file.pointer, Py_file_input, nil, -1)
            )
            _ = try OwnedReference(new: PyEval_EvalCode(code.pointer, globals, globals))
        }
        Self.module = module.take()
    }

    /// The one object that all code of the module has as its file name, which tells it apart.
    private static func ownFile(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        var name: PyPointer? = try "<amaru>".pythonReference(gil).take()
        PyUnicode_InternInPlace(&name)
        let file = try OwnedReference(new: name)
        CapturedTraceback.ownFile = file.pointer
        // Kept for ever, since it is compared by address.
        amaru_incref(file.pointer)
        return file
    }

    /// Calls a function of the module.
    static func call(
        _ function: String,
        _ arguments: [any ConvertibleToPython],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        guard let module else { throw Interpreter.notRunning() }
        let callable = try OwnedReference(new: PyObject_GetAttrString(module, function))
        return try Vectorcall.call(callable.pointer, arguments, gil)
    }

    /// Calls a function of the module where a failure cannot be described.
    static func attempt(
        _ function: String,
        _ argument: PythonObject,
        _ gil: borrowing PythonGIL
    ) -> OwnedReference? {
        guard let module, let callable = PyObject_GetAttrString(module, function) else {
            PyErr_Clear()
            return nil
        }
        defer { amaru_decref(callable) }
        guard let result = PyObject_CallOneArg(callable, argument.pointer) else {
            PyErr_Clear()
            return nil
        }
        return OwnedReference(new: result)
    }

    /// Reads an attribute of the module.
    static func attribute(_ name: String) throws -> OwnedReference {
        guard let module else { throw Interpreter.notRunning() }
        return try OwnedReference(new: PyObject_GetAttrString(module, name))
    }
}
