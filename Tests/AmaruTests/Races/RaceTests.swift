// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// What several threads do at once; its purpose is a run under ThreadSanitizer.
@Suite("Races", .python, .serialized, .timeLimit(.minutes(5)))
struct RaceTests {
    struct Refused: Error, Equatable { let number: Int }

    @Test("Many tasks use the actor at once")
    func tasks() async throws {
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<200 {
                group.addTask {
                    try await PythonActor.run { try Int(PythonObject(number) + 1) }
                }
            }
            return try await group.reduce(0, +)
        }
        #expect(sum == (1...200).reduce(0, +))
    }

    @Test("Objects that many threads drop are released, and counted right")
    func releases() async throws {
        let object = try await PythonActor.run { try Python.eval("object()") }
        let before = try await PythonActor.run { object.referenceCount }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    for _ in 0..<100 {
                        let handles = try await PythonActor.run { [try PythonObject([object])] }
                        await Task.detached { _ = handles }.value
                    }
                }
            }
            try await group.waitForAll()
        }
        for _ in 0..<3 { try await PythonActor.run {} }
        #expect(try await PythonActor.run { object.referenceCount } == before)
    }

    @Test("Exceptions are read on many threads while Python raises others")
    func exceptions() async throws {
        let error = try #require(
            await #expect(throws: PythonException.self) {
                try await PythonActor.run { try Python.exec("raise ValueError('x')") }
            }
        )
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<50 {
                group.addTask {
                    #expect(error.traceback.hasSuffix("ValueError: x\n"))
                    #expect(error.frames.count == 1 && error.matches(.valueError))
                    _ = error.object
                }
                group.addTask {
                    await #expect(throws: PythonException.self) {
                        try await PythonActor.run { try Python.exec("raise KeyError(\(number))") }
                    }
                }
            }
        }
    }

    @Test("Swift functions are called from many Python threads")
    func pythonThreads() async throws {
        try await Python.register(
            PythonModule("race_threads") {
                PythonFunction("double") { (number: Int) in number * 2 }
                PythonFunction("fail") { (number: Int) throws -> Int in
                    throw Refused(number: number)
                }
                PythonFunction(blocking: "wait") { (number: Int) async -> Int in
                    await Task.yield()
                    return number
                }
            }
        )
        let value = try await runAlone(
            """
            import race_threads, threading
            found = []
            def work(number):
                total = 0
                for i in range(50):
                    total += race_threads.double(i)
                    try: race_threads.fail(i)
                    except RuntimeError: total += 1
                found.append(total + race_threads.wait(number))
            threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
            for thread in threads: thread.start()
            for thread in threads: thread.join()
            sorted(found)
            """
        )
        let found: [Int] = try await PythonActor.run { try value.converted() }
        #expect(found == (0..<8).map { 2500 + $0 })
    }

    @Test("Awaitables are cancelled while they end")
    func cancellation() async throws {
        try await Python.register(
            PythonModule("race_cancel") {
                PythonFunction("soon") { (number: Int) async throws -> Int in
                    for _ in 0..<(number % 4) { await Task.yield() }
                    return number
                }
            }
        )
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let task = Task {
                        try await runAlone("import race_cancel\nawait race_cancel.soon(\(number))")
                    }
                    if number % 2 == 0 { task.cancel() }
                    _ = await task.result
                }
            }
        }
        while Python.pendingAwaitables > 0 { await Task.yield() }
        #expect(Python.pendingAwaitables == 0)
    }

    @Test("Interrupts race with the calls that they are for")
    func interrupts() async throws {
        for _ in 0..<100 {
            let task = Task { try await PythonActor.run { try Python.exec("sum(range(2000))") } }
            task.cancel()
            _ = await task.result
        }
        #expect(try await PythonActor.run { try Python.eval("1 + 1", as: Int.self) } == 2)
    }

    @Test("Python is shut down while tasks and threads use it")
    func shutdown() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(.ofThisRun)
            await withTaskGroup(of: Void.self) { group in
                for number in 0..<20 {
                    group.addTask {
                        for _ in 0..<20 {
                            _ = try? await PythonActor.run { try PythonObject(number) + 1 }
                        }
                    }
                }
                group.addTask { await Python.shutDown(grace: .seconds(2)) }
            }
        }
    }
}
