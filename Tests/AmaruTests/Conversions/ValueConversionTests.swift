// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Values of the standard libraries cross exactly, or not at all", .python)
struct ValueConversionTests {
    private static let reference = Date(timeIntervalSinceReferenceDate: 0)

    @Test("A CGFloat crosses as the Double that it is")
    func coordinates() async throws {
        let x: CGFloat = 0.1
        let doubled = try await PythonActor.run {
            CGFloat(try Python.import("operator").mul(Double(x), 2) as Double)
        }
        #expect(doubled == x * 2)
    }

    @Test(
        "Dates are aware datetimes",
        arguments: table {
            crosses("datetime.datetime(2001, 1, 1, tzinfo=utc)", reference)
            crosses("datetime.datetime(2001, 1, 1, 0, 0, 1, 500000, utc)", reference + 1.5)
            crosses(
                "datetime.datetime(2000, 12, 31, 23, 59, 59, 999999, utc)",
                reference - 0.000001
            )
            crosses("datetime.datetime(1970, 1, 1, tzinfo=utc)", Date(timeIntervalSince1970: 0))
            crosses(
                "datetime.datetime(2001, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))",
                reference,
                back: "datetime.datetime(2001, 1, 1, tzinfo=utc)"
            )
            crosses(
                "datetime.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'), fold=1)",
                Date(timeIntervalSince1970: 1_729_992_600),
                back: "datetime.datetime(2024, 10, 27, 1, 30, tzinfo=utc)"
            )
            crosses(
                "datetime.datetime(2024, 10, 27, 2, 30, tzinfo=ZoneInfo('Europe/Berlin'))",
                Date(timeIntervalSince1970: 1_729_989_000),
                back: "datetime.datetime(2024, 10, 27, 0, 30, tzinfo=utc)"
            )
            crosses(
                "datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=utc)",
                Date(timeIntervalSince1970: 253_402_300_799)
            )
            crosses(
                "datetime.datetime(1, 1, 1, tzinfo=utc)",
                Date(timeIntervalSince1970: -62_135_596_800)
            )
            refuses(
                "datetime.datetime(2024, 5, 1, 12)",
                as: Date.self,
                "naive datetime 2024-05-01 12:00:00: give it a time zone, as "
                    + ".replace(tzinfo=timezone.utc) does, or read it as DateComponents"
            )
            refuses("date(2024, 5, 1)", as: Date.self, "expected datetime, found date")
            refuses("1714564800.0", as: Date.self, "expected datetime, found float")
            refuses(
                "datetime.datetime(9999, 1, 1, 0, 0, 0, 1, utc)",
                as: Date.self,
                "the datetime has microseconds that Date cannot hold"
            )
            unmade(
                Date(timeIntervalSince1970: 253_402_300_800),
                "the date is outside the years 1 to 9999, which datetime has"
            )
            unmade(
                Date.distantPast - 100 * 86400 * 365.25 * 100,
                "the date is outside the years 1 to 9999, which datetime has"
            )
            unmade(
                Date(timeIntervalSinceReferenceDate: .nan),
                "the date is outside the years 1 to 9999, which datetime has"
            )
        }
    )
    func dates(_ line: ValueConversion) async throws { try await line.run() }

    @Test(
        "Durations are timedeltas",
        arguments: table {
            crosses("timedelta(0)", Duration.zero)
            crosses(
                "timedelta(days=1, seconds=2, microseconds=3)",
                Duration.microseconds(86_402_000_003)
            )
            crosses("timedelta(microseconds=-1)", Duration.microseconds(-1))
            crosses("timedelta.max", Duration.seconds(86_399_999_999_999) + .microseconds(999_999))
            crosses("timedelta.min", Duration.seconds(-86_399_999_913_600))
            refuses("1", as: Duration.self, "expected timedelta, found int")
            unmade(
                Duration.nanoseconds(1),
                "the duration is no whole number of microseconds, which timedelta counts"
            )
            unmade(
                Duration.seconds(86_400_000_000_000),
                "the duration is longer than 999999999 days, the most of a timedelta"
            )
        }
    )
    func durations(_ line: ValueConversion) async throws { try await line.run() }

    @Test(
        "Time zones keep their names or their distance from UTC",
        arguments: table {
            crosses("utc", TimeZone.gmt)
            crosses("ZoneInfo('Europe/Berlin')", TimeZone(identifier: "Europe/Berlin"))
            crosses("timezone(timedelta(hours=5, minutes=30))", TimeZone(secondsFromGMT: 19800))
            crosses("timezone(timedelta(seconds=-3661))", TimeZone(secondsFromGMT: -3661))
            refuses(
                "timezone(timedelta(hours=20))",
                as: TimeZone.self,
                "a time zone 72000 seconds from UTC is not known to Swift"
            )
            refuses(
                "timezone(timedelta(microseconds=5))",
                as: TimeZone.self,
                "time zone UTC+00:00:00.000005 is not at whole seconds from UTC"
            )
            refuses("'UTC'", as: TimeZone.self, "expected timezone or ZoneInfo, found str")
        }
    )
    func timeZones(_ line: ValueConversion) async throws { try await line.run() }

    @Test(
        "Date components are datetimes, dates and times",
        arguments: table {
            crosses("date(2024, 2, 29)", DateComponents(year: 2024, month: 2, day: 29))
            crosses(
                "time(1, 2, 3, 4)",
                DateComponents(hour: 1, minute: 2, second: 3, nanosecond: 4000)
            )
            crosses(
                "datetime.datetime(2024, 2, 29, 1, 2, 3)",
                DateComponents(
                    year: 2024,
                    month: 2,
                    day: 29,
                    hour: 1,
                    minute: 2,
                    second: 3,
                    nanosecond: 0
                )
            )
            crosses(
                "datetime.datetime(2024, 2, 29, 1, 2, 3, tzinfo=utc)",
                DateComponents(
                    timeZone: .gmt,
                    year: 2024,
                    month: 2,
                    day: 29,
                    hour: 1,
                    minute: 2,
                    second: 3,
                    nanosecond: 0
                )
            )
            refuses("2024", as: DateComponents.self, "expected datetime, date or time, found int")
            unmade(
                DateComponents(year: 2023, month: 2, day: 29),
                "day is out of range for month"
            )
            unmade(
                DateComponents(year: 2023),
                "the date components have a day without its year, month or day"
            )
            unmade(
                DateComponents(),
                "the date components have neither a day nor a time"
            )
            unmade(
                DateComponents(hour: 1, nanosecond: 1),
                "the date components have a nanosecond that is no whole number of microseconds"
            )
        }
    )
    func components(_ line: ValueConversion) async throws { try await line.run() }

    @Test(
        "Decimals keep their digits",
        arguments: table {
            crosses("Decimal('0')", Decimal(0))
            crosses("Decimal('-12.5')", Decimal(sign: .minus, exponent: -1, significand: 125))
            crosses(
                "Decimal('1.50')",
                Decimal(sign: .plus, exponent: -1, significand: 15),
                back: "Decimal('1.5')"
            )
            crosses("Decimal('-0.00')", Decimal(0), back: "Decimal(0)")
            crosses("Decimal('1E+2')", Decimal(100), back: "Decimal('1E+2')")
            crosses(
                "Decimal('12345678901234567890123456789012345678')",
                Decimal(string: "12345678901234567890123456789012345678") ?? 0
            )
            crosses(
                "Decimal('0.99999999999999999999999999999999999999')",
                Decimal(string: "0.99999999999999999999999999999999999999") ?? 0
            )
            refuses("1.5", as: Decimal.self, "expected Decimal, found float")
            refuses("Decimal('NaN')", as: Decimal.self, "Decimal NaN is no number")
            refuses("Decimal('-Infinity')", as: Decimal.self, "Decimal -Infinity is no number")
            refuses(
                "Decimal('0.123456789012345678901234567890123456789')",
                as: Decimal.self,
                "Decimal does not fit: Swift's has 38 digits and exponents from -128 to 127"
            )
            refuses(
                "Decimal('1E+999')",
                as: Decimal.self,
                "Decimal does not fit: Swift's has 38 digits and exponents from -128 to 127"
            )
            unmade(Decimal.nan, "the decimal is no number")
        }
    )
    func decimals(_ line: ValueConversion) async throws { try await line.run() }

    @Test(
        "UUIDs, URLs and paths",
        arguments: table {
            crosses(
                "UUID('12345678-9abc-def0-0123-456789abcdef')",
                UUID(uuidString: "12345678-9ABC-DEF0-0123-456789ABCDEF")
            )
            refuses("'x'", as: UUID.self, "expected UUID, found str")
            crosses(
                "'https://example.org/a%20b?q=1#f'",
                URL(string: "https://example.org/a%20b?q=1#f")
            )
            crosses("Path('/tmp/ä b')", URL(filePath: "/tmp/ä b", directoryHint: .notDirectory))
            crosses("Path('/')", URL(filePath: "/", directoryHint: .notDirectory))
            refuses("Path('a/b')", as: URL.self, "path 'a/b' is relative: resolve() it")
            refuses("'a b'", as: URL.self, "str is no URL: \"a b\"")
            refuses("''", as: URL.self, "str is no URL: \"\"")
            refuses("b'/tmp'", as: URL.self, "expected str or Path, found bytes")
            unmade(
                URL(string: "file://host/a"),
                "file URL names the host host"
            )
        }
    )
    func identifiers(_ line: ValueConversion) async throws { try await line.run() }

    @Test("Random dates, durations, decimals and UUIDs come back as they were")
    func roundTrips() async throws {
        try await PythonActor.run { () throws in
            var generator = SystemRandomNumberGenerator()
            for _ in 0..<500 {
                // Whole microseconds, as far as Date tells them apart.
                let count = Int.random(in: -8_000_000_000_000_000...8_000_000_000_000_000)
                let (seconds, rest) = count.quotientAndRemainder(dividingBy: 1_000_000)
                let date = Date(
                    timeIntervalSinceReferenceDate: Double(seconds) + Double(rest) / 1_000_000
                )
                #expect(try PythonObject(date).converted(to: Date.self) == date)
                let duration = Duration.microseconds(count)
                #expect(try PythonObject(duration).converted(to: Duration.self) == duration)
                let decimal = Decimal(
                    sign: Bool.random(using: &generator) ? .minus : .plus,
                    exponent: .random(in: -100...80),
                    significand: Decimal(abs(count))
                )
                #expect(try PythonObject(decimal).converted(to: Decimal.self) == decimal)
                let id = UUID()
                #expect(try PythonObject(id).converted(to: UUID.self) == id)
                #expect(try Python.str(PythonObject(id)) == id.uuidString.lowercased())
            }
        }
    }
}
