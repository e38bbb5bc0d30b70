// Asynchronous Swift closures as methods of Python: awaitable, or blocking their thread.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

internal import CAmaruPython

/// Methods that start at once and return an awaitable.
///
/// The awaitable is an `asyncio.Future` of the running loop, never a lazy coroutine: a call
/// without `await` runs just the same. A closure that does not suspend has run when the call
/// returns. Cancelling the future cancels the Swift task.
extension PythonMethod {
    /// Takes a method that starts at once and returns an awaitable of a value.
    public init<
        each Argument: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, repeat each values)
                }
            }
        }
    }

    /// Takes a method that starts at once and returns an awaitable of `None`.
    public init<each Argument: ConvertibleFromPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, repeat each values)
                    return PythonNone()
                }
            }
        }
    }

    /// Takes a method with described parameters that starts at once and returns an awaitable of a value.
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Value
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Value.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, value, repeat each values)
                }
            }
        }
    }

    /// Takes a method with described parameters that starts at once and returns an awaitable of `None`.
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Void
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Void.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, value, repeat each values)
                    return PythonNone()
                }
            }
        }
    }
}

/// The same for at most one argument, which the compiler specialises in the program's own module.
extension PythonMethod {
    /// Takes a method without arguments that starts at once and returns an awaitable of a value.
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance) async throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, result: Value.self, isAsynchronous: true)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance)
                }
            }
        }
    }

    /// Takes a method without arguments that starts at once and returns an awaitable of `None`.
    @inlinable
    @inline(__always)
    public init(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance) async throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, result: Void.self, isAsynchronous: true)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance)
                    return PythonNone()
                }
            }
        }
    }

    /// Takes a method of one argument that starts at once and returns an awaitable of a value.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython & Sendable, Value: ConvertibleToPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, First) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            result: Value.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let first: First = try bound.read(0, nil, gil)
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, first)
                }
            }
        }
    }

    /// Takes a method of one argument that starts at once and returns an awaitable of `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython & Sendable>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, First) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            result: Void.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let first: First = try bound.read(0, nil, gil)
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(instance, first)
                    return PythonNone()
                }
            }
        }
    }
}

/// Methods that block their Python thread until the closure has ended.
///
/// For callers that cannot await. The GIL is released meanwhile and signals are looked at every
/// 50 milliseconds; an interrupt cancels the closure, whose own error is then raised. What a signal
/// handler raises cancels it too, and is raised as it is. A closure that needs the Python actor gets
/// ``AmaruError/Code/actorBusy`` if its call blocks the Python thread.
extension PythonMethod {
    /// Takes a method that blocks its Python thread until the closure has returned a value.
    public init<
        each Argument: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        blocking name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try BlockingWait.run {
                    try await body(instance, repeat each values)
                }.pythonReference(gil)
            }
        }
    }

    /// Takes a method that blocks its Python thread until the closure has returned `None`.
    public init<each Argument: ConvertibleFromPython & Sendable>(
        blocking name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try BlockingWait.run {
                    try await body(instance, repeat each values)
                    return PythonNone()
                }.pythonReference(gil)
            }
        }
    }

    /// Takes a method with described parameters that blocks its Python thread until the closure has returned a value.
    public init<
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
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Value
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try BlockingWait.run {
                    try await body(instance, value, repeat each values)
                }.pythonReference(gil)
            }
        }
    }

    /// Takes a method with described parameters that blocks its Python thread until the closure has returned `None`.
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable
    >(
        blocking name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body:
            @escaping @concurrent @Sendable (Instance, First, repeat each Other) async throws ->
            Void
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Void.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let instance = Unmanaged<Instance>.fromOpaque(instance).takeUnretainedValue()
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try BlockingWait.run {
                    try await body(instance, value, repeat each values)
                    return PythonNone()
                }.pythonReference(gil)
            }
        }
    }
}
