// Operators: functions that throw, and no conformance.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Arithmetic, as Python defines it for the operands, with a Swift value on either side.
///
/// ```swift
/// let area = try width * height + 1
/// ```
///
/// https://docs.python.org/3/c-api/number.html
extension PythonObject {
    /// Gives `a + b`.
    public static func + (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Add)
    }

    /// Gives `a - b`.
    public static func - (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Subtract)
    }

    /// Gives `a * b`.
    public static func * (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Multiply)
    }

    /// Gives `a / b`, Python's true division.
    public static func / (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_TrueDivide)
    }

    /// Gives `a % b`.
    public static func % (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Remainder)
    }

    /// Gives `a & b`.
    public static func & (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_And)
    }

    /// Gives `a | b`.
    public static func | (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Or)
    }

    /// Gives `a ^ b`.
    public static func ^ (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Xor)
    }

    /// Gives `a << b`.
    public static func << (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Lshift)
    }

    /// Gives `a >> b`.
    public static func >> (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try binary(a, b, PyNumber_Rshift)
    }

    /// Gives `-a`.
    public static prefix func - (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Negative)
    }

    /// Gives `+a`.
    public static prefix func + (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Positive)
    }

    /// Gives `~a`.
    public static prefix func ~ (a: PythonObject) throws -> PythonObject {
        try unary(a, PyNumber_Invert)
    }
}

/// Arithmetic with a Swift value on the left.
extension ConvertibleToPython {
    /// Gives `a + b`.
    @PythonActor
    public static func + (a: Self, b: PythonObject) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Add)
    }

    /// Gives `a - b`.
    @PythonActor
    public static func - (a: Self, b: PythonObject) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Subtract)
    }

    /// Gives `a * b`.
    @PythonActor
    public static func * (a: Self, b: PythonObject) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Multiply)
    }

    /// Gives `a / b`.
    @PythonActor
    public static func / (a: Self, b: PythonObject) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_TrueDivide)
    }

    /// Gives `a % b`.
    @PythonActor
    public static func % (a: Self, b: PythonObject) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Remainder)
    }
}

/// Assignment operators, in place where the object can: `list += other` changes the list itself.
extension PythonObject {
    /// Performs `a += b`.
    public static func += (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceAdd)
    }

    /// Performs `a -= b`.
    public static func -= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceSubtract)
    }

    /// Performs `a *= b`.
    public static func *= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceMultiply)
    }

    /// Performs `a /= b`.
    public static func /= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceTrueDivide)
    }

    /// Performs `a %= b`.
    public static func %= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceRemainder)
    }
}

extension PythonObject {
    typealias BinaryFunction = (PyPointer?, PyPointer?) -> PyPointer?

    static func binary(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython,
        _ function: BinaryFunction
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        let gil = PythonGIL()
        let left = try a.pythonReference(gil)
        let right = try b.pythonReference(gil)
        return PythonObject(try OwnedReference(new: function(left.pointer, right.pointer)))
    }

    private static func unary(
        _ a: PythonObject,
        _ function: (PyPointer?) -> PyPointer?
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        return PythonObject(try OwnedReference(new: function(a.pointer)))
    }
}

/// The operators of Python that Swift has no sign for.
@PythonActor
extension Python {
    /// Gives `a ** b`.
    public static func pow(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b) { PyNumber_Power($0, $1, amaru_none()) }
    }

    /// Gives `a // b`.
    public static func floordiv(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_FloorDivide)
    }

    /// Gives `divmod(a, b)`.
    public static func divmod(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_Divmod)
    }

    /// Gives `a @ b`.
    public static func matmul(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, PyNumber_MatrixMultiply)
    }

    /// Gives `abs(a)`.
    public static func abs(_ a: PythonObject) throws -> PythonObject {
        try Interpreter.requireRunning()
        return PythonObject(try OwnedReference(new: PyNumber_Absolute(a.pointer)))
    }
}
