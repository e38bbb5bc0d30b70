// The bounds of a slice or range, as Swift's ranges have them.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

extension PythonSlice {
    /// The bounds of a slice or range without a step of its own.
    static func bounds(
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

    static func required(_ bound: Int?, _ name: String) throws -> Int {
        guard let bound else { throw PythonConversionError(.value, "slice has no \(name)") }
        return bound
    }

    static func refused(_ bound: Int?, _ name: String) throws {
        if let bound {
            throw PythonConversionError(.value, "slice has the \(name) \(bound), expected none")
        }
    }

    /// What comes after the last index: nothing after -1, which is the end.
    static func stop(after last: Int) throws -> Int? {
        guard last < .max else {
            throw PythonConversionError(.overflow, "there is no Int after \(last)")
        }
        return last == -1 ? nil : last + 1
    }

    /// The last index before a stop.
    static func last(before stop: Int) throws -> Int {
        guard stop > .min else {
            throw PythonConversionError(.overflow, "there is no Int before \(stop)")
        }
        return stop - 1
    }

    static func disordered(_ start: Int, _ stop: Int) -> PythonConversionError {
        PythonConversionError(.value, "slice from \(start) to \(stop) is not a range")
    }
}

extension String {
    fileprivate var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
