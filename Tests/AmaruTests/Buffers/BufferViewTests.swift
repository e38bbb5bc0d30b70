// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Memory of any shape by its indices", .python)
struct BufferViewTests {
    @Test(
        "Shape, strides and format are those that Python tells",
        arguments: [
            "b'abc'", "array.array('d', [1, 2])", "memoryview(bytes(range(8)))[::2]",
            "memoryview(bytes(range(8)))[::-1]", "(ctypes.c_int * 3 * 2)()",
            "memoryview(bytes(24)).cast('i', [2, 3])", "memoryview(bytearray(8))[6:1:-2]",
            "memoryview(bytes(12)).cast('B', [1, 3, 4])",
        ]
    )
    func layout(_ expression: String) async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer(expression)
            let view: PythonObject = try Python.eval("memoryview")(object)
            let layout = try object.bufferLayout()
            #expect(try layout.format == view.format)
            #expect(try layout.itemSize == view.itemsize)
            #expect(try layout.shape == Python.eval("list")(view.shape as PythonObject))
            #expect(try layout.strides == Python.eval("list")(view.strides as PythonObject))
            #expect(try layout.isReadOnly == view.readonly)
            #expect(try layout.isCContiguous == view.c_contiguous)
            #expect(try layout.isFortranContiguous == view.f_contiguous)
            #expect(try layout.byteCount == view.nbytes)
        }
    }

    @Test("Slices with a step, also a negative one, are read in their order")
    func slices() async throws {
        try await PythonActor.run {
            let object = try Python.evalBuffer("memoryview(bytes(range(10)))[8:1:-3]")
            try object.withBufferView(of: UInt8.self) { view in
                #expect(view.count == 3)
                #expect((view[0], view[1], view[2]) == (8, 5, 2))
            }
            #expect(try [UInt8](copyingBufferOf: object) == [8, 5, 2])
            #expect(try Data(copyingBufferOf: object) == Data([8, 5, 2]))
            #expect(try ContiguousArray<UInt8>(copyingBufferOf: object) == [8, 5, 2])
        }
    }

    @Test("A step is written through")
    func writing() async throws {
        try await PythonActor.run {
            let bytes = try Python.evalBuffer("bytearray(6)")
            let odd: PythonObject = try Python.eval("lambda b: memoryview(b)[1::2]")(bytes)
            try odd.withMutableBufferView(of: UInt8.self) { view in
                for index in 0..<view.count { view[index] = UInt8(index) + 1 }
                view.update { $0 * 10 }
            }
            #expect(try Data(copyingBufferOf: bytes) == Data([0, 10, 0, 20, 0, 30]))
        }
    }

    @Test("Two and three dimensions have an index each, the last running fastest")
    func dimensions() async throws {
        try await PythonActor.run {
            let matrix = try Python.evalBuffer("(ctypes.c_int * 3 * 2)((1, 2, 3), (4, 5, 6))")
            try matrix.withBufferView(of: Int32.self) { view in
                #expect(view.layout.shape == [2, 3])
                #expect((view[0, 2], view[1, 0], view[[1, 2]]) == (3, 4, 6))
                var all: [Int32] = []
                view.forEach { all.append($0) }
                #expect(all == [1, 2, 3, 4, 5, 6])
            }
            #expect(try matrix.withBuffer(of: Int32.self) { $0.all } == [1, 2, 3, 4, 5, 6])
            let cube = try Python.evalBuffer("memoryview(bytes(range(24))).cast('B', [2, 3, 4])")
            try cube.withBufferView(of: UInt8.self) { view in
                for plane in 0..<2 {
                    for row in 0..<3 {
                        for column in 0..<4 {
                            #expect(
                                Int(view[[plane, row, column]]) == plane * 12 + row * 4 + column
                            )
                        }
                    }
                }
            }
        }
    }

    @Test("A single value has no dimension")
    func zeroDimensions() async throws {
        try await PythonActor.run {
            let number = try Python.evalBuffer("ctypes.c_double(2.5)")
            #expect(try number.bufferLayout().shape == [])
            #expect(try number.withBufferView(of: Double.self) { $0[[]] } == 2.5)
            #expect(try number.withBuffer(of: Double.self) { $0.all } == [2.5])
            #expect(try [Double](copyingBufferOf: number) == [2.5])
            try number.withMutableBufferView(of: Double.self) { $0[[]] = 3.5 }
            #expect(try number.value as Double == 3.5)
        }
    }

    @Test(
        "An index outside ends the program instead of reading other memory",
        arguments: [[3], [-1], [0, 0], []]
    )
    func outside(_ indices: [Int]) async {
        await #expect(processExitsWith: .failure) { [indices = indices as [Int]] in
            try await Python.start(.ofThisRun)
            try await PythonActor.run {
                let object = try Python.eval("memoryview(bytes(range(6)))[::2]")
                try object.withBufferView(of: UInt8.self) { _ = $0[indices] }
            }
        }
    }
}
