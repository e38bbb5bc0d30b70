// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Numbers in bulk as ContiguousArray", .python)
struct ContiguousArrayTests {
    @Test(
        "A buffer of exactly the type, a list and a tuple are read",
        arguments: [
            "array.array('d', [1, 2.5])", "[1, 2.5]", "(1.0, 2.5)",
            "memoryview(array.array('d', [2.5, 1]))[::-1]",
        ]
    )
    func reading(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            #expect(try ContiguousArray<Double>(object) == [1, 2.5])
        }
    }

    @Test(
        "Another type, another shape and no sequence at all are refused",
        arguments: [
            ("array.array('f', [1])", "expected a buffer of Double, found one of Float"),
            ("(ctypes.c_double * 2 * 3)()", "found one of the shape [3, 2]"),
            ("ctypes.c_double(1)", "found one of the shape []"),
            ("[1.0, 'x']", "[1]: expected float, found str"),
            ("1.0", "found float"),
        ]
    )
    func refusing(_ expression: String, _ text: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            let message = refusal { _ = try ContiguousArray<Double>(object) }
            #expect(message.contains(text), "\(message)")
        }
    }

    @Test("It goes to Python as a list, and in an array of arrays its error has a path")
    func path() async throws {
        try await PythonActor.run {
            let list = try PythonObject(ContiguousArray([1, 2]))
            #expect(try Python.repr(list) == "[1, 2]")
            let nested = try Python.evalBuffer("[array.array('d', [1]), array.array('f')]")
            let message = refusal { _ = try [ContiguousArray<Double>](nested) }
            #expect(message.hasPrefix("[1]: expected a buffer of Double"))
        }
    }
}
