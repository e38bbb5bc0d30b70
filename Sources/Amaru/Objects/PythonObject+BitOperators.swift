// Operators of bits and sets, which throw.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// Operators of bits and sets, as Python defines them for the operands, with a Swift value on
/// either side.
extension PythonObject {
    /// Returns `a & b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func & (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func & <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a & b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func & (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func & <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a & b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func & (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func & <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a | b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func | (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func | <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a | b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func | (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func | <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a | b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func | (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func | <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a ^ b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func ^ (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func ^ <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a ^ b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func ^ (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func ^ <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a ^ b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func ^ (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func ^ <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a << b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func << (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func << <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a << b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func << (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func << <Value: ConvertibleFromPython>(
        a: PythonObject,
        b: any ConvertibleToPython
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a << b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func << (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func << <Value: ConvertibleFromPython>(
        a: any ConvertibleToPython,
        b: PythonObject
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a >> b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >> (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func >> <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Rshift)
    }

    /// Returns `a >> b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >> (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func >> <Value: ConvertibleFromPython>(
        a: PythonObject,
        b: any ConvertibleToPython
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Rshift)
    }

    /// Returns `a >> b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >> (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func >> <Value: ConvertibleFromPython>(
        a: any ConvertibleToPython,
        b: PythonObject
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Rshift)
    }
}
