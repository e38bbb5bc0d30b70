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
    @inlinable
    @inline(__always)
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        get: @escaping @Sendable (Instance) throws -> Value
    ) {
        self.init(
            name,
            documentation,
            Value.self,
            Self.reading(get),
            nil
        )
    }

    /// Takes a property that can be read and set; to delete it is an AttributeError.
    @inlinable
    @inline(__always)
    public init<Value: PythonConvertible>(
        _ name: String,
        documentation: String? = nil,
        get: @escaping @Sendable (Instance) throws -> Value,
        set: @escaping @Sendable (Instance, Value) throws -> Void
    ) {
        self.init(
            name,
            documentation,
            Value.self,
            Self.reading(get),
            { instance, value, gil in
                let value = try Value.fromPython(BorrowedReference(value), gil)
                try Instance.lend(instance) { try set($0, value) }
            }
        )
    }

    /// Takes a constant stored property.
    public init<Value: ConvertibleToPython>(
        _ name: String,
        documentation: String? = nil,
        _ path: any KeyPath<Instance, Value> & Sendable
    ) {
        self.init(name, documentation: documentation) { $0[keyPath: path] }
    }

    @inlinable
    @inline(__always)
    static func reading<Value: ConvertibleToPython>(
        _ get: @escaping @Sendable (Instance) throws -> Value
    ) -> GetterBody {
        { instance, gil in
            do {
                return try Instance.lend(instance) { try get($0).pythonReference(gil).take() }
            } catch {
                return PropertyPart.raise(error)
            }
        }
    }

    @usableFromInline
    init<Value>(
        _ name: String,
        _ documentation: String?,
        _ type: Value.Type,
        _ getter: @escaping GetterBody,
        _ setter: SetterBody?
    ) {
        definition = PythonClassDefinition { className in
            let part = PropertyPart(
                name: name,
                documentation: documentation,
                hint: { TypeHint.result(type) },
                getter: getter,
                setter: setter.map { Self.naming("\(className).\(name)", $0) }
            )
            return [.property(part)]
        }
    }

    /// Puts the property's name in front of what does not convert.
    private static func naming(_ name: String, _ setter: @escaping SetterBody) -> SetterBody {
        { instance, value, gil in
            do {
                try setter(instance, value, gil)
            } catch {
                throw PythonConversionError.inside(error, at: name)
            }
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
