// Swift enums with raw values ⇄ the raw value, or a member of a Python enum.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A type with raw values converts by saying so.
///
/// ```swift
/// enum Level: String, PythonConvertible { case low, high }
///
/// let level: Level = try settings.level
/// ```
extension ConvertibleToPython where Self: RawRepresentable, RawValue: ConvertibleToPython {
    /// Makes what the raw value is in Python.
    ///
    /// - Throws: ``PythonConversionError`` if the raw value cannot be represented.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try rawValue.pythonReference(gil)
    }
}

extension ConvertibleFromPython where Self: RawRepresentable, RawValue: ConvertibleFromPython {
    /// Reads a raw value, or the member of a Python `Enum` that has it.
    ///
    /// - Throws: ``PythonConversionError`` if the object is of another type, or no value of the
    ///   type has this raw value.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Self {
        let object = OwnedReference(borrowed: reference.pointer)
        let raw: RawValue
        if let member = try memberValue(of: object) {
            raw = try RawValue.fromPython(BorrowedReference(member.pointer), gil)
        } else {
            raw = try RawValue.fromPython(BorrowedReference(object.pointer), gil)
        }
        guard let value = Self(rawValue: raw) else {
            throw PythonConversionError(.value, "\(Self.self) has no value \(raw)")
        }
        return value
    }

    /// The value of a member of an `Enum`, by the attributes that make one; nil of other objects.
    private static func memberValue(
        of object: borrowing OwnedReference
    ) throws -> OwnedReference? {
        guard try object.typeHasAttribute("_value2member_map_") else { return nil }
        return try OwnedReference(new: PyObject_GetAttrString(object.pointer, "_value_"))
    }
}
