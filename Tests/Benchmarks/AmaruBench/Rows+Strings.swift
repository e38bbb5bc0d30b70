// Strings of two sizes and two alphabets, each way.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import CFloors

extension Rows {
    static func strings(_ subject: Subject) throws -> [Row] {
        try eachWay(subject) + alone()
    }

    /// Strings as long as the lists, for the cost of a byte.
    static func longStrings(_ subject: Subject) throws -> [Row] {
        try [
            (FLOOR_ASCII_LONG, "ascii_long", "ASCII"),
            (FLOOR_ACCENTS_LONG, "accents_long", "not ASCII"),
        ].flatMap { text, name, title in
            try rows(text, title, 1.5, name, subject.python.readAttribute(name))
                .filter { !$0.name.hasPrefix("string-view") }
                .map { row in
                    var row = row
                    row.elements = subject.size
                    return row
                }
        }
    }

    private static func eachWay(_ subject: Subject) throws -> [Row] {
        try [
            (FLOOR_ASCII_64, "ascii_64", "64 B, ASCII", 2.0),
            (FLOOR_ACCENTS_64, "accents_64", "64 B, not ASCII", 2.0),
            (FLOOR_ASCII_1024, "ascii_1024", "1 KiB, ASCII", 2.5),
            (FLOOR_ACCENTS_1024, "accents_1024", "1 KiB, not ASCII", 2.5),
        ].flatMap { text, name, title, limit in
            try rows(text, title, limit, name, subject.python.readAttribute(name))
        }
    }

    private static func rows(
        _ text: floor_text,
        _ title: String,
        _ limit: Double,
        _ name: String,
        _ object: PythonObject
    ) throws -> [Row] {
        let string = try String(object)
        let word = name.replacing("_", with: "-")
        return [
            Row(
                name: "string-view-\(word)",
                work: "str of \(title), its UTF-8 lent",
                // More instructions than time: a third of them is the standard library's making of
                // the span, a call that is not inlined, and they take no longer than C's.
                limits: .ratio(1.1, instructions: 1.35),
                floor: { floor_string_view(text, $0) },
                bridge: .measured(spelling: "try o.withUTF8 { $0.count }") { count in
                    var sum = 0
                    for _ in 0..<count { sum &+= try object.withUTF8 { $0.count } }
                    keep(sum)
                }
            ),
            Row(
                name: "string-from-\(word)",
                work: "str of \(title) → String",
                limits: .ratio(limit),
                floor: { floor_string_from_python(text, $0) },
                bridge: .measured(spelling: "try String(o)") { count in
                    for _ in 0..<count { keep(try String(object).utf8.count) }
                }
            ),
            Row(
                name: "string-to-\(word)",
                work: "String of \(title) → str",
                limits: .ratio(limit),
                floor: { floor_string_to_python(text, $0) },
                bridge: .measured(spelling: "try PythonObject(string)") { count in
                    for _ in 0..<count { _ = try PythonObject(string) }
                }
            ),
        ]
    }

    /// What Swift takes for a string of its own, without Python: the least that a `String` costs.
    private static func alone() -> [Row] {
        [(FLOOR_ASCII_64, "64", "64 B"), (FLOOR_ASCII_1024, "1024", "1 KiB")].map {
            (text: floor_text, size: String, title: String) in
            let bytes = [UInt8](repeating: UInt8(ascii: "a"), count: Int(size) ?? 0)
            return Row(
                name: "string-alone-\(size)",
                work: "for comparison: a Swift String of \(title) made and dropped, without Python",
                limits: .none,
                floor: { floor_string_from_python(text, $0) },
                bridge: .measured(spelling: "String(copying: span)") { count in
                    for _ in 0..<count {
                        // As the bridge: of ASCII nothing has to be checked.
                        let span = UTF8Span(unchecked: bytes.span, isKnownASCII: true)
                        keep(String(copying: span).utf8.count)
                    }
                }
            )
        }
    }
}
