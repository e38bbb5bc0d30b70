// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("numpy", .packages, .timeLimit(.minutes(5)))
struct NumpyTests {
    @Test("Arrays are made of Swift's, computed with, and read back")
    func computing() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let a: PythonObject = try np.array([[1.0, 2], [3, 4]])
            #expect(try a.sum() == 10.0)
            #expect(try a.mean(axis: 0).tolist() == [2.0, 3])
            #expect(try (a * 2 + 1).tolist() == [[3.0, 5], [7, 9]])
            let small = try a .<= 2.0
            #expect(try small.tolist() == [[true, true], [false, false]])
            #expect(throws: PythonException.self) { try a <= 2.0 }
            #expect(try np.dot(a, a).tolist() == [[7.0, 10], [15, 22]])
            #expect(try np.linalg.norm([3.0, 4.0], ord: 2) == 5.0)
            let solved: PythonObject = try np.linalg.solve(a, [5.0, 11])
            #expect(try Bool(np.allclose(solved, [1.0, 2])))
            #expect(try np.linalg.eigvalsh([[2.0, 0], [0, 3]]).tolist() == [2.0, 3])
        }
    }

    @Test("Arrays of two dimensions, of texts, and what offers an array, are read as such")
    func arrays() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let grid: PythonObject = try np.arange(6.0).reshape(2, 3)
            #expect(try [[Double]](grid) == [[0, 1, 2], [3, 4, 5]])
            #expect(try [[Double]](grid.T) == [[0, 3], [1, 4], [2, 5]])
            #expect(try [[[Int]]](np.zeros(PythonTuple(1, 2, 1), dtype: "int64")) == [[[0], [0]]])
            #expect(try [String](np.array(["a", "b"])) == ["a", "b"])
            #expect(try [[Double]](np.ones([0, 2])).isEmpty)
            let column = try Python.eval(
                """
                type('Column', (), {
                    '__init__': lambda self, values: setattr(self, 'values', values),
                    '__array__': lambda self, *a, **k: __import__('numpy').array(self.values),
                })
                """
            )
            #expect(try [Double](column([1.5, 2.5])) == [1.5, 2.5])
            #expect(try [String](column(["x"])) == ["x"])
            #expect(try [Double?](column([1.5])) == [1.5])
            for refused in [try column([1]), try np.arange(3), grid] {
                #expect(throws: PythonConversionError.self) { try [Double](refused) }
            }
            #expect(throws: PythonConversionError.self) { try [[Double]](np.ones(3)) }
            #expect(throws: PythonConversionError.self) { try [[Int]](grid) }
            #expect(throws: PythonConversionError.self) { try [String](np.array(1)) }
        }
    }

    @Test("A parameter of a Swift function takes an array, by position and by keyword")
    func exported() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let total = PythonFunction("total", .positional("values"), .positional("by")) {
                (values: [Double], factor: Double) in values.reduce(0, +) * factor
            }
            let call = try Python.eval("lambda f, a: (f(a, 2), f(values=a, by=2))")
            let grid: PythonObject = try np.arange(6.0).reshape(2, 3)
            for (array, sum) in [(try np.array([1.0, 2]), 6.0), (try grid.T[1], 10.0)] {
                #expect(try call(total, array) == PythonTuple(sum, sum))
            }
            for refused in [try np.arange(3), grid, try np.array(["a"])] {
                let error = #expect(throws: PythonException.self) { try call(total, refused) }
                #expect(["TypeError", "ValueError"].contains(error?.typeName))
            }
        }
    }

    @Test("Slices, masks and fancy indices, read and assigned")
    func indexing() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let a: PythonObject = try np.arange(12).reshape(3, 4)
            let slice: PythonObject = try Python.builtin("slice")(1, nil as Int?)
            #expect(try a[slice].tolist() == [[4, 5, 6, 7], [8, 9, 10, 11]])
            #expect(try a[PythonTuple(1, 2)].item() == 6)
            #expect(try a[[0, 2]].tolist() == [[0, 1, 2, 3], [8, 9, 10, 11]])
            let mask = try a .> 9
            #expect(try a[mask].tolist() == [10, 11])
            try a.setItem(mask, to: 0)
            #expect(try a.sum() == 45)
            #expect(try a[2].tolist() == [8, 9, 0, 0])
            #expect(throws: PythonException.self) { try a[7] as PythonObject }
        }
    }

    @Test("Numbers and arrays of numpy convert where they are exactly Swift's")
    func scalars() async throws {
        try await PythonActor.run {
            let np = try Python.import("numpy")
            #expect(try np.float64(2.5) == 2.5)
            #expect(try np.int64(3) == 3)
            let largest: Int = try np.array([1, 5, 2]).argmax()
            #expect(largest == 1)
            #expect(try np.uint8(200) == UInt8(200))
            #expect(throws: PythonConversionError.self) { try np.int64(300) as Int8 }
            #expect(throws: PythonConversionError.self) { try np.float64(3) as Int }
            let single: Double = try np.float32(0.5)
            #expect(single == 0.5)
            let tenth: Float = try np.float32(0.1)
            #expect(tenth == 0.1)
            let quiet: Double = try np.float32("nan")
            #expect(quiet.isNaN)
            #expect(throws: PythonConversionError.self) {
                try np.longdouble("0.1") as Double
            }
            #expect(try np.bool_(true) as Bool)
            let even: Double = try np.int64(9_007_199_254_740_992)
            #expect(even == 0x1p53)
            #expect(throws: PythonConversionError.self) {
                try np.int64(9_007_199_254_740_993) as Double
            }
            #expect(throws: PythonConversionError.self) { try np.complex128(1) as Double }
            #expect(throws: PythonConversionError.self) { try np.complex64(1) as Double }
            #expect(throws: PythonConversionError.self) { try np.bool_(true) as Double }
            #expect(throws: PythonConversionError.self) { try np.bool_(true) as Int }
            #expect(throws: PythonConversionError.self) { try np.int64(1) as Bool }
            #expect(try [Double](np.array([1.5, 2.5])) == [1.5, 2.5])
            #expect(try [Float](np.array([1.5], dtype: "float32")) == [1.5])
            #expect(try [Int](np.arange(6).reshape(2, 3)[1]) == [3, 4, 5])
            #expect(throws: PythonConversionError.self) { try np.ones(3) as [Float] }
            #expect(throws: PythonConversionError.self) { try np.ones([2, 2]) as [Double] }
            #expect(throws: PythonConversionError.self) { try np.array([1.5, 2]) as Double }
        }
    }

    @Test("A Swift closure is mapped over an array, and its error comes out")
    func callback() async throws {
        struct Negative: Error, Equatable { let value: Double }
        try await Python.register(
            PythonModule("numpy_callbacks") {
                PythonFunction("root") { (x: Double) throws -> Double in
                    guard x >= 0 else { throw Negative(value: x) }
                    return x.squareRoot()
                }
                PythonFunction("sum") { (row: ContiguousArray<Double>) in row.reduce(0, +) }
            }
        )
        try await PythonActor.run {
            let np = try Python.import("numpy")
            let root: PythonObject = try Python.import("numpy_callbacks").root
            let vectorized: PythonObject = try np.vectorize(root, otypes: ["d"])
            #expect(try vectorized([1.0, 4, 9]).tolist() == [1.0, 2, 3])
            #expect(throws: Negative(value: -4)) { try vectorized([1.0, -4]) }
            let ufunc: PythonObject = try np.frompyfunc(root, 1, 1)
            #expect(try ufunc([16.0]).tolist() == [4.0])
            let sum: PythonObject = try Python.import("numpy_callbacks").sum
            let matrix: PythonObject = try np.arange(6.0).reshape(2, 3)
            #expect(try np.apply_along_axis(sum, 0, matrix).tolist() == [3.0, 5, 7])
        }
    }

    @Test(
        "Errors arrive with numpy's own classes",
        arguments: [
            ("np.linalg.inv([[1.0, 1], [1, 1]])", "numpy.linalg.LinAlgError", "Singular matrix"),
            ("np.ones(2) + np.ones(3)", "ValueError", "could not be broadcast"),
            ("np.array(['a']).astype(float)", "ValueError", "could not convert string to float"),
            ("np.zeros(2, dtype='no')", "TypeError", "'no'"),
            ("np.zeros(2)[5]", "IndexError", "out of bounds"),
            ("np.ones(2, dtype=int).__iadd__(1.5)", "UFuncTypeError", "same_kind"),
        ]
    )
    func errors(_ expression: String, _ type: String, _ text: String) async throws {
        try await PythonActor.run {
            let namespace = try PythonObject(["np": Python.import("numpy")])
            do {
                let value = try Python.eval(expression, globals: namespace)
                Issue.record("gave \(try Python.repr(value))")
            } catch let error as PythonException {
                #expect(error.typeNames.contains { $0.hasSuffix(type) }, "\(error.typeNames)")
                #expect(error.message.contains(text), "\(error.message)")
                if type.hasSuffix("LinAlgError") { #expect(error.isInstance(of: "ValueError")) }
            }
        }
    }

    @Test("Threads of numpy's user share memory with Swift while Swift waits")
    func threads() async throws {
        let total = try await PythonActor.run {
            let buffer = try PythonBuffer(repeating: 0.0, shape: [4, 1000])
            let namespace = try PythonObject([
                "np": Python.import("numpy"), "buffer": PythonObject(buffer),
            ])
            try Python.exec(
                """
                import threading
                rows = np.asarray(buffer)
                threads = [threading.Thread(target=rows[i].fill, args=(i,)) for i in range(4)]
                for each in threads: each.start()
                for each in threads: each.join()
                """,
                globals: namespace
            )
            return try buffer.withSpan(of: Double.self) { $0.all.reduce(0, +) }
        }
        #expect(total == 6000)
    }
}
