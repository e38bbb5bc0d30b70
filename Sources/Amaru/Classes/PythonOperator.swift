// Operators, comparisons and the functions of one object, such as len() and repr().
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// An operator of a ``PythonClass``.
///
/// An operand that does not convert to the closure's parameter makes the operator give
/// `NotImplemented`, so that Python tries the other operand's; the same operator may be listed
/// several times for operands of several types. The closures run with the GIL held.
///
/// ```swift
/// PythonOperator(.add) { (a, b: Vector) in a + b }
/// PythonOperator(.multiply) { (a, factor: Double) in a * factor }
/// PythonOperator(.multiply, .reflected) { (a, factor: Double) in a * factor }
/// PythonOperator(.equal) { (a, b: Vector) in a.elements == b.elements }
/// PythonOperator(.repr) { "Vector(\($0.elements))" }
/// ```
public struct PythonOperator<Instance: PythonClassInstance>: PythonClassMember {
    /// What the member adds to the class.
    public let definition: PythonClassDefinition

    /// Takes an operator of two operands.
    public init<Other: ConvertibleFromPython, Value: ConvertibleToPython>(
        _ operation: PythonBinaryOperation,
        _ form: PythonOperatorForm = .ordinary,
        body: @escaping @Sendable (Instance, Other) throws -> Value
    ) {
        definition = Self.binary(operation.methodName(form)) { instance, _, other, gil in
            guard let other = try Self.operand(other, as: Other.self, gil) else { return nil }
            return try Instance.lend(instance) {
                try body($0, other).pythonReference(gil).take()
            }
        }
    }

    /// Takes an operator that changes the instance, such as `+=`; its value is the instance.
    public init<Other: ConvertibleFromPython>(
        inPlace operation: PythonBinaryOperation,
        body: @escaping @Sendable (Instance, Other) throws -> Void
    ) {
        definition = Self.binary(operation.methodName(.inPlace)) { instance, object, other, gil in
            guard let other = try Self.operand(other, as: Other.self, gil) else { return nil }
            try Instance.lend(instance) { try body($0, other) }
            return OwnedReference(borrowed: object).take()
        }
    }

    /// Takes an operator or function of the instance alone.
    public init<Value: ConvertibleToPython>(
        _ operation: PythonUnaryOperation,
        body: @escaping @Sendable (Instance) throws -> Value
    ) {
        let name = operation.methodName
        definition = PythonClassDefinition { className in
            [
                .nullary(name, in: className) { instance, _, gil in
                    try Instance.lend(instance) {
                        try operation.finish(body($0).pythonReference(gil))
                    }
                }
            ]
        }
    }

    private static func binary(_ name: String?, _ body: @escaping OperatorBody)
        -> PythonClassDefinition
    {
        PythonClassDefinition { _ in name.map { [.operation(name: $0, body)] } ?? [] }
    }

    /// The operand, or nil if it does not convert.
    private static func operand<Other: ConvertibleFromPython>(
        _ object: PyPointer,
        as type: Other.Type,
        _ gil: borrowing PythonGIL
    ) throws -> Other? {
        do {
            return try Other.fromPython(BorrowedReference(object), gil)
        } catch is PythonConversionError {
            return nil
        }
    }
}

extension ClassPart {
    /// A method without arguments.
    static func nullary(
        _ name: String,
        in className: String,
        _ body:
            @escaping @Sendable (
                UnsafeMutableRawPointer, PyPointer, borrowing PythonGIL
            ) throws -> PyPointer
    ) -> ClassPart {
        .special(name: name) { instance, object, arguments, keywords, gil in
            _ = try ArgumentCursor(
                "\(className).\(name)",
                arguments,
                keywords: keywords,
                expecting: 0
            )
            return try body(instance, object, gil)
        }
    }
}
