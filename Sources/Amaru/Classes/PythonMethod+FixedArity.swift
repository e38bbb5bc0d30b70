// Closures of up to two parameters, which the compiler specialises in the program's own module.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

public import CAmaruPython

// A parameter pack costs a call through a witness for each element; these have none left. They
// say the same as the initialisers with packs, which take over beyond two parameters.

/// Arguments without descriptions.
extension PythonMethod {
    /// Takes a method without arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance) throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, result: Value.self)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance).pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method without arguments that returns `None`.
    @inlinable
    @inline(__always)
    public init(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance) throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, result: Void.self)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                try Instance.lend(instance) { instance in
                    try body(instance)
                }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Takes a method of one argument that returns a value.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First) throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, result: Value.self)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, bound.read(0, nil, gil)).pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method of one argument that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First) throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, result: Void.self)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                try Instance.lend(instance) { instance in
                    try body(instance, bound.read(0, nil, gil))
                }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Takes a method of two arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First, Second) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            Second.self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, bound.read(0, nil, gil), bound.read(1, nil, gil))
                        .pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method of two arguments that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First, Second) throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, Second.self, result: Void.self)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                try Instance.lend(instance) { instance in
                    try body(instance, bound.read(0, nil, gil), bound.read(1, nil, gil))
                }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}
