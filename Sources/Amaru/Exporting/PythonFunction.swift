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
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try NativeFunction.make(self, module: nil, gil).newReference(gil)
    }
}

/// Functions that block their Python thread on work that ends with a callback.
extension PythonFunction {
    /// Creates a function that blocks its Python thread, without a task.
    ///
    /// A task takes two changes of threads, which is more than a small request costs.
    ///
    /// - `start`: Starts the work, with the GIL held, and returns what cancels it when the
    ///   call is interrupted. It calls its completion once, perhaps before it returns, on any
    ///   thread.
    package init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        blocking name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        starting start:
            @escaping @Sendable (
                @escaping BlockingCompletion<Value>, First, repeat each Other
            ) throws -> @Sendable () -> Void
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try BlockingWait.run { try start($0, value, repeat each values) }
                    .pythonReference(gil)
            }
        }
    }
}
