// Swift closures as functions of Python: those that run to their end.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

internal import CAmaruPython

extension PythonFunction {
    /// Creates a function that returns a value.
    ///
    /// - Parameters:
    ///   - name: Its name in Python.
    ///   - documentation: Its docstring.
    ///   - fileID: The file that tracebacks show for it.
    ///   - line: The line that tracebacks show for it.
    ///   - body: What it does; what it throws is raised in Python.
    public init<each Argument: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (repeat each Argument) throws -> Value
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Value.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try body(repeat cursor.next((each Argument).self, gil)).pythonReference(gil)
            }
        }
    }

    /// Creates a function that returns `None`.
    public init<each Argument: ConvertibleFromPython>(
        _ name: String = PythonFunction.nameless,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (repeat each Argument) throws -> Void
    ) {
        let signature = FunctionSignature(
            unnamed: name,
            repeat (each Argument).self,
            result: Void.self
        )
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try body(repeat cursor.next((each Argument).self, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }

    /// Creates a function with described parameters that returns a value.
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
        body: @escaping @Sendable (First, repeat each Other) throws -> Value
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Value.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                return try body(cursor.next(first, gil), repeat cursor.next(each others, gil))
                    .pythonReference(gil)
            }
        }
    }

    /// Creates a function with described parameters that returns `None`.
    public init<First: ConvertibleFromPython, each Other: ConvertibleFromPython>(
        _ name: String,
        _ first: PythonParameter<First>,
        _ others: repeat PythonParameter<each Other>,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (First, repeat each Other) throws -> Void
    ) {
        let signature = FunctionSignature(name, first, repeat each others, result: Void.self)
        let others = (repeat each others)
        self.init(signature, documentation, fileID, line) { (bound, gil) in
            bound.returning {
                var cursor = BoundCursor(bound)
                try body(cursor.next(first, gil), repeat cursor.next(each others, gil))
                return OwnedReference(borrowed: amaru_none())
            }
        }
    }
}
