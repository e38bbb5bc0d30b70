// Swift closures as Python functions: those that run to their end.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift function that Python can call.
///
/// ```swift
/// PythonFunction("add") { (a: Int, b: Int) in a + b }
/// PythonFunction("greet", .positional("name"), .keyword("polite", default: true)) {
///     (name: String, polite: Bool) in polite ? "Good day, \(name)" : "Hi \(name)"
/// }
/// PythonFunction("fetch") { (url: String) async throws in try await load(url) }
/// ```
///
/// A function is an argument too, and then needs no name:
///
/// ```swift
/// try list.sort(key: PythonFunction { (x: Int) in -x })
/// ```
///
/// Without descriptions, arguments are positional. A ``PythonParameter`` for each one gives it a
/// name, a kind and perhaps a default. Arguments are converted to the closure's parameter types;
/// one that does not convert is a `TypeError` that names it. The closure runs on the thread that
/// calls it, which may be one that Python code made: it is `@Sendable` and not isolated.
///
/// A closure without `async` is called with the GIL held: long work belongs in an `async` one.
public struct PythonFunction: Sendable {
    /// The name of the function.
    public let name: String
    let documentation: String?
    @usableFromInline
    let signature: FunctionSignature
    let body: BoundBody

    /// Creates a function that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
    public init<each Argument: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (repeat each Argument) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try body(repeat cursor.next((each Argument).self, gil))
                    .pythonReference(gil)
            }
        }
    }

    /// Creates a function that returns `None`.
    public init<each Argument: ConvertibleFromPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (repeat each Argument) throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try body(repeat cursor.next((each Argument).self, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function with described parameters that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - first: The first parameter.
    ///   - others: The other parameters.
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
    public init<
        First: ConvertibleFromPython,
        each Other: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, repeat each Other) throws -> Value
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Value.self
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try body(
                    cursor.next(first, gil),
                    repeat cursor.next(each others, gil)
                ).pythonReference(gil)
            }
        }
    }

    /// Creates a function with described parameters that returns `None`.
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, repeat each Other) throws -> Void
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Void.self
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try body(cursor.next(first, gil), repeat cursor.next(each others, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// The name of a function that has none, as `<lambda>` is in Python.
    public static let nameless = "<closure>"

    @usableFromInline
    init(
        _ signature: FunctionSignature,
        _ documentation: String?,
        _ fileID: StaticString,
        _ line: UInt,
        body: @escaping BoundBody
    ) {
        self.name = signature.name
        self.documentation = documentation
        self.signature = signature.located(
            at: SwiftFrame(signature.name, file: fileID, line: line)
        )
        self.body = body
    }
}

extension PythonFunction: ConvertibleToPython {
    /// Makes a builtin function, which keeps the closure for as long as Python keeps it.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try NativeFunction.make(self, module: nil, gil).newReference(gil)
    }
}
