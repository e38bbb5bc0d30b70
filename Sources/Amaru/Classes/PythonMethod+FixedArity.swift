// Methods and initialisers of up to two arguments, specialised in the program's own module.
// SPDX-License-Identifier: Apache-2.0

public import CAmaruPython

// As for functions: a parameter pack costs a call through a witness for each element.

extension PythonMethod {
    /// Takes a method without arguments that returns a value.
    @inlinable
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance) throws -> Value
    ) {
        let shape = FunctionSignature(unnamed: name, result: Value.self)
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { _ in
                    let pointer = try Instance.lend(instance) { instance in
                        try body(instance).pythonReference(gil).take()
                    }
                    return OwnedReference(new: pointer)
                }
                return result.take()
            }
        }
    }

    /// Takes a method without arguments that returns `None`.
    @inlinable
    public init(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, result: Void.self)
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { _ in
                    try Instance.lend(instance) { instance in try body(instance) }
                    return OwnedReference(borrowed: amaru_none())
                }
                return result.take()
            }
        }
    }

    /// Takes a method of one argument that returns a value.
    @inlinable
    public init<First: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, First) throws -> Value
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, result: Value.self)
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { bound in
                    let first: First = try bound.read(0, nil, gil)
                    let pointer = try Instance.lend(instance) { instance in
                        try body(instance, first).pythonReference(gil).take()
                    }
                    return OwnedReference(new: pointer)
                }
                return result.take()
            }
        }
    }

    /// Takes a method of one argument that returns `None`.
    @inlinable
    public init<First: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, First) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, result: Void.self)
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { bound in
                    let first: First = try bound.read(0, nil, gil)
                    try Instance.lend(instance) { instance in try body(instance, first) }
                    return OwnedReference(borrowed: amaru_none())
                }
                return result.take()
            }
        }
    }

    /// Takes a method of two arguments that returns a value.
    @inlinable
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
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { bound in
                    let first: First = try bound.read(0, nil, gil)
                    let second: Second = try bound.read(1, nil, gil)
                    let pointer = try Instance.lend(instance) { instance in
                        try body(instance, first, second).pythonReference(gil).take()
                    }
                    return OwnedReference(new: pointer)
                }
                return result.take()
            }
        }
    }

    /// Takes a method of two arguments that returns `None`.
    @inlinable
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        body: @escaping @Sendable (Instance, First, Second) throws -> Void
    ) {
        let shape = FunctionSignature(unnamed: name, First.self, Second.self, result: Void.self)
        self.init(name, shape, documentation) { signature in
            { instance, _, arguments, keywords, gil in
                let result = try signature.bind(arguments, keywords, gil) { bound in
                    let first: First = try bound.read(0, nil, gil)
                    let second: Second = try bound.read(1, nil, gil)
                    try Instance.lend(instance) { instance in try body(instance, first, second) }
                    return OwnedReference(borrowed: amaru_none())
                }
                return result.take()
            }
        }
    }
}

extension PythonInitializer {
    /// Takes the closure that makes an instance without arguments.
    @inlinable
    public init(_ body: @escaping @Sendable () throws -> Instance) {
        self.init(FunctionSignature(unnamed: "", result: Instance.self)) { signature in
            { arguments, keywords, gil in
                try NewInstance(
                    signature.make(arguments, keywords, gil) { _ in
                        try body()
                    }
                )
            }
        }
    }

    /// Takes the closure that makes an instance of one argument.
    @inlinable
    public init<First: ConvertibleFromPython>(
        _ body: @escaping @Sendable (First) throws -> Instance
    ) {
        self.init(FunctionSignature(unnamed: "", First.self, result: Instance.self)) { signature in
            { arguments, keywords, gil in
                try NewInstance(
                    signature.make(arguments, keywords, gil) { bound in
                        try body(bound.read(0, nil, gil))
                    }
                )
            }
        }
    }

    /// Takes the closure that makes an instance of two arguments.
    @inlinable
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ body: @escaping @Sendable (First, Second) throws -> Instance
    ) {
        self.init(FunctionSignature(unnamed: "", First.self, Second.self, result: Instance.self)) {
            signature in
            { arguments, keywords, gil in
                try NewInstance(
                    signature.make(arguments, keywords, gil) { bound in
                        try body(bound.read(0, nil, gil), bound.read(1, nil, gil))
                    }
                )
            }
        }
    }
}
