// Ranges of Swift ⇄ slice.
// SPDX-License-Identifier: Apache-2.0
//
// Written by Tests/Python/conversions.py: change that.

extension Range: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `5..<10` is `slice(5, 10)`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let slice = PythonSlice(from: lowerBound, to: upperBound)
        return try slice.pythonReference(gil)
    }

    /// Reads a `slice` with both bounds, or a `range`, in steps of one.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Range<Int> {
        let bounds = try PythonSlice.bounds(reference, gil)
        let start = try PythonSlice.required(bounds.start, "start")
        let stop = try PythonSlice.required(bounds.stop, "stop")
        guard start <= stop else { throw PythonSlice.disordered(start, stop) }
        return start..<stop
    }
}

extension ClosedRange: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `5...9` is `slice(5, 10)`; through -1 is through the end.
    ///
    /// - Throws: ``PythonConversionError`` if there is no `Int` after the bound.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let slice = try PythonSlice(from: lowerBound, to: PythonSlice.stop(after: upperBound))
        return try slice.pythonReference(gil)
    }

    /// Reads a `slice` with both bounds, or a `range`, in steps of one, that is not empty.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> ClosedRange<Int> {
        let bounds = try PythonSlice.bounds(reference, gil)
        let start = try PythonSlice.required(bounds.start, "start")
        let stop = try PythonSlice.required(bounds.stop, "stop")
        guard start < stop else { throw PythonSlice.disordered(start, stop) }
        return start...(stop - 1)
    }
}

extension PartialRangeFrom: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `5...` is `slice(5, None)`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let slice = PythonSlice(from: lowerBound)
        return try slice.pythonReference(gil)
    }

    /// Reads a `slice` that has a start only.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PartialRangeFrom<Int> {
        let bounds = try PythonSlice.bounds(reference, gil)
        try PythonSlice.refused(bounds.stop, "stop")
        return try PythonSlice.required(bounds.start, "start")...
    }
}

extension PartialRangeUpTo: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `..<5` is `slice(5)`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let slice = PythonSlice(to: upperBound)
        return try slice.pythonReference(gil)
    }

    /// Reads a `slice` that has a stop only.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PartialRangeUpTo<Int> {
        let bounds = try PythonSlice.bounds(reference, gil)
        try PythonSlice.refused(bounds.start, "start")
        return try ..<PythonSlice.required(bounds.stop, "stop")
    }
}

extension PartialRangeThrough: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `...5` is `slice(6)`; through -1 is everything.
    ///
    /// - Throws: ``PythonConversionError`` if there is no `Int` after the bound.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let slice = try PythonSlice(to: PythonSlice.stop(after: upperBound))
        return try slice.pythonReference(gil)
    }

    /// Reads a `slice` that has a stop only.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> PartialRangeThrough<Int> {
        let bounds = try PythonSlice.bounds(reference, gil)
        try PythonSlice.refused(bounds.start, "start")
        return try ...PythonSlice.last(before: PythonSlice.required(bounds.stop, "stop"))
    }
}
