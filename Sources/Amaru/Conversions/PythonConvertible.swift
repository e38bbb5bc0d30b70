// The symmetric pair of conversion protocols.
// SPDX-License-Identifier: Apache-2.0

/// A Swift type whose values can be given to Python.
///
/// Conform a type of your own by converting something that already conforms:
///
/// ```swift
/// extension Point: ConvertibleToPython {
///     func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
///         try ["x": x, "y": y].pythonReference(gil)
///     }
/// }
/// ```
public protocol ConvertibleToPython: SendableMetatype {
    /// Makes the Python object, on whichever thread holds the GIL.
    ///
    /// - Throws: ``PythonConversionError`` where the value cannot be represented.
    func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference
}

/// A Swift type that can be made from a Python object, exactly or not at all.
public protocol ConvertibleFromPython: SendableMetatype {
    /// Makes the value, on whichever thread holds the GIL.
    ///
    /// - Throws: ``PythonConversionError`` where the object is of another type or does not fit.
    static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self

    /// Whether ``fromPython(_:_:)`` runs Python code, if any, only while it owns the object.
    ///
    /// False unless a type says otherwise. If it is true a container lends its elements without a
    /// reference of their own, and does not count how deep they are nested: a recursive type leaves
    /// it false.
    static var convertsWithoutPythonCode: Bool { get }
}

extension ConvertibleFromPython {
    /// False: conservative.
    @inlinable
    public static var convertsWithoutPythonCode: Bool { false }
}

/// A type that converts in both directions.
public typealias PythonConvertible = ConvertibleToPython & ConvertibleFromPython
