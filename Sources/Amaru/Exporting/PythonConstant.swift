// A value that stands in a module.
// SPDX-License-Identifier: Apache-2.0

/// A value of a module, made when the module is registered.
///
/// ```swift
/// PythonConstant("version", "1.0")
/// ```
public struct PythonConstant: PythonModule.Member {
    /// The name of the constant.
    public let name: String
    /// What it puts into the module.
    public let definition: PythonModuleDefinition

    /// Creates a constant of a value.
    public init<Value: ConvertibleToPython & Sendable>(_ name: String, _ value: Value) {
        self.name = name
        definition = PythonModuleDefinition(
            stub: { ["\(name): typing.Final[\(TypeHint.result(Value.self))]"] },
            make: { _ in try PythonObject(value) }
        )
    }
}
