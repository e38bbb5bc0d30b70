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
    public static func + (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    public static func + <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a + b`.
    public static func + (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    public static func + <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a + b`.
    public static func + (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Returns `a + b`, converted.
    public static func + <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Add)
    }

    /// Returns `a - b`.
    public static func - (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    public static func - <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a - b`.
    public static func - (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    public static func - <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a - b`.
    public static func - (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Returns `a - b`, converted.
    public static func - <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Subtract)
    }

    /// Returns `a * b`.
    public static func * (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    public static func * <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a * b`.
    public static func * (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    public static func * <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a * b`.
    public static func * (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Returns `a * b`, converted.
    public static func * <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Multiply)
    }

    /// Returns `a / b`, Python's true division.
    public static func / (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    public static func / <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division.
    public static func / (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    public static func / <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division.
    public static func / (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Returns `a / b`, Python's true division, converted.
    public static func / <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_TrueDivide)
    }

    /// Returns `a % b`.
    public static func % (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    public static func % <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `a % b`.
    public static func % (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    public static func % <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `a % b`.
    public static func % (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Returns `a % b`, converted.
    public static func % <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Remainder)
    }

    /// Returns `a & b`.
    public static func & (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    public static func & <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a & b`.
    public static func & (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    public static func & <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a & b`.
    public static func & (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Returns `a & b`, converted.
    public static func & <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_And)
    }

    /// Returns `a | b`.
    public static func | (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    public static func | <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a | b`.
    public static func | (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    public static func | <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a | b`.
    public static func | (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Returns `a | b`, converted.
    public static func | <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Or)
    }

    /// Returns `a ^ b`.
    public static func ^ (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    public static func ^ <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a ^ b`.
    public static func ^ (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    public static func ^ <Value: ConvertibleFromPython>(a: PythonObject, b: any ConvertibleToPython)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a ^ b`.
    public static func ^ (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Returns `a ^ b`, converted.
    public static func ^ <Value: ConvertibleFromPython>(a: any ConvertibleToPython, b: PythonObject)
        throws -> Value
    {
        try binary(a, b, converting: PyNumber_Xor)
    }

    /// Returns `a << b`.
    public static func << (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    public static func << <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a << b`.
    public static func << (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    public static func << <Value: ConvertibleFromPython>(
        a: PythonObject,
        b: any ConvertibleToPython
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a << b`.
    public static func << (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Returns `a << b`, converted.
    public static func << <Value: ConvertibleFromPython>(
        a: any ConvertibleToPython,
        b: PythonObject
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Lshift)
    }

    /// Returns `a >> b`.
    public static func >> (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    public static func >> <Value: ConvertibleFromPython>(a: PythonObject, b: PythonObject) throws
        -> Value
    {
        try binary(a, b, converting: PyNumber_Rshift)
    }

    /// Returns `a >> b`.
    public static func >> (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    public static func >> <Value: ConvertibleFromPython>(
        a: PythonObject,
        b: any ConvertibleToPython
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Rshift)
    }

    /// Returns `a >> b`.
    public static func >> (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Returns `a >> b`, converted.
    public static func >> <Value: ConvertibleFromPython>(
        a: any ConvertibleToPython,
        b: PythonObject
    ) throws -> Value {
        try binary(a, b, converting: PyNumber_Rshift)
    }

    /// Returns `-a`.
    public static prefix func - (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Negative)
    }

    /// Returns `+a`.
    public static prefix func + (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Positive)
    }

    /// Returns `~a`.
    public static prefix func ~ (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Invert)
    }
}
