// range objects as values.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Python `range`: integers at equal distances.
///
/// ```swift
/// for row in try Python.eval("range(10, 0, -2)", as: PythonRange.self) { print(row) }
/// ```
///
/// https://docs.python.org/3/library/stdtypes.html#range
public struct PythonRange: PythonConvertible, Sequence, Hashable, Sendable {
    /// The first number, unless the range is empty.
    public let start: Int
    /// The number before which it ends.
    public let stop: Int
    /// The distance of two numbers; not zero.
    public let step: Int

    /// Creates the range of the numbers from `start` until before `stop`.
    ///
    /// - Throws: ``PythonConversionError`` where the step is zero.
    public init(from start: Int = 0, to stop: Int, step: Int = 1) throws {
        guard step != 0 else {
            throw PythonConversionError(.value, "the step of a range cannot be zero")
        }
        (self.start, self.stop, self.step) = (start, stop, step)
    }

    /// Iterates over the numbers.
    public func makeIterator() -> StrideTo<Int>.Iterator {
        stride(from: start, to: stop, by: step).makeIterator()
    }

    /// Makes a `range`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try Vectorcall.call(amaru_range_type(), [start, stop, step], gil)
    }

    /// Reads a `range` whose numbers fit.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonRange {
        let object = reference.pointer
        guard amaru_is_range(object) != 0 else {
            throw PythonConversionError.expected("range", found: reference)
        }
        func part(_ name: String) throws -> Int {
            let part = try OwnedReference(new: PyObject_GetAttrString(object, name))
            return try converting(at: ".\(name)") {
                try Int.fromPython(BorrowedReference(part.pointer), gil)
            }
        }
        return try PythonRange(from: part("start"), to: part("stop"), step: part("step"))
    }
}
