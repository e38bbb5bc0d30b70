// Methods of Swift classes: synchronous and awaitable.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A method of a ``PythonClass``.
///
/// The closure takes the instance and the arguments, which are positional. It runs with the GIL
/// held, on whichever thread calls the method. An `async` one starts at once and its call gives an
/// `asyncio.Future`, as for ``PythonFunction``; it keeps the instance alive until it ends.
///
/// ```swift
/// PythonMethod("add", documentation: "Adds n.") { (counter, n: Int) in counter.add(n) }
/// PythonMethod("fetch") { (client, url: String) async throws in try await client.fetch(url) }
/// ```
public struct PythonMethod<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a method that returns a value.
    public init<each Parameter: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, repeat each Parameter) throws -> Value
    ) {
        let count = PackShape.count(repeat (each Parameter).self)
        self.init(name, documentation, count) { method in
            { instance, _, arguments, keywords, gil in
                var cursor = try ArgumentCursor(
                    method,
                    arguments,
                    keywords: keywords,
                    expecting: count
                )
                return try Instance.lend(instance) { instance in
                    try body(instance, repeat cursor.next((each Parameter).self, gil))
                        .pythonReference(gil).take()
                }
            }
        }
    }

    /// Takes a method that returns `None`.
    public init<each Parameter: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, repeat each Parameter) throws -> Void
    ) {
        let count = PackShape.count(repeat (each Parameter).self)
        self.init(name, documentation, count) { method in
            { instance, _, arguments, keywords, gil in
                var cursor = try ArgumentCursor(
                    method,
                    arguments,
                    keywords: keywords,
                    expecting: count
                )
                try Instance.lend(instance) { instance in
                    try body(instance, repeat cursor.next((each Parameter).self, gil))
                }
                return PythonNone().pythonReference(gil).take()
            }
        }
    }

    /// Takes a method that starts at once and returns an awaitable.
    public init<
        each Parameter: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        documentation: String? = nil,
        body:
            @escaping @concurrent @Sendable (Instance, repeat each Parameter) async throws -> Value
    ) {
        let count = PackShape.count(repeat (each Parameter).self)
        self.init(name, documentation, count) { method in
            { instance, _, arguments, keywords, gil in
                var cursor = try ArgumentCursor(
                    method,
                    arguments,
                    keywords: keywords,
                    expecting: count
                )
                let parameters = (repeat try cursor.next((each Parameter).self, gil))
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, repeat each parameters)
                }.take()
            }
        }
    }

    /// Takes a method that starts at once and returns an awaitable of `None`.
    public init<each Parameter: ConvertibleFromPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (Instance, repeat each Parameter) async throws -> Void
    ) {
        let count = PackShape.count(repeat (each Parameter).self)
        self.init(name, documentation, count) { method in
            { instance, _, arguments, keywords, gil in
                var cursor = try ArgumentCursor(
                    method,
                    arguments,
                    keywords: keywords,
                    expecting: count
                )
                let parameters = (repeat try cursor.next((each Parameter).self, gil))
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, repeat each parameters)
                    return PythonNone()
                }.take()
            }
        }
    }

    private init(
        _ name: String,
        _ documentation: String?,
        _ count: Int,
        _ body: @escaping @Sendable (_ qualifiedName: String) -> MethodBody
    ) {
        let signature = "\(name)\(PackShape.signature(count, receiver: "$self"))"
        definition = PythonClassDefinition { className in
            [
                .method(
                    name: name,
                    documentation: "\(signature)\n--\n\n\(documentation ?? "")",
                    body("\(className).\(name)")
                )
            ]
        }
    }
}
