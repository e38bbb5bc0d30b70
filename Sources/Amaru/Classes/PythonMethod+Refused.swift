// Closures whose result does not convert, refused when they are compiled.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

// Without these, a closure of one expression passes for one that returns nothing, and Python gets
// `None`. Their isolation refuses them in synchronous code, and `noasync` in asynchronous code. An
// initialiser that is unavailable would not be chosen.

extension PythonMethod {
    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<each Argument: ConvertibleFromPython, Value>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, repeat each Argument) throws -> Value
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython, Value>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First, repeat each Other) throws -> Value
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<each Argument: ConvertibleFromPython & Sendable, Value>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Value
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable,
        Value
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
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<each Argument: ConvertibleFromPython & Sendable, Value>(
        blocking name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @concurrent @Sendable (Instance, repeat each Argument) async throws -> Value
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }

    /// Refuses a closure whose result does not convert, which would pass for one without a result.
    ///
    /// - Throws: ``AmaruError/Code/invalidSignature``.
    @UnconvertibleResult
    @available(
        *,
        deprecated,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    @available(
        *,
        noasync,
        message: "This result does not convert to Python: return a PythonTuple, or write '_ ='."
    )
    public init<
        First: ConvertibleFromPython & Sendable,
        each Other: ConvertibleFromPython & Sendable,
        Value
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
    ) throws {
        throw FunctionSignature.unconvertible(name)
    }
}
