// Date ⇄ aware datetime.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension Date: PythonConvertible {
    /// Makes an aware `datetime` in UTC.
    ///
    /// It is rounded to the nearest microsecond: a date of Swift is a binary fraction of a second,
    /// which only by chance is a whole number of them.
    ///
    /// - Throws: ``PythonConversionError`` outside the years 1 to 9999.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        guard let count = microseconds else {
            throw PythonConversionError(
                .value,
                "the date is outside the years 1 to 9999, which datetime has"
            )
        }
        return try RuntimeValue.make(.values, "datetime_of", [count], gil)
    }

    /// Reads an aware `datetime`; a naive one means no moment and is refused.
    ///
    /// - Throws: ``PythonConversionError``; also where the date is so far away, before 1729 or
    ///   after 2273, that `Date` cannot tell its microseconds apart.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> Date {
        let count: Int = try RuntimeValue.read(.values, "microseconds_of", reference, gil)
        let (seconds, rest) = count.quotientAndRemainder(dividingBy: 1_000_000)
        let date = Date(timeIntervalSinceReferenceDate: Double(seconds) + Double(rest) / 1_000_000)
        guard date.microseconds == count else {
            throw PythonConversionError(
                .value,
                "the datetime has microseconds that Date cannot hold"
            )
        }
        return date
    }

    /// The nearest whole number of microseconds since 2001; nil where it is out of any range.
    private var microseconds: Int? {
        let seconds = timeIntervalSinceReferenceDate
        // The years of datetime are within 3e11 seconds; NaN is not.
        guard abs(seconds) < 1e12 else { return nil }
        let whole = seconds.rounded(.down)
        return Int(whole) * 1_000_000 + Int(((seconds - whole) * 1_000_000).rounded())
    }
}
