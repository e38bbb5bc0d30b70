// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Python's memory as a span", .python, .timeLimit(.minutes(5)))
struct BorrowedBufferTests {
    /// Each holds the numbers 1, 2 and 3.
    static let numbers: [(String, any NumericElement.Type)] = [
        ("array.array('b', [1, 2, 3])", Int8.self),
        ("array.array('B', [1, 2, 3])", UInt8.self),
        ("array.array('h', [1, 2, 3])", Int16.self),
        ("array.array('H', [1, 2, 3])", UInt16.self),
        ("array.array('i', [1, 2, 3])", Int32.self),
        ("array.array('I', [1, 2, 3])", UInt32.self),
        ("array.array('l', [1, 2, 3])", Int.self),
        ("array.array('L', [1, 2, 3])", UInt.self),
        ("array.array('q', [1, 2, 3])", Int64.self),
        ("array.array('Q', [1, 2, 3])", UInt64.self),
        ("array.array('f', [1, 2, 3])", Float.self),
        ("array.array('d', [1, 2, 3])", Double.self),
        ("bytes([1, 2, 3])", UInt8.self),
        ("bytearray([1, 2, 3])", UInt8.self),
        ("memoryview(b'\\0\\1\\2\\3\\4')[1:4]", UInt8.self),
        ("memoryview(bytes([1, 2, 3])).cast('b')", Int8.self),
        ("memoryview(bytes([1, 2, 3])).cast('c')", UInt8.self),
        ("memoryview(array.array('i', [1, 2, 3])).cast('B').cast('i')", Int32.self),
        ("memoryview(struct.pack('@3n', 1, 2, 3)).cast('n')", Int.self),
        ("memoryview(struct.pack('@3N', 1, 2, 3)).cast('N')", UInt.self),
        ("memoryview(array.array('h', [1, 2, 3])).toreadonly()", Int16.self),
        ("(ctypes.c_int * 3)(1, 2, 3)", Int32.self),
        // Described as '<l', which is of four bytes in the module struct and of eight here.
        ("(ctypes.c_long * 3)(1, 2, 3)", Int.self),
        ("(ctypes.c_double * 3)(1, 2, 3)", Double.self),
        ("(ctypes.c_uint8 * 3)(1, 2, 3)", UInt8.self),
        ("io.BytesIO(bytes([1, 2, 3])).getbuffer()", UInt8.self),
    ]

    @Test("An exact type gives the elements in place", arguments: numbers)
    func elements(_ expression: String, _ type: any NumericElement.Type) async throws {
        func check<Element: NumericElement>(_ type: Element.Type) async throws {
            try await PythonActor.run {
                let object = try Python.evalBuffer(expression)
                let expected: [Element] = [1, 2, 3]
                #expect(try object.withBuffer(of: type) { $0.all } == expected)
                #expect(try object.withBuffer(of: type) { $0.count } == 3)
                #expect(try [Element](copyingBufferOf: object) == expected)
            }
        }
        try await check(type)
    }

    @Test("It is the memory itself: what Python writes is seen in the span")
    func inPlace() async throws {
        try await PythonActor.run {
            let array = try Python.evalBuffer("array.array('d', [1, 2, 3])")
            try array.withBuffer(of: Double.self) { span in
                try array.setItem(1, to: 20.5)
                #expect(span[1] == 20.5)
            }
        }
    }

    @Test("What Swift writes is what Python sees, at once")
    func mutable() async throws {
        try await PythonActor.run {
            let array = try Python.evalBuffer("array.array('i', [1, 2, 3])")
            try array.withMutableBuffer(of: Int32.self) { span in
                span[0] = 70
                let seen: Int = try array[0]
                #expect(seen == 70)
                for index in span.indices { span[index] *= 2 }
            }
            #expect(try [Int32](copyingBufferOf: array) == [140, 4, 6])
        }
    }

    @Test("The exporter cannot be resized while its memory is lent, and can afterwards")
    func pinned() async throws {
        try await PythonActor.run {
            let bytes = try Python.evalBuffer("bytearray(range(10))")
            let canResize = [
                try bytes.withBuffer(of: UInt8.self) { _ in try Python.canResize(bytes) },
                try bytes.withBufferBytes { _ in try Python.canResize(bytes) },
                try bytes.withMutableBuffer(of: UInt8.self) { _ in try Python.canResize(bytes) },
                try bytes.withMutableBufferBytes { _ in try Python.canResize(bytes) },
                try bytes.withBufferView(of: UInt8.self) { _ in try Python.canResize(bytes) },
                try bytes.withMutableBufferView(of: UInt8.self) { _ in
                    try Python.canResize(bytes)
                },
            ]
            #expect(canResize == [false, false, false, false, false, false])
            #expect(try Python.canResize(bytes))
        }
    }

    @Test("It is released where the body throws, where the type is refused, and where it copies")
    func releasedOnEachPath() async throws {
        struct Stop: Error {}
        try await PythonActor.run {
            let bytes = try Python.evalBuffer("bytearray(range(10))")
            #expect(throws: Stop.self) {
                try bytes.withBuffer(of: UInt8.self) { _ in throw Stop() }
            }
            #expect(throws: Stop.self) {
                try bytes.withMutableBuffer(of: UInt8.self) { _ in throw Stop() }
            }
            #expect(throws: Stop.self) { try bytes.withBufferBytes { _ in throw Stop() } }
            #expect(throws: Stop.self) {
                try bytes.withMutableBufferView(of: UInt8.self) { _ in throw Stop() }
            }
            #expect(throws: PythonConversionError.self) {
                try bytes.withBuffer(of: Double.self) { _ in }
            }
            #expect(throws: PythonException.self) {
                try bytes.withBuffer(of: UInt8.self) { _ in _ = try bytes["key"] as PythonObject }
            }
            _ = try [UInt8](copyingBufferOf: bytes)
            _ = try bytes.bufferLayout()
            #expect(try Python.canResize(bytes))
        }
    }

    @Test("A result that cannot be copied leaves the body")
    func noncopyableResult() async throws {
        struct Sum: ~Copyable { let value: Int }
        let value = try await PythonActor.run {
            let object = try Python.evalBuffer("bytes([1, 2, 3])")
            let sum = try object.withBuffer(of: UInt8.self) { span in
                Sum(value: span.all.reduce(0) { $0 + Int($1) })
            }
            return sum.value
        }
        #expect(value == 6)
    }

    @Test("Plain bytes are to be had of any format")
    func bytes() async throws {
        try await PythonActor.run {
            let records = try Python.evalBuffer("(ctypes.c_int * 2)(1, 258)")
            let bytes = try records.withBufferBytes { bytes in
                (0..<bytes.byteCount).map { bytes.unsafeLoad(fromByteOffset: $0, as: UInt8.self) }
            }
            #expect(bytes == [1, 0, 0, 0, 2, 1, 0, 0])
            try records.withMutableBufferBytes { bytes in
                bytes.storeBytes(of: 7, toByteOffset: 4, as: UInt32.self)
            }
            #expect(try records[1] == 7)
        }
    }

    @Test(
        "Nothing is a buffer of nothing",
        arguments: ["b''", "bytearray()", "array.array('B')", "memoryview(b'abc')[3:]"]
    )
    func empty(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            #expect(try object.withBuffer(of: UInt8.self) { $0.isEmpty })
            #expect(try object.withBufferBytes { $0.isEmpty })
            #expect(try object.withBufferView(of: UInt8.self) { $0.count } == 0)
            #expect(try [UInt8](copyingBufferOf: object).isEmpty)
            #expect(try object.bufferLayout().shape == [0])
        }
    }

    @Test("A mapped file is read and written in place")
    func mapped() async throws {
        try await PythonActor.run {
            let map = try Python.evalBuffer("mmap.mmap(-1, 64)")
            try map.withMutableBuffer(of: UInt8.self) { $0[63] = 9 }
            #expect(try map[63] == 9)
            try map.withBuffer(of: UInt8.self) { span in
                #expect(span.count == 64)
                #expect(throws: PythonException.self) { try map.close() }
            }
            try map.close()
        }
    }

    @Test("64 MiB are lent without a copy: the address is Python's own")
    func large() async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer("bytearray(1 << 26)")
            let address = try Python.eval(
                "lambda b: __import__('ctypes').addressof((__import__('ctypes').c_char * 1)"
                    + ".from_buffer(b))"
            )
            let expected: Int = try address(object)
            let found = try object.withBuffer(of: UInt8.self) { span in
                span.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
            }
            #expect(found == expected)
        }
    }
}
