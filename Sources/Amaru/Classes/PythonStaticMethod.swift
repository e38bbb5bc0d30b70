// Static and class methods of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A static method of a ``PythonClass``: a ``PythonFunction`` that stands in the class.
///
/// ```swift
/// PythonStaticMethod("zero") { () in Counter(0) }
/// ```
public struct PythonStaticMethod<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes any function, such as an `async` one.
    public init(_ function: PythonFunction) {
        definition = PythonClassDefinition { _ in [.staticMethod(function)] }
    }

    /// Takes a closure that returns a value.
    public init<each Parameter: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (repeat each Parameter) throws -> Value
    ) {
        let function = PythonFunction(
            name,
            documentation: documentation,
            fileID: fileID,
            line: line,
            body: body
        )
        definition = PythonClassDefinition { _ in [.staticMethod(function)] }
    }
}

/// A class method of a ``PythonClass``: its closure takes the class it was called on first.
///
/// A subclass in Python inherits it, and the closure makes its instances by calling that class.
///
/// ```swift
/// PythonClassMethod("parse") { (type: PythonObject, text: String) in
///     try PythonActor.runBlocking { try type(Int(text) ?? 0) }
/// }
/// ```
public struct PythonClassMethod<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes any function whose first parameter is the class.
    public init(_ function: PythonFunction) {
        definition = PythonClassDefinition { _ in [.classMethod(function)] }
    }

    /// Takes a closure that returns a value.
    public init<each Parameter: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        fileID: StaticString = #fileID,
        line: UInt = #line,
        body: @escaping @Sendable (PythonObject, repeat each Parameter) throws -> Value
    ) {
        let function = PythonFunction(
            name,
            documentation: documentation,
            fileID: fileID,
            line: line,
            body: body
        )
        definition = PythonClassDefinition { _ in [.classMethod(function)] }
    }
}
