// Comparisons as functions, and with nil.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonObject {
    /// What `==` gives, as a truth value; identical objects count as equal, as in a list.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public func isEqual(to other: some ConvertibleToPython) throws -> Bool {
        try Interpreter.requireRunning()
        let other = try other.pythonReference(PythonGIL())
        let result = PyObject_RichCompareBool(pointer, other.pointer, Py_EQ)
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
    }

    /// Says whether the object is `None`, as `a is None` does; it runs no Python code.
    public static func == (a: PythonObject, _: _OptionalNilComparisonType) -> Bool { a.isNone }

    /// Says whether the object is anything but `None`, as `a is not None` does.
    public static func != (a: PythonObject, _: _OptionalNilComparisonType) -> Bool { !a.isNone }

    static func truth(
        _ a: some ConvertibleToPython,
        _ comparison: Python.Comparison,
        _ b: some ConvertibleToPython
    ) throws -> Bool {
        try Python.compare(a, comparison, b).isTrue()
    }
}

extension Python {
    /// The six comparisons.
    public enum Comparison: Sendable, Hashable {
        case equal, notEqual, less, lessOrEqual, greater, greaterOrEqual

        var code: Int32 {
            switch self {
            case .equal: Py_EQ
            case .notEqual: Py_NE
            case .less: Py_LT
            case .lessOrEqual: Py_LE
            case .greater: Py_GT
            case .greaterOrEqual: Py_GE
            }
        }
    }

    /// What a comparison gives, which need not be a `bool`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    @PythonActor
    public static func compare(
        _ a: some ConvertibleToPython,
        _ comparison: Comparison,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b, { PyObject_RichCompare($0, $1, comparison.code) })
    }
}
