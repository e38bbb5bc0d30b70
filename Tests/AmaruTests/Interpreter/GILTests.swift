// Entering Python from threads of one's own.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Python from any thread", .python)
struct GILTests {
    @Test("A thread of one's own converts values both ways, again and again")
    func foreignThread() async throws {
        let objects = try await onThread {
            try (0..<1000).map { number in
                try Python.withGIL { gil in
                    try gil.makeObject([number, -number])
                }
            }
        }
        let last = try await PythonActor.run { try [Int](objects[999]) }
        #expect(last == [999, -999])
    }

    @Test("Entries nest, and the inner one does not let go of the outer one's lock")
    func nested() async throws {
        let text = try await onThread {
            try Python.withGIL { outer in
                let one = try outer.makeObject(1)
                _ = try Python.withGIL { inner in try inner.makeObject(2) }
                _ = one
                return try outer.convert(outer.makeObject(3), to: Int.self)
            }
        }
        #expect(text == 3)
    }

    @Test("On the Python thread the body just runs")
    func pythonThread() async throws {
        let number = try await PythonActor.run { try enterHere() }
        #expect(number == 7)
    }

    @Test("In a function that a thread of Python calls, the lock is held already")
    func threadOfPython() async throws {
        let name = "gil_\(UInt32.random(in: 0..<UInt32.max))"
        try await Python.register(
            PythonModule(name) { PythonFunction("enter") { () throws -> Int in try enterHere() } }
        )
        let result = try await runAlone(
            """
            import threading, \(name)
            results = []
            thread = threading.Thread(target=lambda: results.append(\(name).enter()))
            thread.start()
            thread.join()
            results
            """
        )
        #expect(try await PythonActor.run { try [Int](result) } == [7])
    }

    @Test("Many threads enter at once and end, each with a thread state of its own")
    func manyThreads() async throws {
        let states = try await PythonActor.run { try Self.threadStates() }
        for _ in 0..<4 {
            try await withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await onThread {
                            var sum = 0
                            for _ in 0..<200 {
                                sum += try Python.withGIL { gil in
                                    try gil.convert(gil.makeObject(number), to: Int.self)
                                }
                            }
                            return sum
                        }
                    }
                }
                let sums = try await group.reduce(into: []) { $0.append($1) }
                #expect(sums.reduce(0, +) == 28 * 200)
            }
        }
        // The threads have ended, or are about to: their states go with them.
        while try await PythonActor.run({ try Self.threadStates() }) > states + 8 {
            await Task.yield()
        }
    }

    @PythonActor
    private static func threadStates() throws -> Int {
        try Python.len(Python.import("sys")._current_frames())
    }

    @Test("What the body throws is thrown, and the lock is free again")
    func failure() async throws {
        await #expect(throws: PythonConversionError.self) {
            try await onThread {
                try Python.withGIL { gil in
                    try gil.convert(gil.makeObject("x"), to: Int.self)
                }
            }
        }
        #expect(try await PythonActor.run { try Python.eval("1 + 1", as: Int.self) } == 2)
    }
}

/// Enters where the lock is held.
private func enterHere() throws -> Int {
    try Python.withGIL { gil in
        try gil.convert(gil.makeObject(7), to: Int.self)
    }
}
