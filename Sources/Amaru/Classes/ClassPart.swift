// The parts that a Python class is put together from.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Says whether the strong reference at an address is the only one to its instance.
typealias UniquenessTest =
    @Sendable (UnsafeMutablePointer<UnsafeMutableRawPointer>) -> Bool

/// Makes the instance of a call of the class.
typealias InitializerBody =
    @Sendable (
        _ arguments: NativeArguments, _ keywords: PyPointer?, _ gil: borrowing PythonGIL
    ) throws -> any PythonClassInstance

/// The closure behind a method; the instance and the object that holds it are borrowed.
typealias MethodBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ object: PyPointer, _ arguments: NativeArguments,
        _ keywords: PyPointer?,
        _ gil: borrowing PythonGIL
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

/// The closures behind a property.
typealias GetterBody =
    @Sendable (_ instance: UnsafeMutableRawPointer, _ gil: borrowing PythonGIL) throws -> PyPointer
typealias SetterBody =
    @Sendable (
        _ instance: UnsafeMutableRawPointer, _ value: PyPointer, _ gil: borrowing PythonGIL
    ) throws -> Void

/// One part of a Python class.
enum ClassPart: Sendable {
    case initializer(signature: String, InitializerBody)
    /// Numbered, and called through a method descriptor.
    case method(name: String, documentation: String?, MethodBody)
    /// Numbered too, for objects that have no instance yet.
    case bareMethod(name: String, BareBody)
    /// One meaning of an operator; several of one name are tried in their order.
    case operation(name: String, OperatorBody)
    case property(name: String, documentation: String?, GetterBody, SetterBody?)
    case staticMethod(PythonFunction)
    case classMethod(PythonFunction)
    case constant(name: String, any ConvertibleToPython & Sendable)
    case buffer(BufferBody)
    case hashIsNone
}
