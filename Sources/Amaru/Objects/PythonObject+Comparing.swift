// Comparisons: functions that throw, and no conformance.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// Comparisons as truth values, as `if a < b` takes them, with a Swift value on either side.
///
/// A result without a truth value, such as numpy's array, throws. The operators with a point, such
/// as `a .< b`, return the object itself, as SIMD vectors do in Swift.
///
/// https://docs.python.org/3/reference/expressions.html#value-comparisons
extension PythonObject {
    /// Returns `a == b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func == (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .equal, b)
    }

    /// Returns what `a == b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .== (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .equal, b)
    }

    /// Returns `a == b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func == (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .equal, b)
    }

    /// Returns what `a == b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .== (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .equal, b)
    }

    /// Returns `a == b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func == (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .equal, b)
    }

    /// Returns what `a == b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .== (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .equal, b)
    }

    /// Returns `a != b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func != (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .notEqual, b)
    }

    /// Returns what `a != b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .!= (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .notEqual, b)
    }

    /// Returns `a != b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func != (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .notEqual, b)
    }

    /// Returns what `a != b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .!= (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .notEqual, b)
    }

    /// Returns `a != b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func != (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .notEqual, b)
    }

    /// Returns what `a != b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .!= (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .notEqual, b)
    }

    /// Returns `a < b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func < (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .less, b)
    }

    /// Returns what `a < b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .< (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .less, b)
    }

    /// Returns `a < b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func < (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .less, b)
    }

    /// Returns what `a < b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .< (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .less, b)
    }

    /// Returns `a < b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func < (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .less, b)
    }

    /// Returns what `a < b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .< (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .less, b)
    }

    /// Returns `a <= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func <= (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .lessOrEqual, b)
    }

    /// Returns what `a <= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .<= (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .lessOrEqual, b)
    }

    /// Returns `a <= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func <= (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .lessOrEqual, b)
    }

    /// Returns what `a <= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .<= (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .lessOrEqual, b)
    }

    /// Returns `a <= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func <= (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .lessOrEqual, b)
    }

    /// Returns what `a <= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .<= (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .lessOrEqual, b)
    }

    /// Returns `a > b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func > (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .greater, b)
    }

    /// Returns what `a > b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .> (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .greater, b)
    }

    /// Returns `a > b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func > (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .greater, b)
    }

    /// Returns what `a > b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .> (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .greater, b)
    }

    /// Returns `a > b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func > (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .greater, b)
    }

    /// Returns what `a > b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .> (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .greater, b)
    }

    /// Returns `a >= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >= (a: PythonObject, b: PythonObject) throws -> Bool {
        try truth(a, .greaterOrEqual, b)
    }

    /// Returns what `a >= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .>= (a: PythonObject, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .greaterOrEqual, b)
    }

    /// Returns `a >= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >= (a: PythonObject, b: any ConvertibleToPython) throws -> Bool {
        try truth(a, .greaterOrEqual, b)
    }

    /// Returns what `a >= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .>= (a: PythonObject, b: any ConvertibleToPython) throws -> PythonObject {
        try Python.compare(a, .greaterOrEqual, b)
    }

    /// Returns `a >= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >= (a: any ConvertibleToPython, b: PythonObject) throws -> Bool {
        try truth(a, .greaterOrEqual, b)
    }

    /// Returns what `a >= b` is in Python, such as an array of truth values.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func .>= (a: any ConvertibleToPython, b: PythonObject) throws -> PythonObject {
        try Python.compare(a, .greaterOrEqual, b)
    }
}
