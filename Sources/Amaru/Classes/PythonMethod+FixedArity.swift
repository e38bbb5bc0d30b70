// Methods and initialisers of up to two arguments, specialised in the program's own module.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

// As for functions: a parameter pack costs a call through a witness for each element.

extension PythonMethod {
    /// Takes a method without arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance) throws -> Value
    ) {
        let shape = FunctionSignature(unnamed: name, result: Value.self)
        self.init(shape, documentation) { (instance, bound, gil) in
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
        body: @escaping @Sendable (Instance) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, result: Void.self)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                try Instance.lend(instance) { instance in try body(instance) }
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
        body: @escaping @Sendable (Instance, First) throws -> Value
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, result: Value.self)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, first).pythonReference(gil)
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
        body: @escaping @Sendable (Instance, First) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, result: Void.self)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                try Instance.lend(instance) { instance in try body(instance, first) }
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
        body: @escaping @Sendable (Instance, First, Second) throws -> Value
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, Second.self, result: Value.self)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                let second: Second = try bound.read(1, nil, gil)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, first, second).pythonReference(gil)
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
        body: @escaping @Sendable (Instance, First, Second) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, Second.self, result: Void.self)
        self.init(shape, documentation) { (instance, bound, gil) in
            bound.returning {
                let first: First = try bound.read(0, nil, gil)
                let second: Second = try bound.read(1, nil, gil)
                try Instance.lend(instance) { instance in try body(instance, first, second) }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}

extension PythonInitializer {
    /// Takes the closure that makes an instance without arguments.
    @inlinable
    @inline(__always)
    public init(_ body: @escaping @Sendable () throws -> Instance) {
        self.init(FunctionSignature(unnamed: "", result: Instance.self)) { (bound, gil) in
            NewInstance(try body())
        }
    }

    /// Takes the closure that makes an instance of one argument.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython>(
        _ body: @escaping @Sendable (First) throws -> Instance
    ) {
        self.init(FunctionSignature(unnamed: "", First.self, result: Instance.self)) {
            (bound, gil) in
            NewInstance(try body(bound.read(0, nil, gil)))
        }
    }

    /// Takes the closure that makes an instance of two arguments.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ body: @escaping @Sendable (First, Second) throws -> Instance
    ) {
        self.init(FunctionSignature(unnamed: "", First.self, Second.self, result: Instance.self)) {
            (bound, gil) in
            NewInstance(try body(bound.read(0, nil, gil), bound.read(1, nil, gil)))
        }
    }
}
