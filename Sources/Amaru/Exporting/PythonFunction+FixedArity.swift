// Closures of up to three parameters, which the compiler specialises in the program's own module.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

public import CAmaruPython

// A parameter pack costs a call through a witness for each element; these have none left. They
// say the same as the initialisers with packs, which take over beyond three parameters.

/// Arguments without descriptions.
extension PythonFunction {
    /// Creates a function without arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable () throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, result: Value.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body().pythonReference(gil)
            }
        }
    }

    /// Creates a function without arguments that returns `None`.
    @inlinable
    @inline(__always)
    public init(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable () throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body()
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function of one argument that returns a value.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First) throws -> Value
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, result: Value.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(bound.read(0, nil, gil)).pythonReference(gil)
            }
        }
    }

    /// Creates a function of one argument that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First) throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(bound.read(0, nil, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function of two arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            Second.self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(bound.read(0, nil, gil), bound.read(1, nil, gil)).pythonReference(
                    gil
                )
            }
        }
    }

    /// Creates a function of two arguments that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second) throws -> Void
    ) {
        let signature = FunctionSignature(unnamed: name, First.self, Second.self, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(bound.read(0, nil, gil), bound.read(1, nil, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function of three arguments that returns a value.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Third: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second, Third) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            Second.self,
            Third.self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(
                    bound.read(0, nil, gil),
                    bound.read(1, nil, gil),
                    bound.read(2, nil, gil)
                ).pythonReference(gil)
            }
        }
    }

    /// Creates a function of three arguments that returns `None`.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Third: ConvertibleFromPython
    >(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second, Third) throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            First.self,
            Second.self,
            Third.self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(bound.read(0, nil, gil), bound.read(1, nil, gil), bound.read(2, nil, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}

/// Described parameters.
extension PythonFunction {
    /// Creates a function of one parameter that returns a value.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First) throws -> Value
    ) {
        let signature = FunctionSignature(name, first, result: Value.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(bound.read(0, first.makeValue, gil)).pythonReference(gil)
            }
        }
    }

    /// Creates a function of one parameter that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First) throws -> Void
    ) {
        let signature = FunctionSignature(name, first, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(bound.read(0, first.makeValue, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function of two parameters that returns a value.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ second: PythonParameter<Second>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second) throws -> Value
    ) {
        let signature = FunctionSignature(name, first, second, result: Value.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(
                    bound.read(0, first.makeValue, gil),
                    bound.read(1, second.makeValue, gil)
                ).pythonReference(gil)
            }
        }
    }

    /// Creates a function of two parameters that returns `None`.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ second: PythonParameter<Second>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second) throws -> Void
    ) {
        let signature = FunctionSignature(name, first, second, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(bound.read(0, first.makeValue, gil), bound.read(1, second.makeValue, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function of three parameters that returns a value.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Third: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ second: PythonParameter<Second>,
        _ third: PythonParameter<Third>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second, Third) throws -> Value
    ) {
        let signature = FunctionSignature(name, first, second, third, result: Value.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                return try body(
                    bound.read(0, first.makeValue, gil),
                    bound.read(1, second.makeValue, gil),
                    bound.read(2, third.makeValue, gil)
                ).pythonReference(gil)
            }
        }
    }

    /// Creates a function of three parameters that returns `None`.
    @inlinable
    @inline(__always)
    public init<
        First: ConvertibleFromPython,
        Second: ConvertibleFromPython,
        Third: ConvertibleFromPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ second: PythonParameter<Second>,
        _ third: PythonParameter<Third>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, Second, Third) throws -> Void
    ) {
        let signature = FunctionSignature(name, first, second, third, result: Void.self)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                try body(
                    bound.read(0, first.makeValue, gil),
                    bound.read(1, second.makeValue, gil),
                    bound.read(2, third.makeValue, gil)
                )
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}
