// Assignment operators, which throw.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/overloads.py: change that.

internal import CAmaruPython

/// Assignment operators, in place where the object can: `list += other` changes the list itself.
extension PythonObject {
    /// Performs `a += b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func += (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceAdd)
    }

    /// Performs `a -= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func -= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceSubtract)
    }

    /// Performs `a *= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func *= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceMultiply)
    }

    /// Performs `a /= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func /= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceTrueDivide)
    }

    /// Performs `a %= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func %= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceRemainder)
    }

    /// Performs `a &= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func &= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceAnd)
    }

    /// Performs `a |= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func |= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceOr)
    }

    /// Performs `a ^= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func ^= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceXor)
    }

    /// Performs `a <<= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func <<= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceLshift)
    }

    /// Performs `a >>= b`.
    ///
    /// - Throws: ``PythonException``: what Python raises.
    public static func >>= (a: inout PythonObject, b: some ConvertibleToPython) throws {
        a = try binary(a, b, PyNumber_InPlaceRshift)
    }
}
