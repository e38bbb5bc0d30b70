// Lines of tables about values that cross both ways, or are refused.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// What a Python expression converts to, and what that converts back to.
struct ValueConversion: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let check: @PythonActor @Sendable () throws -> Void

    func run() async throws { try await PythonActor.run(check) }

    @PythonActor
    static func eval(_ expression: String) throws -> PythonObject {
        let namespace = try Python.eval("{}")
        try Python.exec(
            """
            import collections, datetime, decimal, enum, pathlib, types, uuid, zoneinfo
            from datetime import date, time, timedelta, timezone
            from decimal import Decimal
            from pathlib import Path, PurePosixPath
            from uuid import UUID
            from zoneinfo import ZoneInfo
            utc = timezone.utc
            class Number(int): pass
            """,
            globals: namespace
        )
        return try Python.eval(expression, globals: namespace)
    }

    /// A builder, for the compiler to look at one line at a time.
    @resultBuilder
    enum Table {
        static func buildBlock(_ lines: ValueConversion...) -> [ValueConversion] { lines }
    }
}

func table(@ValueConversion.Table _ lines: () -> [ValueConversion]) -> [ValueConversion] {
    lines()
}

/// The expression is the value in Swift; the value's `repr` in Python is that of the expression,
/// unless `back` says another one.
func crosses<Value: PythonConvertible & Equatable & Sendable>(
    _ expression: String,
    _ value: Value,
    back: String? = nil
) -> ValueConversion {
    ValueConversion(testDescription: "\(expression) is \(value)") {
        let found = try ValueConversion.eval(expression).converted(to: Value.self)
        #expect(found == value)
        let object = try PythonObject(value)
        let expected = try ValueConversion.eval(back ?? expression)
        let (text, expectedText) = (try Python.repr(object), try Python.repr(expected))
        #expect(text == expectedText)
        let isEqual = try Bool(Python.compare(object, .equal, expected))
        #expect(isEqual)
        let again = try object.converted(to: Value.self)
        #expect(again == value)
    }
}

/// The expression is refused with a text.
func refuses<Value: ConvertibleFromPython & Sendable>(
    _ expression: String,
    as type: Value.Type,
    _ message: String
) -> ValueConversion {
    ValueConversion(testDescription: "\(expression) is no \(type)") {
        let object = try ValueConversion.eval(expression)
        let error = #expect(throws: PythonConversionError.self) {
            _ = try object.converted(to: type)
        }
        #expect(error?.description == message)
    }
}

/// The value of Swift is refused with a text; not every one of them can be printed.
func unmade(_ value: some ConvertibleToPython & Sendable, _ message: String) -> ValueConversion {
    ValueConversion(testDescription: message) {
        let error = #expect(throws: PythonConversionError.self) { _ = try PythonObject(value) }
        #expect(error?.description == message)
    }
}
