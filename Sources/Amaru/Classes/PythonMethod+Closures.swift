// Swift closures as methods of Python: those that run to their end.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

internal import CAmaruPython

extension PythonMethod {
    /// Takes a method that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in Python.
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
    public init<each Argument: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, repeat each Argument) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(instance, repeat cursor.next((each Argument).self, gil))
                        .pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method that returns `None`.
    public init<each Argument: ConvertibleFromPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, repeat each Argument) throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try Instance.lend(instance) { instance in
                    try body(instance, repeat cursor.next((each Argument).self, gil))
                }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Takes a method with described parameters that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in Python.
    ///   - first: The first parameter.
    ///   - others: The other parameters.
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
    public init<
        First: ConvertibleFromPython,
        each Other: ConvertibleFromPython,
        Value: ConvertibleToPython
    >(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First, repeat each Other) throws -> Value
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try Instance.makeReference(lending: instance) { instance in
                    try body(
                        instance,
                        cursor.next(first, gil),
                        repeat cursor.next(each others, gil)
                    ).pythonReference(gil)
                }
            }
        }
    }

    /// Takes a method with described parameters that returns `None`.
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (Instance, First, repeat each Other) throws -> Void
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Void.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (instance, bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try Instance.lend(instance) { instance in
                    try body(
                        instance,
                        cursor.next(first, gil),
                        repeat cursor.next(each others, gil)
                    )
                }
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}
