// Calls into the part of the bridge that is written in Python.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The module `_amaru_runtime`, whose source files are embedded: the library has no bundle.
///
/// Its frames have the file name `<amaru>`, by which tracebacks leave them out. Compiling all of it
/// would cost as much as CPython's own start: so each part runs when one of its functions is called
/// first, and its code is kept with that of modules.
enum Runtime {
    /// Owned forever.
    ///
    /// Safe because it is written once, before any other code can enter Python.
    private nonisolated(unsafe) static var module: PyPointer?

    /// The one object that all code of the module has as its file name, which tells it apart.
    ///
    /// Safe because it is written once, before any other code can enter Python.
    private nonisolated(unsafe) static var file: PyPointer?

    /// Held while a part runs, so that it runs once; a part imports only what is imported already.
    ///
    /// Python's own, since running a part may let other threads have the GIL. Safe as above.
    private nonisolated(unsafe) static var lock: PyPointer?
    /// The parts that have run.
    ///
    /// Safe because it is touched with the GIL held only.
    private nonisolated(unsafe) static var loaded: Set<Part> = []

    /// Makes the module, with the exception class of errors of Swift.
    static func load() throws {
        noteBytecodeFolder()
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
        let documentation = "An error that Swift code threw; it is the same value again in Swift."
        let error = try OwnedReference(
            new: PyErr_NewExceptionWithDoc(
                "_amaru_runtime.SwiftError",
                documentation,
                amaru_RuntimeError(),
                nil
            )
        )
        try SwiftErrorCapsule.describeType(in: error.pointer)
        let threads = try OwnedReference(new: PyImport_ImportModule("_thread"))
        let makeLock = try OwnedReference(new: PyObject_GetAttrString(threads.pointer, "RLock"))
        let lock = try OwnedReference(new: PyObject_CallNoArgs(makeLock.pointer))
        guard PyObject_SetAttrString(module.pointer, "SwiftError", error.pointer) == 0 else {
            throw PythonException.taken()
        }
        file = try ownFile(gil).take()
        self.lock = lock.take()
        self.module = module.take()
    }

    private static func run(_ part: Part) throws {
        guard let module, let file, let lock else { throw Interpreter.notRunning() }
        // Not by the part: the lock of an import must be taken before that of the parts.
        if let module = part.requirement {
            _ = try OwnedReference(new: PyImport_ImportModule(module))
        }
        _ = try Method.call(lock, "acquire")
        defer { if (try? Method.call(lock, "release")) == nil { PyErr_Clear() } }
        guard !loaded.contains(part) else { return }
        if let base = part.base { try run(base) }
        let code = try code(of: part, file)
        let globals = PyModule_GetDict(module)  // borrowed
        _ = try OwnedReference(new: PyEval_EvalCode(code.pointer, globals, globals))
        loaded.insert(part)
    }

    private static func ownFile(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        var name: PyPointer? = try "<amaru>".pythonReference(gil).take()
        PyUnicode_InternInPlace(&name)
        let file = try OwnedReference(new: name)
        CapturedTraceback.ownFile = file.pointer
        return file
    }

    /// A function or class of the module (new), whose part runs before if it has not.
    static func attribute(
        _ part: Part,
        _ name: String,
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        guard let module else { throw Interpreter.notRunning() }
        if let found = PyObject_GetAttrString(module, name) { return OwnedReference(new: found) }
        PyErr_Clear()
        try run(part)
        return try OwnedReference(new: PyObject_GetAttrString(module, name))
    }

    /// The class of errors that Swift code throws (new).
    static func swiftError() throws -> OwnedReference {
        guard let module else { throw Interpreter.notRunning() }
        return try OwnedReference(new: PyObject_GetAttrString(module, "SwiftError"))
    }

    /// Calls a function of the module.
    static func call(
        _ part: Part,
        _ function: String,
        _ arguments: [any ConvertibleToPython],
        _ gil: borrowing PythonGIL
    ) throws -> OwnedReference {
        let callable = try attribute(part, function, gil)
        return try Vectorcall.call(callable.pointer, arguments, gil)
    }

    /// Calls a function of the module where a failure cannot be described.
    static func attempt(
        _ part: Part,
        _ function: String,
        _ argument: PythonObject,
        _ gil: borrowing PythonGIL
    ) -> OwnedReference? {
        guard let callable = try? attribute(part, function, gil) else { return nil }
        guard let result = PyObject_CallOneArg(callable.pointer, argument.pointer) else {
            PyErr_Clear()
            return nil
        }
        return OwnedReference(new: result)
    }
}
