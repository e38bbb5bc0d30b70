// Operators that Swift has no sign for, and what all operators call.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    typealias BinaryFunction = (PyPointer?, PyPointer?) -> PyPointer?

    static func binary(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython,
        _ function: BinaryFunction
    ) throws -> PythonObject {
        try Interpreter.requireRunning()
        return PythonObject(try result(a, b, function))
    }

    /// Applies the function and converts its result, without a box for it.
    static func binary<Value: ConvertibleFromPython>(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython,
        converting function: BinaryFunction
    ) throws -> Value {
        try Interpreter.requireRunning()
        let result = try result(a, b, function)
        return try Value.fromPython(BorrowedReference(result.pointer), PythonGIL())
    }

    private static func result(
        _ a: some ConvertibleToPython,
        _ b: some ConvertibleToPython,
        _ function: BinaryFunction
    ) throws -> OwnedReference {
        let gil = PythonGIL()
        let left = try a.pythonReference(gil)
        let right = try b.pythonReference(gil)
        return try OwnedReference(new: function(left.pointer, right.pointer))
    }

    static func unary(
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
        try PythonObject.binary(a, b, { PyNumber_Power($0, $1, amaru_none()) })
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
