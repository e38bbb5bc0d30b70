// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Memory of numpy", .packages, .timeLimit(.minutes(5)))
struct NumpyBufferTests {
    static let numbers: [(String, any NumericElement.Type)] = [
        ("int8", Int8.self), ("uint8", UInt8.self), ("int16", Int16.self),
        ("uint16", UInt16.self), ("int32", Int32.self), ("uint32", UInt32.self),
        ("int64", Int64.self), ("int64", Int.self), ("uint64", UInt64.self),
        ("uint64", UInt.self), ("float32", Float.self), ("float64", Double.self),
        ("float16", Float16.self), ("longlong", Int64.self), ("intp", Int.self),
    ]

    @Test("An array of each type goes both ways in place", arguments: numbers)
    func types(_ name: String, _ type: any NumericElement.Type) async throws {
        func check<Element: NumericElement>(_ type: Element.Type) async throws {
            try await PythonActor.run {
                let np = try Python.import("numpy")
                let array: PythonObject = try np.array([1, 2, 3], dtype: name)
                #expect(try array.withBuffer(of: type) { $0.all } == [1, 2, 3])
                try array.withMutableBuffer(of: type) { $0[1] = 7 }
                #expect(try array.tolist() == [1.0, 7, 3])
                #expect(try [Element](copyingBufferOf: array) == [1, 7, 3])

                let shared = try PythonBuffer(repeating: 5 as Element, shape: [3])
                let seen: PythonObject = try np.asarray(shared)
                #expect(try Bool(seen.dtype as PythonObject == np.dtype(name) as PythonObject))
                try seen.setItem(0, to: 6)
                #expect(try shared.withSpan(of: type) { $0.all } == [6, 5, 5])
                let flat: PythonObject = try np.frombuffer(shared, dtype: name)
                #expect(try Bool(np.shares_memory(flat, seen)))
            }
        }
        try await check(type)
    }

    @Test("Truth values go both ways")
    func bools() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let array: PythonObject = try np.array([true, false, true])
            #expect(try array.withBuffer(of: Bool.self) { $0.all } == [true, false, true])
            let seen: PythonObject = try np.asarray(PythonBuffer([false, true]))
            #expect(try seen.dtype.name == "bool")
            #expect(try seen.tolist() == [false, true])
            let strange: PythonObject = try np.array([2, 0], dtype: "uint8").view("bool")
            #expect(throws: PythonConversionError.self) {
                try strange.withBuffer(of: Bool.self) { _ in }
            }
            #expect(try [Bool](copyingBufferOf: strange) == [true, false])
        }
    }

    @Test("A matrix: rows as a span, columns, transposed and reversed as a view")
    func matrix() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let matrix: PythonObject = try np.arange(12.0).reshape(3, 4)
            #expect(try matrix.withBuffer(of: Double.self) { $0.all } == (0..<12).map(Double.init))
            let views = try Python.eval(
                "lambda m: [m[:, 1], m.T, m[::-1], m[1:3, ::2], m[::-1, ::-1][0]]"
            )
            let all: [PythonObject] = try views(matrix)
            let expected: [[Double]] = [
                [1, 5, 9], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11],
                [8, 9, 10, 11, 4, 5, 6, 7, 0, 1, 2, 3], [4, 6, 8, 10], [11, 10, 9, 8],
            ]
            for (view, expected) in zip(all, expected) {
                #expect(try [Double](copyingBufferOf: view) == expected)
                var seen: [Double] = []
                try view.withBufferView(of: Double.self) { $0.forEach { seen.append($0) } }
                #expect(seen == expected)
                #expect(
                    refusal { try view.withBuffer(of: Double.self) { _ in } }
                        .contains("numpy.ascontiguousarray")
                )
            }
            #expect(try all[1].bufferLayout().isFortranContiguous)
            #expect(try all[1].withBufferView(of: Double.self) { $0[3, 2] } == 11)
            #expect(try all[2].bufferLayout().strides == [-32, 8])
            try all[0].withMutableBufferView(of: Double.self) { $0.update { -$0 } }
            #expect(try matrix.tolist() == [[0.0, -1, 2, 3], [4, -5, 6, 7], [8, -9, 10, 11]])
        }
    }

    @Test("Single values, nothing, and one value spread over a shape")
    func corners() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let single: PythonObject = try np.array(2.5)
            #expect(try single.bufferLayout().shape == [])
            #expect(try single.withBuffer(of: Double.self) { $0.all } == [2.5])
            for shape in [[0], [0, 3], [3, 0]] {
                let empty: PythonObject = try np.zeros(shape)
                #expect(try empty.withBuffer(of: Double.self) { $0.isEmpty })
                #expect(try empty.bufferLayout().shape == shape)
                #expect(try [Double](copyingBufferOf: empty).isEmpty)
            }
            let spread: PythonObject = try np.broadcast_to(1.5, [2, 3])
            #expect(try spread.bufferLayout().strides == [0, 0])
            #expect(try [Double](copyingBufferOf: spread) == Array(repeating: 1.5, count: 6))
            #expect(throws: PythonConversionError.self) {
                try spread.withMutableBufferView(of: Double.self) { _ in }
            }
        }
    }

    @Test(
        "What has no type in Swift is refused by what it is",
        arguments: [
            ("np.array([1.0], dtype='>f8')", "in the other byte order (format '>d')"),
            ("np.array([1.0], dtype='>f8')", "newbyteorder"),
            ("np.zeros(2, dtype=[('x', 'f8'), ('y', 'i4')])", "of records, read one field"),
            ("np.zeros(2, dtype='complex128')", "(format 'Zd')"),
            ("np.zeros(2, dtype='longdouble')", "(format 'g')"),
            ("np.array(['a', 'b'])", "(format '1w')"),
            ("np.array([None])", "(format 'O')"),
            ("np.zeros(2, dtype='float32')", "found one of Float (format 'f')"),
        ]
    )
    func refused(_ expression: String, _ text: String) async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let namespace = try PythonObject(["np": np])
            let array = try Python.eval(expression, globals: namespace)
            let message = refusal { try array.withBuffer(of: Double.self) { _ in } }
            #expect(message.hasPrefix("expected a buffer of Double, found one"))
            #expect(message.contains(text), "\(message)")
        }
    }

    @Test("One field of records is a buffer of its own")
    func field() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let records = try Python.eval(
                "np.array([(1.5, 2), (3.5, 4)], dtype=[('x', 'f8'), ('y', 'i4')])",
                globals: PythonObject(["np": np])
            )
            #expect(try [Double](copyingBufferOf: records["x"]) == [1.5, 3.5])
            let numbers: PythonObject = try records["y"]
            #expect(try numbers.withBufferView(of: Int32.self) { $0[1] } == 4)
        }
    }

    @Test("A date has no buffer: numpy's own error arrives")
    func dates() async throws {
        try await PythonActor.run {
            let dates: PythonObject = try Python.import("numpy").array(
                ["2026-01-01"],
                dtype: "datetime64[D]"
            )
            do {
                _ = try dates.bufferLayout()
                Issue.record("a date has a buffer")
            } catch let error as PythonException {
                #expect(error.typeName == "ValueError")
            }
        }
    }

    @Test("An array that is lent cannot be resized")
    func lent() async throws {
        try await PythonActor.run {
            let array: PythonObject = try Python.import("numpy").arange(4.0)
            @PythonActor func check() {
                let error = #expect(throws: PythonException.self) {
                    try array.resize(1_000_000) as PythonObject
                }
                #expect(error?.typeName == "ValueError")
            }
            try array.withBuffer(of: Double.self) { _ in check() }
            try array.withMutableBuffer(of: Double.self) { _ in check() }
            try array.withBufferBytes { _ in check() }
            try array.withMutableBufferBytes { _ in check() }
            try array.withBufferView(of: Double.self) { _ in check() }
            try array.withMutableBufferView(of: Double.self) { _ in check() }
            try array.resize(8)
            #expect(try Python.len(array) == 8)
        }
    }

    @Test("A read-only array is read, and not written")
    func readOnly() async throws {
        try await PythonActor.run {
            let array: PythonObject = try Python.import("numpy").ones(3)
            try array.setflags(write: false)
            #expect(try array.withBuffer(of: Double.self) { $0.count } == 3)
            let message = refusal { try array.withMutableBuffer(of: Double.self) { _ in } }
            #expect(message.hasPrefix("expected a writable buffer, found a read-only one"))
        }
    }

    @Test("Memory of Swift has its shape in numpy, which computes in place")
    func shared() async throws {
        let released = Counter()
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let namespace = try PythonObject(["np": np])
            let grid = (0..<16).map(Double.init)
            let matrix: PythonObject = try np.asarray(PythonBuffer(grid, shape: [2, 8]))
            #expect(try Python.len(matrix) == 2)
            #expect(try matrix.sum(axis: 1).tolist() == [28.0, 92])
            #expect(try Bool(matrix.flags.writeable) == false)
            #expect(throws: PythonException.self) { try matrix.fill(0) }

            let memory = UnsafeMutablePointer<Double>.allocate(capacity: 6)
            memory.initialize(repeating: 2, count: 6)
            try namespace.setItem(
                "a",
                to: np.asarray(
                    try PythonBuffer(unsafe: memory, shape: [2, 3]) {
                        released.increment()
                        $0.deallocate()
                    }
                ) as PythonObject
            )
            try Python.exec("a *= 3; a[1, 2] = 1; row = a[1]; del a", globals: namespace)
            #expect(memory[0] == 6 && memory[5] == 1)
            #expect(released.value == 0)
            try Python.exec("del row", globals: namespace)
        }
        try await released.reaches(1)
    }

    @Test("Arrays and memory of Swift are shared by DLPack")
    func dlpack() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let own = try PythonBuffer(copying: [1.0, 2, 3, 4, 5, 6], shape: [2, 3])
            let seen: PythonObject = try np.from_dlpack(own)
            try seen.setItem(PythonTuple(1, 2), to: 9)
            #expect(try own.withSpan(of: Double.self) { $0.all } == [1, 2, 3, 4, 5, 9])

            let array: PythonObject = try np.arange(6, dtype: "int32").reshape(2, 3)
            let lent = try PythonBuffer(dlpack: array)
            #expect(lent.layout.shape == [2, 3])
            try lent.withMutableSpan(of: Int32.self) { $0[5] = 50 }
            #expect(try array[1, 2] == 50)
            let columns = try PythonBuffer(dlpack: array.T)
            #expect(columns.layout.strides == [4, 12])
            #expect(throws: PythonConversionError.self) {
                try columns.withSpan(of: Int32.self) { _ in }
            }
            #expect(throws: PythonConversionError.self) {
                try PythonBuffer(dlpack: np.zeros(2, dtype: "complex128"))
            }
        }
    }
}
