// Properties of Swift classes.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A property of a ``PythonClass``.
///
/// The closures run with the GIL held, on whichever thread reads or sets the attribute.
///
/// ```swift
/// PythonProperty("value", documentation: "The count.") { $0.value } set: { $0.value = $1 }
/// ```
public struct PythonProperty<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a property that can be read; to set it is an AttributeError.
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        get: @escaping @Sendable (Instance) throws -> Value
    ) {
        let getter = Self.getter(get)
        definition = PythonClassDefinition { _ in
            [.property(name: name, documentation: documentation, getter, nil)]
        }
    }

    /// Takes a property that can be read and set; to delete it is an AttributeError.
    public init<Value: PythonConvertible>(
        _ name: String,
        documentation: String? = nil,
        get: @escaping @Sendable (Instance) throws -> Value,
        set: @escaping @Sendable (Instance, Value) throws -> Void
    ) {
        let getter = Self.getter(get)
        definition = PythonClassDefinition { className in
            let setter: SetterBody = { instance, value, gil in
                let value = try converting(at: "\(className).\(name)") {
                    try Value.fromPython(BorrowedReference(value), gil)
                }
                try Instance.lend(instance) { try set($0, value) }
            }
            return [.property(name: name, documentation: documentation, getter, setter)]
        }
    }

    /// Takes a constant stored property.
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        _ path: any KeyPath<Instance, Value> & Sendable
    ) {
        self.init(name, documentation: documentation) { $0[keyPath: path] }
    }

    private static func getter<Value: ConvertibleToPython>(
        _ get: @escaping @Sendable (Instance) throws -> Value
    ) -> GetterBody {
        { instance, gil in
            try Instance.lend(instance) { try get($0).pythonReference(gil).take() }
        }
    }
}

/// An attribute of the class itself, the same for all its instances.
///
/// ```swift
/// PythonClassConstant("limit", 100)
/// ```
public struct PythonClassConstant<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes a value, converted once when the class is made.
    public init(_ name: String, _ value: some ConvertibleToPython & Sendable) {
        definition = PythonClassDefinition { _ in [.constant(name: name, value)] }
    }
}
