// Bounds the depth of values inside values.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru

/// The deepest that a value of a recursive type may be nested: as deep as Python functions call.
@inlinable
var nestingLimit: Int32 { 1000 }

/// Runs the conversion of a part, whose type may be that of the whole.
///
/// - Throws: `RecursionError` if values are nested too deep, such as a list that contains itself.
@inlinable
@inline(__always)
func nesting<Value: ConvertibleFromPython>(_ body: () throws -> Value) throws -> Value {
    if Value.convertsWithoutPythonCode { return try body() }
    let depth = amaru_nesting()
    guard depth < nestingLimit else { throw nestingError() }
    amaru_set_nesting(depth + 1)
    defer { amaru_set_nesting(depth) }
    return try body()
}

@usableFromInline
@inline(never)
func nestingError() -> any Error {
    PyErr_SetString(
        amaru_RecursionError(),
        "maximum depth exceeded in a conversion to Swift: does a value contain itself?"
    )
    return PythonException.taken()
}
