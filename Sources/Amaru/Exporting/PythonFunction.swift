// Swift closures as Python functions: synchronous, awaitable, blocking.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Swift function that Python can call.
///
/// ```swift
/// PythonFunction("add") { (a: Int, b: Int) in a + b }
/// PythonFunction("fetch") { (url: String) async throws in try await load(url) }
/// ```
///
/// Arguments are positional and converted to the closure's parameter types; one that does not
/// convert is a `TypeError` that names it. The closure runs on the thread that calls it, which
/// may be one that Python code made: it is `@Sendable` and not isolated.
public struct PythonFunction: Sendable {
    /// The name of the function.
    public let name: String
    let documentation: String?
    let body: NativeBody

    /// Creates a function that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in the module.
    ///   - documentation: Its docstring.
    ///   - body: Called with the GIL held: long work belongs in an `async` closure.
    public init<each Parameter: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (repeat each Parameter) throws -> Value
    ) {
        self.init(name, documentation) { (arguments, keywords, gil) in
            var cursor = try ArgumentCursor(
                name,
                arguments,
                keywords: keywords,
                expecting: packCount(repeat (each Parameter).self)
            )
            return try body(repeat cursor.next((each Parameter).self, gil)).pythonReference(gil)
        }
    }

    /// Creates a function that returns `None`.
    public init<each Parameter: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (repeat each Parameter) throws -> Void
    ) {
        self.init(name, documentation) { (arguments, keywords, gil) in
            var cursor = try ArgumentCursor(
                name,
                arguments,
                keywords: keywords,
                expecting: packCount(repeat (each Parameter).self)
            )
            try body(repeat cursor.next((each Parameter).self, gil))
            return PythonNone().pythonReference(gil)
        }
    }

    /// Creates a function that starts at once and returns an awaitable.
    ///
    /// The awaitable is an `asyncio.Future` of the running loop, never a lazy coroutine: a call
    /// without `await` runs just the same. A closure that does not suspend has run when the call
    /// returns. Cancelling the future cancels the Swift task.
    public init<
        each Parameter: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (repeat each Parameter) async throws -> Value
    ) {
        self.init(name, documentation) { (arguments, keywords, gil) in
            var cursor = try ArgumentCursor(
                name,
                arguments,
                keywords: keywords,
                expecting: packCount(repeat (each Parameter).self)
            )
            let parameters = (repeat try cursor.next((each Parameter).self, gil))
            return try SwiftAwaitable.start(gil) { try await body(repeat each parameters) }
        }
    }

    /// Creates a function that starts at once and returns an awaitable of `None`.
    public init<each Parameter: ConvertibleFromPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (repeat each Parameter) async throws -> Void
    ) {
        self.init(name, documentation) { (arguments, keywords, gil) in
            var cursor = try ArgumentCursor(
                name,
                arguments,
                keywords: keywords,
                expecting: packCount(repeat (each Parameter).self)
            )
            let parameters = (repeat try cursor.next((each Parameter).self, gil))
            return try SwiftAwaitable.start(gil) {
                try await body(repeat each parameters)
                return PythonNone()
            }
        }
    }

    /// Creates a function that blocks its Python thread until the closure has ended.
    ///
    /// For callers that cannot await. The GIL is released meanwhile and signals are looked at
    /// every 50 milliseconds; an interrupt cancels the closure, whose own error is then raised.
    public init<
        each Parameter: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        blocking name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (repeat each Parameter) async throws -> Value
    ) {
        self.init(name, documentation) { (arguments, keywords, gil) in
            var cursor = try ArgumentCursor(
                name,
                arguments,
                keywords: keywords,
                expecting: packCount(repeat (each Parameter).self)
            )
            let parameters = (repeat try cursor.next((each Parameter).self, gil))
            return try BlockingWait.run { try await body(repeat each parameters) }
                .pythonReference(gil)
        }
    }

    init(_ name: String, _ documentation: String?, body: @escaping NativeBody) {
        self.name = name
        self.documentation = documentation
        self.body = body
    }
}

/// The number of elements of a parameter pack.
private func packCount<each Element>(_ types: repeat (each Element).Type) -> Int {
    var count = 0
    for _ in repeat each types { count += 1 }
    return count
}
