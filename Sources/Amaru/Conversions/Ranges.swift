// Ranges of Swift ⇄ slice.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonSlice {
    /// The bounds of a slice or range without a step of its own.
    fileprivate static func bounds(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> (start: Int?, stop: Int?) {
        if amaru_is_range(reference.pointer) != 0 {
            let range = try PythonRange.fromPython(reference, gil)
            try requireSingleSteps(range.step, "range")
            return (range.start, range.stop)
        }
        let slice = try fromPython(reference, gil)
        try requireSingleSteps(slice.step ?? 1, "slice")
        return (slice.start, slice.stop)
    }

    private static func requireSingleSteps(_ step: Int, _ name: String) throws {
        guard step == 1 else {
            throw PythonConversionError(
                .value,
                "\(name) has the step \(step): read it as Python\(name.capitalizedFirst)"
            )
        }
    }

    fileprivate static func required(_ bound: Int?, _ name: String) throws -> Int {
        guard let bound else { throw PythonConversionError(.value, "slice has no \(name)") }
        return bound
    }

    fileprivate static func refused(_ bound: Int?, _ name: String) throws {
        if let bound {
            throw PythonConversionError(.value, "slice has the \(name) \(bound), expected none")
        }
    }

    /// What comes after the last index: nothing after -1, which is the end.
    fileprivate static func stop(after last: Int) throws -> Int? {
        guard last < .max else {
            throw PythonConversionError(.overflow, "there is no Int after \(last)")
        }
        return last == -1 ? nil : last + 1
    }

    /// The last index before a stop.
    fileprivate static func last(before stop: Int) throws -> Int {
        guard stop > .min else {
            throw PythonConversionError(.overflow, "there is no Int before \(stop)")
        }
        return stop - 1
    }

    fileprivate static func disordered(_ start: Int, _ stop: Int) -> PythonConversionError {
        PythonConversionError(.value, "slice from \(start) to \(stop) is no range")
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}

extension Range: PythonConvertible where Bound == Int {
    /// Makes a `slice`: `5..<10` is `slice(5, 10)`.
    ///
    /// - Throws: ``PythonException``, a MemoryError, if memory runs out.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        try PythonSlice(from: lowerBound, to: upperBound).pythonReference(gil)
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
        try PythonSlice(from: lowerBound, to: PythonSlice.stop(after: upperBound)).pythonReference(
            gil
        )
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
        try PythonSlice(from: lowerBound).pythonReference(gil)
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
        try PythonSlice(to: upperBound).pythonReference(gil)
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
        try PythonSlice(to: PythonSlice.stop(after: upperBound)).pythonReference(gil)
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
