// The parts that a Python class is put together from.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Says whether the strong reference at an address is the only one to its instance.
typealias UniquenessTest =
    @Sendable (UnsafeMutablePointer<UnsafeMutableRawPointer>) -> Bool

/// Makes the instance of a call of the class.
@usableFromInline
typealias InitializerBody =
    @Sendable (_ bound: BoundArguments, _ gil: borrowing PythonGIL) throws -> NewInstance

/// The closure behind a method with a signature; the instance is borrowed.
///
/// It returns a new reference, or nil with an exception.
@usableFromInline
typealias BoundMethodBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ bound: BoundArguments, _ gil: borrowing PythonGIL
    ) -> PyPointer?

/// The closure behind a special method; the instance and the object that holds it are borrowed.
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

/// The closure that reads a property: a new reference, or nil with an exception.
@usableFromInline
typealias GetterBody =
    @Sendable (_ instance: UnsafeMutableRawPointer, _ gil: borrowing PythonGIL) -> PyPointer?

/// The closure that sets a property.
@usableFromInline
typealias SetterBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ value: PyPointer, _ gil: borrowing PythonGIL
    ) throws -> Void

/// A property, as the part of a class.
@usableFromInline
struct PropertyPart: Sendable {
    let name: String
    let documentation: String?
    let hint: @Sendable () -> String
    let getter: GetterBody
    let setter: SetterBody?

    /// Raises an error that a getter threw, and returns nil.
    @usableFromInline
    @inline(never)
    static func raise(_ error: consuming any Error) -> PyPointer? {
        ErrorTranslation.raise(error, PythonGIL())
        return nil
    }
}

/// A method, as the part of a class.
struct MethodPart: Sendable {
    let name: String
    let documentation: String?
    let signature: FunctionSignature
    let body: BoundMethodBody
}

/// One part of a Python class.
enum ClassPart: Sendable {
    case initializer(FunctionSignature, InitializerBody)
    /// Numbered, as the next two are, and called through a method descriptor.
    case method(MethodPart)
    /// One whose signature Python knows.
    case special(name: String, MethodBody)
    /// One for objects that may have no instance yet.
    case bareMethod(name: String, BareBody)
    /// One meaning of an operator; several of one name are tried in their order.
    case operation(name: String, OperatorBody)
    case property(PropertyPart)
    case staticMethod(PythonFunction)
    case classMethod(PythonFunction)
    case constant(name: String, any ConvertibleToPython & Sendable)
    case buffer(BufferBody)
    case hashIsNone
}
