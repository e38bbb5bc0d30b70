// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("DLPack", .python, .timeLimit(.minutes(5)))
struct DLPackTests {
    /// An object that speaks the protocol in the name of another one.
    @PythonActor
    private func speaker(_ buffer: PythonBuffer, _ body: String) throws -> PythonObject {
        let namespace = try Python.eval("{}")
        try namespace.setItem("buffer", to: buffer)
        try Python.exec(
            """
            class Speaker:
                \(body)
                def __dlpack_device__(self): return buffer.__dlpack_device__()
            speaker = Speaker()
            """,
            globals: namespace
        )
        return try namespace["speaker"]
    }

    @Test("Memory of Swift comes back as the same memory, whatever its elements are")
    func roundTrip() async throws {
        @PythonActor func check<Element: NumericElement>(_ type: Element.Type) throws {
            let own = try PythonBuffer(copying: [1, 2, 3, 4, 5, 6] as [Element], shape: [2, 3])
            let seen = try PythonBuffer(dlpack: PythonObject(own))
            #expect(seen.layout == own.layout)
            try seen.withMutableSpan(of: type) { $0[4] = 9 }
            #expect(try own.withSpan(of: type) { $0.all } == [1, 2, 3, 4, 9, 6])
        }
        try await PythonActor.run {
            for type in [
                Int8.self, UInt8.self, Int16.self, UInt16.self, Int32.self, UInt32.self, Int.self,
                UInt.self, Float.self, Double.self,
            ] as [any NumericElement.Type] { try check(type) }
        }
    }

    @Test("Truth values, no elements and no dimensions go both ways")
    func special() async throws {
        try await PythonActor.run {
            let bools = try PythonBuffer(dlpack: PythonObject(PythonBuffer([true, false])))
            #expect(try bools.withSpan(of: Bool.self) { [$0[0], $0[1]] } == [true, false])
            let none = try PythonBuffer(dlpack: PythonObject(PythonBuffer([Double]())))
            #expect(none.layout.shape == [0])
            let one = try PythonBuffer(copying: [2.5], shape: [])
            let seen = try PythonBuffer(dlpack: PythonObject(one))
            #expect(seen.layout.shape == [])
            #expect(try seen.withSpan(of: Double.self) { $0[0] } == 2.5)
        }
    }

    @Test("Read-only memory is lent to those who can be told so")
    func readOnly() async throws {
        try await PythonActor.run {
            let own = PythonBuffer([1.0, 2.0])
            let seen = try PythonBuffer(dlpack: PythonObject(own))
            #expect(seen.layout.isReadOnly)
            let error = #expect(throws: PythonException.self) {
                try PythonObject(own).readAttribute("__dlpack__")()
            }
            #expect(error?.matches(.bufferError) == true)
            #expect(error?.message.contains("max_version") == true)
        }
    }

    @Test("A library that does not know the newer form is asked for the older one")
    func older() async throws {
        try await PythonActor.run {
            let own = try PythonBuffer(copying: [1.0, 2.0])
            let object = try speaker(
                own,
                "def __dlpack__(self, stream=None): return buffer.__dlpack__(stream=stream)"
            )
            let seen = try PythonBuffer(dlpack: object)
            try seen.withMutableSpan(of: Double.self) { $0[1] = 3 }
            #expect(try own.withSpan(of: Double.self) { $0.all } == [1, 3])
        }
    }

    @Test("The handle keeps memory whose owner is gone")
    func lifetime() async throws {
        let seen = try await PythonActor.run {
            try PythonBuffer(dlpack: PythonObject(PythonBuffer(copying: [7.0, 8.0])))
        }
        try await PythonActor.run {
            try Python.exec("import gc; gc.collect()")
            #expect(try seen.withSpan(of: Double.self) { $0.all } == [7, 8])
        }
    }

    @Test(
        "What cannot be shared is refused",
        arguments: [
            ("def __dlpack__(self, **_): return buffer", "ValueError"),
            ("def __dlpack__(self, **_): raise BufferError('no')", "BufferError"),
            ("other = 1", "AttributeError"),
        ]
    )
    func refused(_ body: String, _ name: String) async throws {
        try await PythonActor.run {
            let object = try speaker(try PythonBuffer(copying: [1.0]), body)
            let error = #expect(throws: PythonException.self) { try PythonBuffer(dlpack: object) }
            #expect(error?.typeName == name)
        }
    }

    @Test(
        "A consumer asks for nothing that memory of Swift has not",
        arguments: ["stream=1", "copy=True", "dl_device=(2, 0)", "max_version=1", "other=1"]
    )
    func requests(_ keywords: String) async throws {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try namespace.setItem("buffer", to: try PythonBuffer(copying: [1.0]))
            #expect(throws: PythonException.self) {
                try Python.eval("buffer.__dlpack__(\(keywords))" as String, globals: namespace)
            }
            try Python.exec(
                "buffer.__dlpack__(dl_device=(1, 0), copy=False, max_version=(1, 1))",
                globals: namespace
            )
        }
    }
}
