// Methods of Swift classes: synchronous and awaitable.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A method of a ``PythonClass``.
///
/// The closure takes the instance and the arguments. It runs with the GIL held, on whichever
/// thread calls the method. An `async` one starts at once and its call gives an `asyncio.Future`,
/// as for ``PythonFunction``; it keeps the instance alive until it ends. Without descriptions the
/// arguments are positional; a ``PythonParameter`` for each gives it a name and perhaps a default.
///
/// ```swift
/// PythonMethod("add", documentation: "Adds n.") { (counter, n: Int) in counter.add(n) }
/// PythonMethod("fetch", .positional("url"), .keyword("retries", default: 3)) {
///     (client, url: String, retries: Int) async throws in try await client.fetch(url, retries)
/// }
/// ```
///
/// A method of the name of a special method is that, such as `__call__`.
public struct PythonMethod<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a method that returns a value.
    public init<each Argument: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, repeat each Argument) throws -> Value
    ) {
        let shape = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, repeat cursor.next((each Argument).self, gil))
                        .pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method that returns `None`.
    public init<each Argument: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, repeat each Argument) throws -> Void
    ) {
        let shape = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, repeat cursor.next((each Argument).self, gil))
                    return OwnedReference(borrowed: amaru_none())
                }
            }
        }
    }

    /// Takes a method with described parameters that returns a value.
    public init<
        First: ConvertibleFromPython,
        each Other: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, First, repeat each Other) throws -> Value
    ) {
        let shape = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, value, repeat cursor.next(each others, gil))
                        .pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method with described parameters that returns `None`.
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, First, repeat each Other) throws -> Void
    ) {
        let shape = FunctionSignature(name, first, repeat each others, result: Void.self)
        let others = (repeat each others)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, value, repeat cursor.next(each others, gil))
                    return OwnedReference(borrowed: amaru_none())
                }
            }
        }
    }

    @usableFromInline
    init(_ shape: FunctionSignature, _ documentation: String?, _ body: @escaping BoundMethodBody) {
        definition = PythonClassDefinition { className in
            let part = MethodPart(
                name: shape.name,
                documentation: documentation,
                signature: shape.asMethod(of: className, .instance),
                body: body
            )
            return [.method(part)]
        }
    }
}
