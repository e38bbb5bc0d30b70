// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

/// Each in a process of its own: they end Python, count its memory or choose its loop.
@Suite("Asynchronous work, in processes", .serialized, .timeLimit(.minutes(5)))
struct AsyncProcessTests {
    @Test("Shutting down ends open iterations of both directions, and none hangs")
    func shutDown() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(.ofThisRun)
            let notes = Recorder<String>()
            let (entered, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("open_module") {
                    PythonFunction("note") { (text: String) in notes.append(text) }
                    PythonFunction("entered") { () in signal.finish() }
                    PythonFunction("endless") { () in
                        PythonAsyncIterator(AsyncStream<Int>.makeStream().stream)
                    }
                }
            )
            let generator = try await runAlone(
                """
                import asyncio, open_module as m
                async def numbers(wait):
                    try:
                        yield 1
                        if wait: m.entered()
                        await asyncio.sleep(3600)
                        yield 2
                    finally:
                        m.note('closed')
                async def endless():
                    try:
                        async for _ in m.endless(): pass
                    finally:
                        m.note('left')
                task = asyncio.create_task(endless())
                await asyncio.sleep(0)
                numbers
                """
            )
            let (idle, pending) = try await PythonActor.run {
                (try generator(false) as PythonObject, try generator(true) as PythonObject)
            }
            // One waits for its consumer, one for its generator.
            var open = idle.asyncSequence(of: Int.self).makeAsyncIterator()
            #expect(try await open.next() == 1)
            let consumer = Task { for try await _ in pending.asyncSequence(of: Int.self) {} }
            for await _ in entered {}
            #expect(await Python.shutDown(grace: .seconds(20)) == [])
            await #expect(throws: (any Error).self) { try await consumer.value }
            await #expect(throws: (any Error).self) { try await open.next() }
            #expect(notes.values.sorted() == ["closed", "closed", "left"])
        }
    }

    /// What is repeated, and counted.
    enum Way: String, CaseIterable, Codable, Sendable {
        case sequence, sequenceLeft, sequenceCancelled
        case iterator, iteratorLeft, iteratorCancelled
        case contextVariable, streams

        private enum Local { @TaskLocal static var text = "none" }

        static func register() async throws -> PythonObject {
            try await Python.register(
                PythonModule("ways_module") {
                    PythonContextVariable("text", Local.$text)
                    PythonFunction("read") { () in Local.text }
                    PythonFunction("read_late") { () async -> String in
                        await Task.yield()
                        return Local.text
                    }
                    PythonFunction("numbers") { () in
                        PythonAsyncIterator(
                            AsyncStream<Int> { continuation in
                                continuation.yield(1)
                                continuation.yield(2)
                                continuation.finish()
                            }
                        )
                    }
                    PythonFunction("endless") { () in
                        PythonAsyncIterator(AsyncStream<Int>.makeStream().stream)
                    }
                }
            )
            let names = try await PythonActor.run { try Python.eval("{'__name__': 'ways'}") }
            _ = try await Python.run(
                """
                import asyncio, gc, sys, ways_module as m
                async def numbers():
                    yield 1
                    yield 2
                async def endless():
                    await asyncio.sleep(3600)
                    yield 1
                async def collect():
                    assert [n async for n in m.numbers()] == [1, 2]
                async def leave():
                    async for _ in m.numbers(): break
                async def cancel():
                    task = asyncio.create_task(anext(m.endless()))
                    await asyncio.sleep(0)
                    task.cancel()
                    await asyncio.wait([task])
                async def many(function, count):
                    for _ in range(count): await function()
                async def texts():
                    assert m.read() == m.text.get() == await m.read_late() == 'bound'
                def measure():
                    gc.collect()
                    tasks = len(asyncio.all_tasks(asyncio.get_event_loop()))
                    return [sys.getallocatedblocks(), tasks]
                """,
                globals: names
            )
            return names
        }

        func repeated(_ rounds: Int, _ names: PythonObject) async throws {
            switch self {
            case .sequence, .sequenceLeft:
                for _ in 0..<rounds {
                    let object = try await PythonActor.run {
                        try names["numbers"]() as PythonObject
                    }
                    for try await _ in object.asyncSequence(of: Int.self) {
                        if self == .sequenceLeft { break }
                    }
                }
            case .sequenceCancelled:
                for _ in 0..<rounds {
                    let object = try await PythonActor.run {
                        try names["endless"]() as PythonObject
                    }
                    let task = Task { for try await _ in object.asyncSequence(of: Int.self) {} }
                    task.cancel()
                    _ = await task.result
                }
            case .iterator: try await many("collect", rounds, names)
            case .iteratorLeft: try await many("leave", rounds, names)
            case .iteratorCancelled: try await many("cancel", rounds, names)
            case .contextVariable:
                try await Local.$text.withValue("bound") { try await many("texts", rounds, names) }
            case .streams:
                for _ in 0..<rounds {
                    try await Python.withOutput(to: { _ in }) {
                        try await PythonActor.run { try Python.exec("print('x')") }
                    }
                }
            }
        }

        private func many(_ name: String, _ rounds: Int, _ names: PythonObject) async throws {
            _ = try await Python.run("await many(\(name), \(rounds))", globals: names)
        }

        static func measure(_ names: PythonObject) async throws -> [Int] {
            while Python.pendingAwaitables > 0 { await Task.yield() }
            try await runAlone("import asyncio\nfor _ in range(5): await asyncio.sleep(0)")
            for _ in 0..<3 { try await PythonActor.run {} }
            return try await PythonActor.run { try names["measure"]().converted() }
        }
    }

    @Test("10,000 rounds leave neither objects nor tasks", arguments: Way.allCases)
    func leaks(_ way: Way) async {
        await #expect(processExitsWith: .success) { [way = way as Way] in
            try await Python.start(.ofThisRun)
            let names = try await Way.register()
            try await way.repeated(1000, names)
            var growth: [[Int]] = []
            for _ in 0..<4 {
                let before = try await Way.measure(names)
                try await way.repeated(10_000, names)
                let after = try await Way.measure(names)
                growth.append(zip(after, before).map { $0 - $1 })
                if let last = growth.last, last[0] < 1000, last[1] == 0 { break }
            }
            #expect(growth.last.map { $0[0] < 1000 && $0[1] == 0 } == true, "\(growth)")
        }
    }

    @Test("A loop of uvloop that is not installed is refused by name")
    func missingLoop() async {
        await #expect(processExitsWith: .success) {
            let error = await #expect(throws: AmaruError.self) {
                try await Python.start(PythonConfiguration(eventLoop: .uvloop))
            }
            #expect(error?.code == .startFailed)
            #expect(error?.message.contains("uvloop") == true)
        }
    }

    @Test(
        "With uvloop as the home loop everything works that works without",
        .enabled(
            if: ProcessInfo.processInfo.environment["AMARU_TEST_UVLOOP"] != nil,
            "AMARU_TEST_UVLOOP names no environment that has uvloop"
        )
    )
    func uvloop() async {
        await #expect(processExitsWith: .success) {
            let environment = ProcessInfo.processInfo.environment["AMARU_TEST_UVLOOP"]
            try await Python.start(
                PythonConfiguration(environment: environment, eventLoop: .uvloop)
            )
            let names = try await Way.register()
            for way in Way.allCases { try await way.repeated(100, names) }
            let value = try await runAlone(
                """
                import asyncio, ways_module as m
                loop = asyncio.get_running_loop()
                async def nested(): return await m.read_late()
                await asyncio.to_thread(asyncio.run, nested())
                type(loop).__module__, m.read_late().get_loop() is loop
                """
            )
            #expect(try await PythonActor.run { try Python.repr(value) } == "('uvloop', True)")
            let endless = Task { try await runAlone("while True: pass") }
            while !endless.isCancelled {
                try await Task.sleep(for: .milliseconds(20))
                endless.cancel()
            }
            await #expect(throws: (any Error).self) { try await endless.value }
            #expect(await Python.shutDown(grace: .seconds(10)) == [])
        }
    }
}
