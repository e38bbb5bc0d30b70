// Arithmetic: functions that throw, and no conformance.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// Arithmetic, as Python defines it for the operands, with a Swift value on either side.
///
/// ```swift
/// let area = try width * height + 1
/// let half: Double = try width / 2
/// ```
///
/// The parameters are existentials, not generic: beside an operand such as `object.member` the
/// compiler then prefers these to the operators of Swift's own types.
///
/// https://docs.python.org/3/c-api/number.html
extension PythonObject {
    /// Returns `a + b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func + (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func + <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a + b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func + (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func + <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a + b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func + (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func + <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a - b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func - (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func - <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a - b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func - (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func - <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a - b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func - (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func - <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a * b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func * (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func * <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a * b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func * (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func * <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a * b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func * (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func * <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a / b`, Python's true division.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func / (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func / <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func / (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func / <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func / (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func / <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a % b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func % (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func % <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `a % b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func % (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func % <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `a % b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func % (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    public static func % <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `-a`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static prefix func - (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Negative)
    }

    /// Returns `+a`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static prefix func + (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Positive)
    }

    /// Returns `~a`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static prefix func ~ (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Invert)
    }
}
