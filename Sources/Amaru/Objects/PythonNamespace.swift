// A namespace of one's own, in which sources run.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// The global names of some sources, apart from those of all others.
///
/// ```swift
/// let namespace = try PythonNamespace()
/// try namespace.set("table", to: table)
/// try namespace.exec("adults = table.query('age > 17')")
/// let count: Int = try namespace.eval("len(adults)")
/// let adults = try namespace["adults"]
/// ```
///
/// What runs in it has a Python frame, which a call from Swift has not: `globals()`, `dir()`,
/// `eval()` and pandas' `query` work there. Used on the Python actor; ``run(_:filename:)`` is
/// called from anywhere.
@PythonActor
public struct PythonNamespace {
    /// The `dict` of the names.
    public nonisolated let globals: PythonObject

    /// Creates a namespace in which `__name__` is `name`, and with the built-in functions.
    ///
    /// - Throws: ``AmaruError`` if Python does not run.
    public init(name: String = "__main__") throws {
        globals = try PythonObject(["__name__": name])
    }

    /// Takes a dict as it is, such as the `__dict__` of a module.
    ///
    /// - Throws: ``PythonConversionError`` if the object is not a `dict`.
    public init(_ globals: PythonObject) throws {
        self.globals = try PythonDictionary<String, PythonObject>(globals).object
    }

    /// Executes statements, without `await`.
    ///
    /// - Throws: ``PythonException`` with what the source raises, `SyntaxError` too.
    public func exec(_ source: StaticString) throws {
        try Python.exec(source, globals: globals)
    }

    /// Executes statements that are made at run time, without `await`.
    ///
    /// - Throws: ``PythonException`` with what the source raises, `SyntaxError` too.
    @_disfavoredOverload
    public func exec(_ source: String) throws {
        try Python.exec(source, globals: globals)
    }

    /// Returns the value of an expression, without `await`.
    ///
    /// - Throws: ``PythonException`` with what the expression raises, `SyntaxError` too.
    public func eval(_ expression: StaticString) throws -> PythonObject {
        try Python.eval(expression, globals: globals)
    }

    /// Returns the value of an expression, converted.
    ///
    /// - Throws: ``PythonException`` with what the expression raises; ``PythonConversionError``.
    public func eval<Value: ConvertibleFromPython>(
        _ expression: StaticString,
        as type: Value.Type = Value.self
    ) throws -> Value {
        try Python.eval(expression, globals: globals)
    }

    /// Returns the value of an expression that is made at run time.
    ///
    /// - Throws: ``PythonException`` with what the expression raises, `SyntaxError` too.
    @_disfavoredOverload
    public func eval(_ expression: String) throws -> PythonObject {
        try Python.eval(expression, globals: globals)
    }

    /// Returns the value of an expression that is made at run time, converted.
    ///
    /// - Throws: ``PythonException`` with what the expression raises; ``PythonConversionError``.
    @_disfavoredOverload
    public func eval<Value: ConvertibleFromPython>(
        _ expression: String,
        as type: Value.Type = Value.self
    ) throws -> Value {
        try Python.eval(expression, globals: globals)
    }

    /// Runs a source, in which `await` may be, as ``Python/run(_:filename:globals:)`` does.
    ///
    /// - Returns: The value of the last statement if it is an expression, else `None`.
    /// - Throws: What ``Python/run(_:filename:globals:)`` throws.
    @discardableResult
    public nonisolated func run(
        _ source: String,
        filename: String? = nil
    ) async throws -> PythonObject {
        try await Python.run(source, filename: filename, globals: globals)
    }

    /// Reads a name.
    ///
    /// - Throws: ``PythonException`` with `KeyError` if there is no such name; a built-in one is
    ///   found by `eval` only.
    public subscript(name: String) -> PythonObject {
        get throws { try globals[name] }
    }

    /// Reads a name, converted; nil if there is no such name.
    ///
    /// - Throws: ``PythonConversionError`` if the value is of another type.
    public func get<Value: PythonConvertible>(
        _ name: String,
        as type: Value.Type = Value.self
    ) throws -> Value? {
        try PythonDictionary<String, Value>(globals)[name]
    }

    /// Sets a name.
    ///
    /// - Throws: ``PythonConversionError`` if the value cannot be represented.
    public func set(_ name: String, to value: some ConvertibleToPython) throws {
        try globals.setItem(name, to: value)
    }

    /// Sets a name to `None`, by `nil`, or to a literal of values of several types.
    ///
    /// - Throws: ``PythonConversionError`` if the value cannot be represented.
    @_disfavoredOverload
    public func set(_ name: String, to value: PythonValue) throws {
        try globals.setItem(name, to: value)
    }

    /// Deletes a name, as `del name` does.
    ///
    /// - Throws: ``PythonException`` with `KeyError` if there is no such name.
    public func delete(_ name: String) throws { try globals.deleteItem(name) }
}

extension PythonNamespace: ConvertibleToPython {
    /// Returns the dict itself.
    public nonisolated func pythonReference(_ gil: borrowing PythonGIL) -> OwnedReference {
        globals.newReference(gil)
    }
}
