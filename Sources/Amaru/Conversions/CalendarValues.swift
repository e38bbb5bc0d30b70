// DateComponents ⇄ datetime, date and time.
// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

extension DateComponents: PythonConvertible {
    private typealias Day = PythonTypedTuple<Int, Int, Int>
    private typealias Time = PythonTypedTuple<Int, Int, Int, Int>

    /// Makes a `date` of year, month and day, a `time` of hour, minute, second and nanosecond, or
    /// a `datetime` of both; aware where they have a time zone.
    ///
    /// - Throws: ``PythonConversionError`` where year, month and day are incomplete, where there
    ///   are other components, or nanoseconds that are no whole microseconds.
    public func pythonReference(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let day = try pythonDay
        let time = try pythonTime
        guard day != nil || time != nil else { throw Self.refused("neither a day nor a time") }
        guard timeZone == nil || time != nil else { throw Self.refused("a time zone but no time") }
        let others = [era, quarter, weekday, weekdayOrdinal, weekOfMonth, weekOfYear]
        guard others.allSatisfy({ $0 == nil }), yearForWeekOfYear == nil else {
            throw Self.refused("more than day, time and time zone")
        }
        return try RuntimeValue.make(.values, "calendar_value", [day, time, timeZone], gil)
    }

    private var pythonDay: Day? {
        get throws {
            switch (year, month, day) {
            case (let year?, let month?, let day?): Day(year, month, day)
            case (nil, nil, nil): nil
            default: throw Self.refused("a day without its year, month or day")
            }
        }
    }

    private var pythonTime: Time? {
        get throws {
            guard let hour else {
                guard minute == nil, second == nil, nanosecond == nil else {
                    throw Self.refused("a time without its hour")
                }
                return nil
            }
            let (microsecond, rest) = (nanosecond ?? 0).quotientAndRemainder(dividingBy: 1000)
            guard rest == 0 else {
                throw Self.refused("a nanosecond that is no whole number of microseconds")
            }
            return Time(hour, minute ?? 0, second ?? 0, microsecond)
        }
    }

    private static func refused(_ what: String) -> PythonConversionError {
        PythonConversionError(.value, "the date components have \(what)")
    }

    /// Reads a `datetime`, a `date` or a `time`, naive or aware.
    ///
    /// - Throws: ``PythonConversionError`` for another object.
    public static func fromPython(
        _ reference: borrowing BorrowedReference,
        _ gil: borrowing PythonGIL
    ) throws -> DateComponents {
        let parts: PythonTypedTuple<Day?, Time?, TimeZone?> = try RuntimeValue.read(
            .values,
            "parts_of_calendar_value",
            reference,
            gil
        )
        let (day, time, zone) = parts.values
        var result = DateComponents()
        result.timeZone = zone
        if let day { (result.year, result.month, result.day) = day.values }
        if let time {
            let (hour, minute, second, microsecond) = time.values
            (result.hour, result.minute, result.second) = (hour, minute, second)
            result.nanosecond = microsecond * 1000
        }
        return result
    }
}
