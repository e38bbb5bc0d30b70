// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Many threads at once", .python, .serialized)
struct StressTests {
    @Test("4 threads × 10,000 runs with objects dropped on other threads leak nothing")
    func concurrentRuns() async throws {
        let shared = try await PythonActor.run { try Python.eval("object()") }
        let before = try await settledCount(of: shared)
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var sum = 0
                    for index in 0..<10_000 {
                        // The list and the number are dropped here, off the Python thread.
                        let (list, number) = try await PythonActor.run {
                            (try PythonObject([shared, shared]), try PythonObject(index))
                        }
                        _ = (list, number)
                        sum += 1
                    }
                    return sum
                }
            }
            var total = 0
            for try await sum in group { total += sum }
            #expect(total == 40_000)
        }
        #expect(try await settledCount(of: shared) == before)
    }

    @Test("What other threads drop is released while one long run of Python code goes on")
    func dropsDuringARun() async throws {
        let held = Recorder<PythonObject>()
        let module = PythonModule("dropping") {
            PythonFunction("take") { (object: PythonObject) in held.append(object) }
            PythonFunction("drop") { () in Thread.detach { held.removeAll() } }
        }
        try await Python.register(module)
        let source = """
            import dropping, time, weakref
            class Thing: pass
            result = 0
            for _ in range(10):
                thing = Thing()
                dropping.take(thing)
                alive = weakref.ref(thing)
                del thing
                dropping.drop()
                end = time.monotonic() + 10
                while alive() is not None and time.monotonic() < end: time.sleep(0.001)
                result += alive() is None
            """
        let released = try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(source, globals: namespace)
            return try Int(namespace["result"])
        }
        #expect(released == 10)
    }

    @Test("Blocking entries from threads of every kind neither deadlock nor mix up results")
    func blockingEntries() async throws {
        let results = Recorder<Int>()
        await withTaskGroup { group in
            for base in 0..<4 {
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detach {
                            for index in 0..<500 {
                                let value = try? PythonActor.runBlocking {
                                    try Python.eval("\(base) * 1000 + \(index)", as: Int.self)
                                }
                                if value == base * 1000 + index { results.append(index) }
                            }
                            continuation.resume()
                        }
                    }
                }
            }
        }
        #expect(results.values.count == 2000)
    }

    /// The reference count after everything that waits for release has been released.
    private func settledCount(of object: PythonObject) async throws -> Int {
        for _ in 0..<3 { try await PythonActor.run {} }
        return try await PythonActor.run { object.referenceCount }
    }
}
