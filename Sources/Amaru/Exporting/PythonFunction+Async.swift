// Asynchronous Swift closures as functions of Python: awaitable, or blocking their thread.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

internal import CAmaruPython

/// Functions that start at once and return an awaitable.
///
/// The awaitable is an `asyncio.Future` of the running loop, never a lazy coroutine: a call
/// without `await` runs just the same. A closure that does not suspend has run when the call
/// returns. Cancelling the future cancels the Swift task.
extension PythonFunction {
    /// Creates a function that starts at once and returns an awaitable of a value.
    public init<
        each Argument: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (repeat each Argument) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(repeat each values)
                }
            }
        }
    }

    /// Creates a function that starts at once and returns an awaitable of `None`.
    public init<each Argument: ConvertibleFromPython & Sendable>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (repeat each Argument) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(repeat each values)
                    return PythonNone()
                }
            }
        }
    }

    /// Creates a function with described parameters that starts at once and returns an awaitable of a value.
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
        body: @escaping @concurrent @Sendable (First, repeat each Other) async throws -> Value
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Value.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(value, repeat each values)
                }
            }
        }
    }

    /// Creates a function with described parameters that starts at once and returns an awaitable of `None`.
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
        body: @escaping @concurrent @Sendable (First, repeat each Other) async throws -> Void
    ) {
        let signature = FunctionSignature(
            name,
            first,
            repeat each others,
            result: Void.self,
            isAsynchronous: true
        )
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(value, repeat each values)
                    return PythonNone()
                }
            }
        }
    }
}

/// The same for at most one argument, which the compiler specialises in the program's own module.
extension PythonFunction {
    /// Creates a function without arguments that starts at once and returns an awaitable of a value.
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython & Sendable>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable () async throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, result: Value.self, isAsynchronous: true)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body()
                }
            }
        }
    }

    /// Creates a function without arguments that starts at once and returns an awaitable of `None`.
    @inlinable
    @inline(__always)
    public init(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable () async throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, result: Void.self, isAsynchronous: true)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body()
                    return PythonNone()
                }
            }
        }
    }

    /// Creates a function of one argument that starts at once and returns an awaitable of a value.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython & Sendable, Value: ConvertibleToPython & Sendable>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (First) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            result: Value.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(first)
                }
            }
        }
    }

    /// Creates a function of one argument that starts at once and returns an awaitable of `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython & Sendable>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (First) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            result: Void.self,
            isAsynchronous: true
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                return try SwiftAwaitable.start(gil, for: bound.signature) {
                    try await body(first)
                    return PythonNone()
                }
            }
        }
    }
}

/// Functions that block their Python thread until the closure has ended.
///
/// For callers that cannot await. The GIL is released meanwhile and signals are looked at every
/// 50 milliseconds; an interrupt cancels the closure, whose own error is then raised. What a signal
/// handler raises cancels it too, and is raised as it is. A closure that needs the Python actor gets
/// ``AmaruError/Code/actorBusy`` if its call blocks the Python thread.
extension PythonFunction {
    /// Creates a function that blocks its Python thread until the closure has returned a value.
    public init<
        each Argument: ConvertibleFromPython & Sendable,
        Value: ConvertibleToPython & Sendable
    >(
        blocking name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (repeat each Argument) async throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try BlockingWait.run {
                    try await body(repeat each values)
                }.pythonReference(gil)
            }
        }
    }

    /// Creates a function that blocks its Python thread until the closure has returned `None`.
    public init<each Argument: ConvertibleFromPython & Sendable>(
        blocking name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (repeat each Argument) async throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let values = (repeat try cursor.next((each Argument).self, gil))
                return try BlockingWait.run {
                    try await body(repeat each values)
                    return PythonNone()
                }.pythonReference(gil)
            }
        }
    }

    /// Creates a function with described parameters that blocks its Python thread until the closure has returned a value.
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
        body: @escaping @concurrent @Sendable (First, repeat each Other) async throws -> Value
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try BlockingWait.run {
                    try await body(value, repeat each values)
                }.pythonReference(gil)
            }
        }
    }

    /// Creates a function with described parameters that blocks its Python thread until the closure has returned `None`.
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
        body: @escaping @concurrent @Sendable (First, repeat each Other) async throws -> Void
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Void.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                let value = try cursor.next(first, gil)
                let values = (repeat try cursor.next(each others, gil))
                return try BlockingWait.run {
                    try await body(value, repeat each values)
                    return PythonNone()
                }.pythonReference(gil)
            }
        }
    }
}
