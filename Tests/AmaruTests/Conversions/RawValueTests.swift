// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

private enum Level: String, PythonConvertible { case low, high }
private enum Code: Int, PythonConvertible { case ok = 200, missing = 404 }

@Suite("An enum with raw values is its raw value in Python", .python)
struct RawValueTests {
    @Test("Raw values and members of Python's enums are cases")
    func cases() async throws {
        try await PythonActor.run {
            #expect(try Python.repr(PythonObject(Level.high)) == "'high'")
            #expect(try Python.repr(PythonObject([Code.ok, .missing])) == "[200, 404]")
            let level: Level = try Python.eval("'low'")
            #expect(level == .low)
            let namespace = try PythonNamespace()
            try namespace.exec(
                """
                import enum
                class Level(enum.Enum):
                    LOW = 'low'
                    OTHER = 'other'
                class Code(enum.IntEnum):
                    MISSING = 404
                class Text(str, enum.Enum):
                    HIGH = 'high'
                """
            )
            #expect(try namespace.eval("Level.LOW", as: Level.self) == .low)
            #expect(try namespace.eval("Text.HIGH", as: Level.self) == .high)
            #expect(try namespace.eval("Code.MISSING", as: Code.self) == .missing)
            #expect(try namespace.eval("[Level.LOW]", as: [Level].self) == [.low])
            #expect(try namespace.eval("None", as: Level?.self) == nil)
            let member = try namespace["Level"](Level.low)
            #expect(try member.name == "LOW")
            let unknown = #expect(throws: PythonConversionError.self) {
                try namespace.eval("Level.OTHER", as: Level.self)
            }
            #expect(unknown?.reason == "Level has no value other")
            for wrong in ["1", "Level", "Code.MISSING", "object()"] {
                #expect(throws: PythonConversionError.self) {
                    try namespace.eval(wrong, as: Level.self)
                }
            }
        }
    }
}
