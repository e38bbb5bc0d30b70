// Sources as expressions and statements, compiled once.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaru
internal import CAmaruPython

@PythonActor
extension Python {
    /// The namespace of the module `__main__`.
    ///
    /// - Throws: ``AmaruError/Code/notRunning``.
    public static func globals() throws -> PythonObject {
        try Interpreter.requireRunning()
        return PythonObject(OwnedReference(borrowed: try mainNamespace()))
    }

    /// The value of an expression, without `await`.
    ///
    /// The code of a literal is compiled once and kept.
    ///
    /// - Parameters:
    ///   - expression: The source of one expression.
    ///   - globals: The namespace; that of `__main__` where nil.
    /// - Returns: The value.
    /// - Throws: ``PythonException``, for a syntax error too.
    @inlinable
    public static func eval(_ expression: StaticString, globals: PythonObject? = nil) throws
        -> PythonObject
    {
        PythonObject(try evaluate(expression, globals: globals))
    }

    /// The value of an expression, converted without a box for it.
    ///
    /// - Throws: ``PythonException``, for a syntax error too, or ``PythonConversionError`` if the
    ///   value does not convert.
    @inlinable
    public static func eval<Value: ConvertibleFromPython>(
        _ expression: StaticString,
        as type: Value.Type = Value.self,
        globals: PythonObject? = nil
    ) throws -> Value {
        let value = try evaluate(expression, globals: globals)
        return try Value.fromPython(BorrowedReference(value.pointer), PythonGIL())
    }

    /// Executes statements, without `await`; the code of a literal is compiled once and kept.
    ///
    /// - Throws: ``PythonException``, for a syntax error too.
    public static func exec(_ source: StaticString, globals: PythonObject? = nil) throws {
        try Interpreter.requireRunning()
        guard let entry = try SourceCache.entry(of: source) else {
            return try exec("\(source)" as String, globals: globals)
        }
        if let code = entry.pointee.statements {
            _ = try evaluate(code, globals: globals)
            return
        }
        // Compiled before it is stored: a warning of the compiler may run Python code.
        let code = try SourceCache.compile("\(source)", Py_file_input)
        _ = try evaluate(code.pointer, globals: globals)
        if entry.pointee.statements == nil { entry.pointee.statements = code.take() }
    }

    /// The value of an expression that is made at run time.
    ///
    /// - Throws: ``PythonException``, for a syntax error too.
    @_disfavoredOverload
    public static func eval(_ expression: String, globals: PythonObject? = nil) throws
        -> PythonObject
    {
        let code = try SourceCache.compiled(expression, Py_eval_input)
        return PythonObject(try evaluate(code.pointer, globals: globals))
    }

    /// The value of an expression that is made at run time, converted.
    ///
    /// - Throws: ``PythonException``, for a syntax error too, or ``PythonConversionError`` if the
    ///   value does not convert.
    @_disfavoredOverload
    public static func eval<Value: ConvertibleFromPython>(
        _ expression: String,
        as type: Value.Type = Value.self,
        globals: PythonObject? = nil
    ) throws -> Value {
        let code = try SourceCache.compiled(expression, Py_eval_input)
        let value = try evaluate(code.pointer, globals: globals)
        return try Value.fromPython(BorrowedReference(value.pointer), PythonGIL())
    }

    /// Executes statements that are made at run time.
    ///
    /// - Throws: ``PythonException``, for a syntax error too.
    @_disfavoredOverload
    public static func exec(_ source: String, globals: PythonObject? = nil) throws {
        let code = try SourceCache.compiled(source, Py_file_input)
        _ = try evaluate(code.pointer, globals: globals)
    }

    @usableFromInline
    static func evaluate(_ expression: StaticString, globals: PythonObject?) throws
        -> OwnedReference
    {
        try Interpreter.requireRunning()
        let entry = try SourceCache.entry(of: expression)
        if let code = entry?.pointee.expression { return try evaluate(code, globals: globals) }
        guard let entry else {
            let code = try SourceCache.compiled("\(expression)", Py_eval_input)
            return try evaluate(code.pointer, globals: globals)
        }
        // Compiled before it is stored: a warning of the compiler may run Python code.
        let code = try SourceCache.compile("\(expression)", Py_eval_input)
        let result = try evaluate(code.pointer, globals: globals)
        if entry.pointee.expression == nil { entry.pointee.expression = code.take() }
        return result
    }

    /// Runs code (borrowed) and returns its value.
    static func evaluate(_ code: PyPointer, globals: PythonObject?) throws
        -> OwnedReference
    {
        // Owned meanwhile: the code may replace the module that has it.
        let namespace = OwnedReference(borrowed: try globals?.pointer ?? mainNamespace())
        if globals != nil { try addBuiltins(to: namespace) }
        return try ForkedChild.endingWith {
            try OwnedReference(new: PyEval_EvalCode(code, namespace.pointer, namespace.pointer))
        }
    }

    /// Adds `__builtins__` where it is missing, as `exec` does.
    ///
    /// https://docs.python.org/3/library/functions.html#exec
    static func addBuiltins(to namespace: borrowing OwnedReference) throws {
        guard amaru_is_dict(namespace.pointer) != 0 else {
            throw PythonConversionError.expected(
                "dict for the globals",
                found: BorrowedReference(namespace.pointer)
            )
        }
        guard let name = ("__builtins__" as StaticString).pythonName else {
            throw PythonException.taken()
        }
        let known = PyDict_Contains(namespace.pointer, name)
        // Borrowed, the builtins of the code that runs now.
        guard known == 0, let builtins = PyEval_GetBuiltins() else {
            if known < 0 { throw PythonException.taken() }
            return
        }
        try PythonException.check(PyDict_SetItem(namespace.pointer, name, builtins))
    }

    /// The namespace of the module that stands as `__main__` now (borrowed).
    private static func mainNamespace() throws -> PyPointer {
        guard let name = ("__main__" as StaticString).pythonName else {
            throw PythonException.taken()
        }
        let module = PyDict_GetItemWithError(PyImport_GetModuleDict(), name)  // borrowed
        guard let module, let namespace = PyModule_GetDict(module) else {
            if PyErr_Occurred() != nil { throw PythonException.taken() }
            throw AmaruError(.notRunning, "There is no module __main__ in sys.modules.")
        }
        return namespace
    }
}

/// Compiled sources.
@PythonActor
enum SourceCache {
    /// Compared by its bytes: to Swift "é" is one text whether composed or not, to Python it is two.
    private struct Key: Hashable {
        let source: String
        let start: Int32

        static func == (first: Key, second: Key) -> Bool {
            first.start == second.start && first.source.utf8.elementsEqual(second.source.utf8)
        }

        func hash(into hasher: inout Hasher) {
            var source = source
            source.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
            hasher.combine(start)
        }
    }

    private static var codes: [Key: PythonObject] = [:]
    /// Sources made at run time: with this many in it the cache starts again.
    private static let limit = 256
    /// A longer source is rarely a formula that comes again.
    private static let longest = 4096

    /// The entry of a literal; nil where the table has no place for it.
    static func entry(of literal: StaticString) throws -> UnsafeMutablePointer<amaru_name>? {
        guard literal.hasPointerRepresentation else { return nil }
        guard literal.pythonName != nil else { throw PythonException.taken() }
        let address = UnsafeRawPointer(literal.utf8Start)
        guard let entry = amaru_name_probe(literal.utf8Start), entry.pointee.literal == address
        else { return nil }
        return entry
    }

    static func compiled(_ source: String, _ start: Int32) throws -> PythonObject {
        try Interpreter.requireRunning()
        let key = Key(source: source, start: start)
        if let code = codes[key] { return code }
        let code = PythonObject(try compile(source, start))
        if source.utf8.count <= longest {
            if codes.count >= limit { codes = [:] }
            codes[key] = code
        }
        return code
    }

    static func compile(_ source: String, _ start: Int32) throws -> OwnedReference {
        guard !source.utf8.contains(0) else {
            throw PythonConversionError(.value, "source code cannot contain null bytes")
        }
        return try OwnedReference(new: Py_CompileString(source, "<string>", start))
    }
}
