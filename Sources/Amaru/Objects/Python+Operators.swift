// The operators of Python that Swift has no sign for.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// The operators of Python that Swift has no sign for.
@PythonActor
extension Python {
    /// Returns `a ** b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func pow(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, { PyNumber_Power($0, $1, amaru_none()) })
    }

    /// Returns `a ** b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public static func pow<Value: ConvertibleFromPython>(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> Value {
        try PythonObject.binary(a, b, converting: { PyNumber_Power($0, $1, amaru_none()) })
    }

    /// Returns `a // b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func floordiv(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_FloorDivide)
    }

    /// Returns `a // b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public static func floordiv<Value: ConvertibleFromPython>(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> Value {
        try PythonObject.binary(a, b, converting: PyNumber_FloorDivide)
    }

    /// Returns `divmod(a, b)`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func divmod(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Divmod)
    }

    /// Returns `divmod(a, b)`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public static func divmod<Value: ConvertibleFromPython>(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> Value {
        try PythonObject.binary(a, b, converting: PyNumber_Divmod)
    }

    /// Returns `a @ b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func matmul(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_MatrixMultiply)
    }

    /// Returns `a @ b`, converted.
    ///
    /// - Throws: ``PythonException``: what Python raises; ``PythonConversionError`` if the result
    ///   does not convert.
    @_disfavoredOverload
    public static func matmul<Value: ConvertibleFromPython>(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> Value {
        try PythonObject.binary(a, b, converting: PyNumber_MatrixMultiply)
    }
}
