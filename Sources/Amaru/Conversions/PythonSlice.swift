// slice objects as values.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// A Python `slice`: where it starts, where it stops, and its step.
///
/// Ranges of Swift are slices too: `5..<10`, `5...10`, `5...`, `..<5` and `...5`. This type adds
/// the step, and all that ranges refuse, such as Python's `x[1:-1]`: `1..<(-1)` is a range that ends
/// before it starts, at which the standard library traps.
///
/// ```swift
/// let odd: PythonObject = try list[PythonSlice(from: 1, step: 2)]
/// let inner: PythonObject = try list[PythonSlice(from: 1, to: -1)]
/// let last: PythonObject = try list[-3...]
/// ```
///
/// https://docs.python.org/3/library/functions.html#slice
public struct PythonSlice: PythonConvertible, Hashable, Sendable {
    /// The first index; negative from the end.
    public var start: Int?
    /// The index after the last one; negative from the end.
    public var stop: Int?
    /// The distance of two indices.
    public var step: Int?

    /// Creates a slice; without a bound it reaches to the end.
    public init(from start: Int? = nil, to stop: Int? = nil, step: Int? = nil) {
        (self.start, self.stop, self.step) = (start, stop, step)
    }

    /// Makes a `slice`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let start = try start.pythonReference(gil)
        let stop = try stop.pythonReference(gil)
        let step = try step.pythonReference(gil)
        return try OwnedReference(new: PySlice_New(start.pointer, stop.pointer, step.pointer))
    }

    /// Reads a `slice` whose parts are of type `int`, or None.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PythonSlice {
        guard amaru_is_slice_object(reference.pointer) != 0 else {
            throw PythonConversionError.expected("slice", found: reference)
        }
        return PythonSlice(
            from: try part("start", of: reference, gil),
            to: try part("stop", of: reference, gil),
            step: try part("step", of: reference, gil)
        )
    }

    private static func part(
        _ name: String,
        of reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Int? {
        let part = try OwnedReference(new: PyObject_GetAttrString(reference.pointer, name))
        return try converting(at: ".\(name)") {
            try Int?.fromPython(BorrowedReference(part.pointer), gil)
        }
    }
}
