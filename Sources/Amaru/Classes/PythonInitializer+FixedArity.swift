// Initialisers of up to two arguments, specialised in the program's own module.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/closures.py: change that.

extension PythonInitializer {
    /// Takes the closure that makes an instance without arguments.
    @inlinable
    @inline(__always)
    public init(
        fileID: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable () throws -> Instance
    ) {
        self.init(FunctionSignature(unnamed: "__init__", result: Instance.self), fileID, line) {
            (bound, gil) in
            NewInstance(try body())
        }
    }

    /// Takes the closure that makes an instance of one argument.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython>(
        fileID: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable (First) throws -> Instance
    ) {
        self.init(
            FunctionSignature(unnamed: "__init__", First.self, result: Instance.self),
            fileID,
            line
        ) { (bound, gil) in
            NewInstance(try body(bound.read(0, nil, gil)))
        }
    }

    /// Takes the closure that makes an instance of two arguments.
    @inlinable
    @inline(__always)
    public init<First: ConvertibleFromPython, Second: ConvertibleFromPython>(
        fileID: StaticString = #fileID,
        line: UInt = #line,
        _ body: @escaping @Sendable (First, Second) throws -> Instance
    ) {
        self.init(
            FunctionSignature(unnamed: "__init__", First.self, Second.self, result: Instance.self),
            fileID,
            line
        ) { (bound, gil) in
            NewInstance(try body(bound.read(0, nil, gil), bound.read(1, nil, gil)))
        }
    }
}
