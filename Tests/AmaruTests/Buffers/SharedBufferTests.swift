// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Synchronization
import Testing

@Suite("Swift's memory in Python", .python, .timeLimit(.minutes(5)))
struct SharedBufferTests {
    static let numbers: [(String, any NumericElement.Type)] = [
        ("b", Int8.self), ("B", UInt8.self), ("h", Int16.self), ("H", UInt16.self),
        ("i", Int32.self), ("I", UInt32.self), ("q", Int.self), ("Q", UInt.self),
        ("q", Int64.self), ("Q", UInt64.self), ("f", Float.self), ("d", Double.self),
    ]

    @Test("An array of each type is read in Python without a copy", arguments: numbers)
    func array(_ format: String, _ type: any NumericElement.Type) async throws {
        func check<Element: NumericElement>(_ type: Element.Type) async throws {
            let elements: [Element] = [1, 2, 3]
            try await PythonActor.run {
                let buffer = PythonBuffer(elements)
                let view: PythonObject = try Python.eval("memoryview")(buffer)
                #expect(try view.format == format)
                #expect(try view.tolist() == [1.0, 2, 3])
                #expect(try view.readonly == true)
                #expect(try view.nbytes == 3 * MemoryLayout<Element>.size)
                #expect(try [Element](copyingBufferOf: view) == elements)
                #expect(try buffer.withSpan(of: type) { $0.all } == elements)
                let own = elements.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
                let seen = try view.withBuffer(of: type) { span in
                    span.withUnsafeBufferPointer { Int(bitPattern: $0.baseAddress) }
                }
                #expect(own == seen)
            }
        }
        try await check(type)
    }

    @Test("Truth values are Python's")
    func bools() async throws {
        try await PythonActor.run {
            let view: PythonObject = try Python.eval("memoryview")(PythonBuffer([true, false]))
            #expect(try view.format == "?")
            #expect(try view.tolist() == [true, false])
        }
    }

    @Test("Data is shared; a few bytes too, which lie in the value itself")
    func data() async throws {
        for count in [0, 1, 14, 15, 33, 5000] {
            let data = Data((0..<count).map { UInt8(truncatingIfNeeded: $0) })
            try await PythonActor.run {
                let bytes: Data = try Python.eval("bytes")(PythonBuffer(data))
                #expect(bytes == data)
            }
        }
        let slice = Data(repeating: 7, count: 100)[20..<90]
        let bytes: Data = try await PythonActor.run {
            try Python.eval("bytes")(PythonBuffer(slice))
        }
        #expect(bytes == Data(slice))
    }

    @Test("A shape is Python's shape; one that does not fit is refused")
    func shapes() async throws {
        let elements = (0..<16).map(Double.init)
        try await PythonActor.run {
            let buffer = try PythonBuffer(elements, shape: [2, 8])
            let view: PythonObject = try Python.eval("memoryview")(buffer)
            #expect(try Python.eval("list")(view.shape as PythonObject) == [2, 8])
            #expect(try Python.eval("lambda v: v[1, 7]")(view) == 15.0)
            #expect(buffer.layout.strides == [64, 8])
        }
        let message = refusal { _ = try PythonBuffer(elements, shape: [3, 5]) }
        #expect(message == "the shape [3, 5] holds 15 elements, but there are 16")
        for shape in [[-2, -8], [.max, 2], Array(repeating: 1, count: 65)] {
            #expect(throws: PythonConversionError.self) {
                try PythonBuffer(elements, shape: shape)
            }
            #expect(throws: PythonConversionError.self) {
                try PythonBuffer(repeating: 0.0, shape: shape)
            }
        }
        #expect(throws: PythonConversionError.self) {
            try PythonBuffer(repeating: 0.0, shape: [.max / 4])
        }
    }

    @Test("Both sides write to memory that was made for both")
    func writable() async throws {
        try await PythonActor.run {
            let buffer = try PythonBuffer(repeating: Int32(5), shape: [4])
            let view: PythonObject = try Python.eval("memoryview")(buffer)
            try view.setItem(2, to: -1)
            #expect(try buffer.withSpan(of: Int32.self) { $0.all } == [5, 5, -1, 5])
            try buffer.withMutableSpan(of: Int32.self) { $0[0] = 9 }
            #expect(try view[0] == 9)
            let copy = try PythonBuffer(copying: [1.5, 2.5], shape: [1, 2])
            try Python.eval("lambda b: memoryview(b).cast('B').cast('d').__setitem__(0, 7)")(copy)
            #expect(try copy.withSpan(of: Double.self) { $0.all } == [7, 2.5])
        }
    }

    @Test("A value of Swift stays as it is: Python cannot write to it")
    func readOnly() async throws {
        let elements = [1.0, 2]
        try await PythonActor.run {
            let buffer = PythonBuffer(elements)
            let write = try Python.eval("lambda b: memoryview(b).__setitem__(0, 9.0)")
            do {
                try write(buffer)
                Issue.record("a read-only buffer was written")
            } catch let error as PythonException {
                #expect(error.typeName == "TypeError")
            }
            let read = try Python.eval("lambda b: __import__('io').BytesIO(b'x' * 16).readinto(b)")
            #expect(throws: PythonException.self) { try read(buffer) }
            #expect(throws: PythonConversionError.self) {
                try buffer.withMutableSpan(of: Double.self) { _ in }
            }
            #expect(throws: PythonConversionError.self) {
                try buffer.withSpan(of: Float.self) { _ in }
            }
        }
        #expect(elements == [1, 2])
    }

    @Test("Changing the variable afterwards does not change what Python sees")
    func copyOnWrite() async throws {
        var elements = [1, 2, 3]
        let buffer = PythonBuffer(elements)
        elements[0] = 100
        let seen: [Int] = try await PythonActor.run {
            try Python.eval("lambda b: memoryview(b).tolist()")(buffer)
        }
        #expect(seen == [1, 2, 3])
    }

    @Test("The same memory is the same object, comes back as itself, and is weakly referable")
    func identity() async throws {
        try await PythonActor.run {
            let buffer = PythonBuffer([1.0])
            let object = try PythonObject(buffer)
            #expect(object.isIdentical(to: try PythonObject(buffer)))
            let reference: PythonObject = try Python.import("weakref").ref(object)
            #expect(try (reference() as PythonObject).isIdentical(to: object))
            let back = try PythonBuffer(object)
            #expect(try PythonObject(back).isIdentical(to: object))
            #expect(throws: PythonConversionError.self) {
                try PythonBuffer(try Python.eval("b'abc'"))
            }
            #expect(throws: PythonException.self) { try Python.eval("type")(object)() }
        }
    }

    @Test("Requests that the memory cannot satisfy are refused, others are served")
    func strided() async throws {
        let released = Counter()
        try await PythonActor.run {
            let memory = UnsafeMutablePointer<Int16>.allocate(capacity: 12)
            for index in 0..<12 { memory[index] = Int16(index) }
            // The second column of a matrix of four rows and three columns.
            let column = try PythonBuffer(unsafe: memory + 1, shape: [4], strides: [6]) {
                released.increment()
                ($0 - 1).deallocate()
            }
            let view: PythonObject = try Python.eval("memoryview")(column)
            #expect(try view.tolist() == [1, 4, 7, 10])
            #expect(try Python.eval("bytes")(column) == view.tobytes() as Data)
            #expect(throws: PythonException.self) { try Python.import("zlib").crc32(column) }
            #expect(throws: PythonConversionError.self) {
                try column.withSpan(of: Int16.self) { _ in }
            }
            #expect(try [Int16](copyingBufferOf: view) == [1, 4, 7, 10])
        }
        try await released.reaches(1)
    }

    @Test("The release function runs once, when the last view has gone and not before")
    func release() async throws {
        let released = Counter()
        try await PythonActor.run {
            let memory = UnsafeMutablePointer<Double>.allocate(capacity: 4)
            memory.initialize(repeating: 1.5, count: 4)
            let namespace = try Python.eval("{}")
            do {
                let buffer = try PythonBuffer(unsafe: memory, shape: [4]) {
                    released.increment()
                    $0.deallocate()
                }
                let views: PythonObject = try Python.eval(
                    "lambda b: [memoryview(b), memoryview(b)]"
                )(
                    buffer
                )
                try namespace.setItem("views", to: views)
            }
            #expect(released.value == 0)
            #expect(try Python.eval("views[1][3]", as: Double.self, globals: namespace) == 1.5)
            try Python.exec("del views[0]", globals: namespace)
            #expect(released.value == 0)
            try Python.exec("part = views[0][1:]; del views", globals: namespace)
            #expect(released.value == 0)
            #expect(try Python.eval("part.tolist()", globals: namespace) == [1.5, 1.5, 1.5])
            try Python.exec("del part", globals: namespace)
        }
        try await released.reaches(1)
    }

    @Test("It also runs where Python never saw the memory, and where the shape is refused")
    func releaseUnseen() throws {
        let released = Counter()
        let memory = UnsafeMutablePointer<Double>.allocate(capacity: 4)
        defer { memory.deallocate() }
        _ = try PythonBuffer(unsafe: memory, shape: [4]) { _ in released.increment() }
        #expect(released.value == 1)
        #expect(throws: PythonConversionError.self) {
            try PythonBuffer(unsafe: memory, shape: [-1]) { _ in released.increment() }
        }
        #expect(throws: PythonConversionError.self) {
            try PythonBuffer(unsafe: memory, shape: [4], strides: [8, 8]) { _ in
                released.increment()
            }
        }
        #expect(released.value == 3)
    }

    @Test("Functions take and return it like any value, on any thread of Python")
    func functions() async throws {
        try await Python.register(
            PythonModule("shared_buffers") {
                PythonFunction("make") { (count: Int) throws in
                    try PythonBuffer(copying: (0..<count).map(Double.init))
                }
                PythonFunction("count") { (buffer: PythonBuffer) in buffer.layout.count }
            }
        )
        let sum = try await runAlone(
            """
            import shared_buffers, threading
            results = []
            def work():
                buffer = shared_buffers.make(1000)
                results.append(sum(memoryview(buffer)) + shared_buffers.count(buffer))
            threads = [threading.Thread(target=work) for _ in range(4)]
            for each in threads: each.start()
            for each in threads: each.join()
            sum(results)
            """
        )
        #expect(try await PythonActor.run { try Double(sum) } == 4 * 500_500)
    }
}

/// A number that closures on any thread count up.
final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .sequentiallyConsistent) }

    func increment() { count.add(1, ordering: .sequentiallyConsistent) }

    /// Waits for the drops of other threads, which the Python thread performs with its next batch.
    func reaches(_ expected: Int) async throws {
        for _ in 0..<3 where value < expected { try await PythonActor.run {} }
        #expect(value == expected)
    }
}
