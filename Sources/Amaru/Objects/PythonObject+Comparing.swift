// Comparisons: functions that throw, and no conformance.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Comparisons as truth values, as `if a < b` takes them.
///
/// A result without a truth value, such as numpy's array, throws. The operators with a point, such
/// as `a .< b`, give the object itself, as SIMD vectors do in Swift.
///
/// https://docs.python.org/3/reference/expressions.html#value-comparisons
extension PythonObject {
    /// Gives `a == b`.
    public static func == (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .equal, b).isTrue()
    }

    /// Gives `a != b`.
    public static func != (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .notEqual, b).isTrue()
    }

    /// Gives `a < b`.
    public static func < (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .less, b).isTrue()
    }

    /// Gives `a <= b`.
    public static func <= (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .lessOrEqual, b).isTrue()
    }

    /// Gives `a > b`.
    public static func > (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .greater, b).isTrue()
    }

    /// Gives `a >= b`.
    public static func >= (a: PythonObject, b: some ConvertibleToPython) throws -> Bool {
        try Python.compare(a, .greaterOrEqual, b).isTrue()
    }

    /// Gives what `a == b` gives in Python, such as an array of truth values.
    public static func .== (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .equal, b)
    }

    /// Gives what `a != b` gives in Python.
    public static func .!= (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .notEqual, b)
    }

    /// Gives what `a < b` gives in Python.
    public static func .< (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .less, b)
    }

    /// Gives what `a <= b` gives in Python.
    public static func .<= (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .lessOrEqual, b)
    }

    /// Gives what `a > b` gives in Python.
    public static func .> (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .greater, b)
    }

    /// Gives what `a >= b` gives in Python.
    public static func .>= (a: PythonObject, b: some ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .greaterOrEqual, b)
    }

    /// What `==` gives, as a truth value; identical objects count as equal, as in a list.
    public func isEqual(to other: some ConvertibleToPython) throws -> Bool {
        try Interpreter.requireRunning()
        let other = try other.pythonReference(PythonGIL())
        let result = PyObject_RichCompareBool(pointer, other.pointer, Py_EQ)
        guard result >= 0 else { throw PythonException.taken() }
        return result == 1
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
    @PythonActor
    public static func compare(
        _ a: some ConvertibleToPython,
        _ comparison: Comparison,
        _ b: some ConvertibleToPython
    ) throws -> PythonObject {
        try PythonObject.binary(a, b) { PyObject_RichCompare($0, $1, comparison.code) }
    }
}
