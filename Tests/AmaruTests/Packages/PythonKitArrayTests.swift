// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// What PythonKit's own tests hold arrays of numpy to, in this bridge's spelling.
@Suite("Arrays of numpy are read as an earlier bridge read them", .packages)
struct PythonKitArrayTests {
    @Test("Empty, of truth values, of floats, of integers, strided; not of two dimensions")
    func arrays() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let empty = try [Float](copyingBufferOf: np.array([] as [Float], dtype: "float32"))
            let ones = try [Float](copyingBufferOf: np.ones([3], dtype: "float32"))
            let integers = try [Int32](
                copyingBufferOf: np.array([-1, 4, 25, 2018], dtype: "int32")
            )
            let bools = try [Bool](copyingBufferOf: np.array([true, false]))
            #expect(empty.isEmpty && ones == [1, 1, 1])
            #expect(integers == [-1, 4, 25, 2018] && bools == [true, false])
            let table: PythonObject = try np.array([[1, 2], [1, 2]], dtype: "int32")
            #expect(throws: PythonConversionError.self) { try [Int](table) }
            let column: PythonObject = try table.T[1]
            let numbers: [Int] = try column.tolist()
            #expect(numbers == [2, 2])
        }
    }
}
