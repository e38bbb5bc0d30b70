// Asynchronous methods of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Methods that start at once and return an awaitable.
extension PythonMethod {
    /// Takes a method that starts at once and returns an awaitable.
    public init<
        each Argument: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Value
    ) {
        let shape = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self,
            isAsynchronous: true
        )
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, repeat each values)
                }
            }
        }
    }

    /// Takes a method that starts at once and returns an awaitable of `None`.
    public init<each Argument: ConvertibleFromPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Void
    ) {
        let shape = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self,
            isAsynchronous: true
        )
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, repeat each values)
                    return PythonNone()
                }
            }
        }
    }

    /// Takes a method with described parameters that returns an awaitable.
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Value
    ) {
        let shape = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Value.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, value, repeat each values)
                }
            }
        }
    }

    /// Takes a method with described parameters that returns an awaitable of `None`.
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Void
    ) {
        let shape = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Void.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil) {
                    try await body(instance, value, repeat each values)
                    return PythonNone()
                }
            }
        }
    }
}
