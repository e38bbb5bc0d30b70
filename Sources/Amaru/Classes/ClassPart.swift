// The parts that a Python class is put together from.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Says whether the strong reference at an address is the only one to its instance.
typealias UniquenessTest =
    @Sendable (UnsafeMutablePointer<UnsafeMutableRawPointer>) -> Bool

/// Makes the instance of a call of the class.
@usableFromInline
typealias InitializerBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> NewInstance

/// The closure behind a method; the instance and the object that holds it are borrowed.
@usableFromInline
typealias MethodBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ object: PyPointer, _ arguments: NativeArguments,
        _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> PyPointer

/// The closure behind a method that may be called before `__init__`.
typealias BareBody =
    @Sendable (
        _ object: PyPointer, _ arguments: NativeArguments, _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL
    ) throws -> PyPointer

/// The closure behind an operator: nil where the other operand does not convert.
typealias OperatorBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ object: PyPointer, _ other: PyPointer,
        _ gil: borrowing PythonGIL
    ) throws -> PyPointer?

/// The closure that reads a property.
@usableFromInline
typealias GetterBody =
    @Sendable (_ instance: UnsafeMutableRawPointer, _ gil: borrowing PythonGIL) throws -> PyPointer

/// The closure that sets a property.
@usableFromInline
typealias SetterBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ value: PyPointer, _ gil: borrowing PythonGIL
    ) throws -> Void

/// A property, as the part of a class.
struct PropertyPart: Sendable {
    let name: String
    let documentation: String?
    let hint: @Sendable () -> String
    let getter: GetterBody
    let setter: SetterBody?
}

/// A method, as the part of a class.
struct MethodPart: Sendable {
    let name: String
    let documentation: String?
    /// Nil for a special method, whose signature Python knows.
    let signature: FunctionSignature?
    let body: MethodBody
}

/// One part of a Python class.
enum ClassPart: Sendable {
    case initializer(FunctionSignature, InitializerBody)
    /// Numbered, and called through a method descriptor.
    case method(MethodPart)
    /// Numbered too, for objects that have no instance yet.
    case bareMethod(name: String, BareBody)
    /// One meaning of an operator; several of one name are tried in their order.
    case operation(name: String, OperatorBody)
    case property(PropertyPart)
    case staticMethod(PythonFunction)
    case classMethod(PythonFunction)
    case constant(name: String, any ConvertibleToPython & Sendable)
    case buffer(BufferBody)
    case hashIsNone

    /// A method whose signature Python knows.
    static func method(name: String, _ body: @escaping MethodBody) -> ClassPart {
        .method(MethodPart(name: name, documentation: nil, signature: nil, body: body))
    }
}
