// What all operators call.
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
