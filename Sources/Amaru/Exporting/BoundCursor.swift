// Reads the arguments of one call in order.
// SPDX-License-Identifier: Apache-2.0

/// Converts the values of a call one after the other, for parameter packs.
@usableFromInline
@frozen
struct BoundCursor {
    @usableFromInline
    let bound: BoundArguments
    @usableFromInline
    var index = 0

    @inlinable
    @inline(__always)
    init(_ bound: BoundArguments) { self.bound = bound }

    @inlinable
    @inline(__always)
    mutating func next<Value: ConvertibleFromPython>(
        _ parameter: PythonParameter<Value>,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        defer { index += 1 }
        return try bound.read(index, parameter.makeValue, gil)
    }

    @inlinable
    @inline(__always)
    mutating func next<Value: ConvertibleFromPython>(
        _ type: Value.Type,
        _ gil: borrowing PythonGIL
    ) throws -> Value {
        defer { index += 1 }
        return try bound.read(index, nil, gil)
    }
}
