// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Memory that does not fit is refused with words that help", .python)
struct RefusedBufferTests {
    @Test(
        "Another type of elements: both are named",
        arguments: [
            ("array.array('f', [1])", "found one of Float (format 'f')"),
            ("array.array('q', [1])", "found one of Int64 (format 'q')"),
            ("array.array('B', [1])", "found one of UInt8 (format 'B')"),
            ("b'abcdefgh'", "found one of UInt8 (format 'B')"),
            ("(ctypes.c_bool * 1)()", "found one of Bool (format '<?')"),
            (
                "(type('P', (ctypes.Structure,), {'_fields_': [('x', ctypes.c_double)]}) * 1)()",
                "no Swift type (format 'T{<d:x:}')"
            ),
            (
                "(ctypes.c_double.__ctype_be__ * 1)(1)",
                "one of Double in the other byte order (format '>d')"
            ),
            ("(ctypes.c_void_p * 1)()", "no Swift type (format '<P')"),
        ]
    )
    func wrongType(_ expression: String, _ text: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            let message = refusal { try object.withBuffer(of: Double.self) { _ in } }
            #expect(message.hasPrefix("expected a buffer of Double, found one"))
            #expect(message.contains(text), "\(message)")
            #expect(refusal { _ = try [Double](copyingBufferOf: object) } == message)
            #expect(refusal { try object.withBufferView(of: Double.self) { _ in } } == message)
        }
    }

    @Test("The same width is not the same type")
    func exactly() async throws {
        try await PythonActor.run {
            let signed = try Python.evalBuffer("array.array('q', [1])")
            #expect(throws: PythonConversionError.self) {
                try signed.withBuffer(of: UInt64.self) { _ in }
            }
            let flags = try Python.evalBuffer("(ctypes.c_bool * 1)(1)")
            #expect(throws: PythonConversionError.self) {
                try flags.withBuffer(of: UInt8.self) { _ in }
            }
            #expect(try flags.withBuffer(of: Bool.self) { $0[0] })
        }
    }

    @Test("An object without memory of its own", arguments: ["[1.0]", "'text'", "1", "None"])
    func noBuffer(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.eval(expression)
            let expected = "expected an object with the buffer protocol, found \(object.typeName)"
            #expect(refusal { try object.withBuffer(of: Double.self) { _ in } } == expected)
            #expect(refusal { try object.withMutableBuffer(of: Double.self) { _ in } } == expected)
            #expect(refusal { _ = try object.bufferLayout() } == expected)
            #expect(refusal { _ = try [Double](copyingBufferOf: object) } == expected)
        }
    }

    @Test(
        "Read-only memory is not lent to be written",
        arguments: ["b'abc'", "memoryview(b'abc')", "memoryview(bytearray(b'abc')).toreadonly()"]
    )
    func readOnly(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            #expect(try object.bufferLayout().isReadOnly)
            let message = refusal { try object.withMutableBuffer(of: UInt8.self) { _ in } }
            #expect(message.hasPrefix("expected a writable buffer, found a read-only one"))
            #expect(refusal { try object.withMutableBufferBytes { _ in } } == message)
            #expect(
                refusal { try object.withMutableBufferView(of: UInt8.self) { _ in } } == message
            )
        }
    }

    @Test(
        "Elements apart from each other make no span, and the text says what does",
        arguments: [
            "memoryview(bytes(range(8)))[::2]", "memoryview(bytes(range(8)))[::-1]",
        ]
    )
    func strided(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            let message = refusal { try object.withBuffer(of: UInt8.self) { _ in } }
            #expect(message.contains("do not lie one after the other (shape ["))
            #expect(message.contains("withBufferView(of:)"))
            #expect(refusal { try object.withBufferBytes { _ in } } == message)
        }
    }

    @Test("Elements at an odd address make no span, but a view and a copy")
    func misaligned() async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(
                "(ctypes.c_double * 2).from_buffer(bytearray(17), 1)"
            )
            let message = refusal { try object.withBuffer(of: Double.self) { _ in } }
            #expect(message.contains("not aligned to 8 bytes"))
            try object.withMutableBufferView(of: Double.self) { $0[1] = 2.5 }
            #expect(try object.withBufferView(of: Double.self) { $0[1] } == 2.5)
            #expect(try [Double](copyingBufferOf: object) == [0, 2.5])
        }
    }

    @Test("A byte that is no truth value of Swift makes no span, and is true in a copy")
    func strangeBools() async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(
                "(ctypes.c_bool * 3).from_buffer(bytearray([0, 1, 2]))"
            )
            let message = refusal { try object.withBuffer(of: Bool.self) { _ in } }
            #expect(message.contains("bytes other than 0 and 1"))
            #expect(try [Bool](copyingBufferOf: object) == [false, true, true])
            try object.withBufferView(of: Bool.self) { view in
                #expect((view[0], view[1], view[2]) == (false, true, true))
            }
        }
    }

    @Test("An exporter's own error arrives as it was raised")
    func raising() async throws {
        try await PythonActor.run {
            let view = try Python.evalBuffer("memoryview(b'abc')")
            try view.release()
            do {
                try view.withBuffer(of: UInt8.self) { _ in }
                Issue.record("a released view was lent")
            } catch let error as PythonException {
                #expect(error.typeName == "ValueError")
            }
            #expect(throws: PythonException.self) {
                try view.withMutableBuffer(of: UInt8.self) { _ in }
            }
        }
    }
}
