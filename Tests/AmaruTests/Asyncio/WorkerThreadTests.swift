// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

/// The Python thread waits for workers here, which may therefore never wait for it.
@Suite("Threads that Python made enter Swift, and Swift Python", .python, .timeLimit(.minutes(5)))
struct WorkerThreadTests {
    private struct Callback: PythonProtocolWrapper {
        let object: PythonObject
        static let requirements: [PythonRequirement] = [.method("value")]
    }

    private static func register(_ name: String) async throws {
        try await Python.register(
            PythonModule(name) {
                PythonFunction("apply") { (function: PythonObject, value: Int) throws -> Int in
                    try PythonActor.runBlocking { try function(value) }
                }
                PythonFunction("pass_on") { (function: PythonObject) throws -> PythonObject in
                    try PythonActor.runBlocking { try function() }
                }
                PythonFunction("ask") { (callback: Callback) throws -> Int in
                    try callback.callMethod("value")
                }
                PythonFunction("count") { (value: Int) async throws -> Int in
                    try await PythonActor.run { try Python.eval("\(value)", as: Int.self) }
                }
                PythonFunction("isolated") { (value: Int) async throws -> Int in
                    try await isolated(value)
                }
                PythonFunction(blocking: "wait") { (value: Int) async throws -> Int in
                    try await isolated(value)
                }
            }
        )
    }

    /// Runs a source as a synchronous region of the Python thread.
    private static func run(_ source: String) async throws -> String {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec("from concurrent.futures import *\n" + source, globals: namespace)
            return try Python.repr(namespace["result"])
        }
    }

    @Test("The Python thread waits for workers whose functions call back into Python")
    func waitingForWorkers() async throws {
        try await Self.register("worker_apply")
        let result = try await Self.run(
            """
            import worker_apply as host
            class Value:
                def value(self): return 7
            def square(x): return x * x
            pool = ThreadPoolExecutor(2)
            result = [*pool.map(lambda x: host.apply(square, x), range(4))]
            result += pool.map(lambda _: host.ask(Value()), range(2))
            """
        )
        #expect(result == "[0, 1, 4, 9, 7, 7]")
    }

    @Test("A worker's body has no running loop, and its own again afterwards")
    func loopOfWorker() async throws {
        try await Self.register("worker_loop")
        let result = try await Self.run(
            """
            import asyncio, worker_loop as host
            async def main():
                inner = host.apply(lambda x: asyncio.run(asyncio.sleep(0, x)), 5)
                await asyncio.sleep(0)
                return inner, asyncio.get_event_loop() is asyncio.get_running_loop()
            result = ThreadPoolExecutor(1).submit(asyncio.run, main()).result()
            """
        )
        #expect(result == "(5, True)")
    }

    @Test("What is raised in a worker's body is raised in the worker")
    func raising() async throws {
        try await Self.register("worker_raise")
        let result = try await Self.run(
            """
            import worker_raise as host
            def fail(x): raise KeyError(x)
            result = ThreadPoolExecutor(1).submit(host.apply, fail, 3).exception()
            """
        )
        #expect(result == "KeyError(3)")
    }

    @Test(
        "A worker's loop that needs the Python thread, which waits for it, is refused",
        arguments: [
            "asyncio.run(of(host.count, x))", "asyncio.run(of(host.isolated, x))", "host.wait(x)",
        ]
    )
    func refused(call: String) async {
        // In a process of its own, whose patience is short.
        await #expect(processExitsWith: .success) { [call = call as String] in
            NestedLoop.patience.withLock { $0 = .milliseconds(20) }
            try await Self.register("worker_refused")
            let result = try await Self.run(
                """
                import asyncio, worker_refused as host
                async def of(f, x): return await f(x)
                def attempt(x):
                    try:
                        return \(call)
                    except RuntimeError as error:
                        return 'busy' if 'Python thread' in str(error) else error
                result = set(ThreadPoolExecutor(2).map(attempt, range(4)))
                """
            )
            #expect(result == "{'busy'}")
        }
    }

    @Test("A worker's loop has the Python thread while that one is free")
    func free() async {
        // In a process of its own, where nothing else keeps the Python thread.
        await #expect(processExitsWith: .success) {
            try await Self.register("worker_free")
            let result = try await runAlone(
                """
                import asyncio, worker_free as host
                async def of(f, x): return await f(x)
                [await asyncio.to_thread(lambda: asyncio.run(of(host.count, 3))),
                 await asyncio.to_thread(host.wait, 4), await asyncio.to_thread(host.apply, abs, -5)]
                """
            )
            #expect(try await PythonActor.run { try [Int](result) } == [3, 4, 5])
        }
    }

    @Test(
        "A blocking function that needs the Python thread, which it blocks, is refused at once",
        arguments: [
            "host.wait(1)", "host.wait(1)\nawait asyncio.sleep(0)", "asyncio.run(nested())",
        ]
    )
    func blocking(call: String) async throws {
        try await Self.register("worker_blocking")
        let source = """
            import asyncio, worker_blocking as host
            async def nested(): return host.wait(1)
            \(call)
            """
        let error = await #expect(throws: AmaruError.self) { try await runAlone(source) }
        #expect(error?.code == .actorBusy)
    }

    /// Calls of depth 3 through Swift, threads and loops; a call returns what it should, or is busy.
    private static let interleavings = """
        import asyncio, random, threading, worker_random as host

        async def of(function, *arguments): return await function(*arguments)
        async def calling(body): return body()

        def leaf(pick, value):
            match pick.randrange(4):
                case 0: return host.apply(abs, -value)
                case 1: return host.wait(value)
                case 2: return host.pass_on(lambda: asyncio.run(of(host.isolated, value)))
                case 3: return host.pass_on(lambda: asyncio.run(of(host.count, value)))

        def in_thread(body):
            results = []
            thread = threading.Thread(target=lambda: results.append(attempt(body)))
            thread.start()
            thread.join()
            return results[0]

        def attempt(body):
            try:
                return body()
            except RuntimeError as error:
                return 'busy' if 'needs the Python actor' in str(error) else repr(error)

        def call(pick, value, depth=3):
            if depth == 0: return attempt(lambda: leaf(pick, value))
            body = lambda *_: call(pick, value, depth - 1)
            kind = pick.randrange(5)
            # A loop of its own where none runs.
            if kind > 2 and asyncio._get_running_loop() is not None: kind = 0
            match kind:
                case 0: return attempt(lambda: host.pass_on(body))
                case 1: return in_thread(body)
                case 2: return body()
                case 3: return asyncio.run(calling(body))
                case 4: return asyncio.run(asyncio.to_thread(body))

        def needs_the_actor(seed):
            pick = random.Random(seed)
            for _ in range(3): pick.randrange(5)
            return pick.randrange(4) > 0

        def play(seed, is_free=False):
            result = call(random.Random(seed), seed)
            may_be_busy = needs_the_actor(seed) and not is_free
            assert result == seed or may_be_busy and result == 'busy', (seed, result)
            return result != 'busy'
        """

    @Test("A thousand random interleavings of workers, loops and the Python thread never hang")
    func interleaved() async {
        let source = Self.interleavings
        await #expect(processExitsWith: .success) { [source = source as String] in
            NestedLoop.patience.withLock { $0 = .milliseconds(20) }
            try await Self.register("worker_random")
            let namespace = try await PythonActor.run { try Python.eval("{}") }
            try await Python.run(source, globals: namespace)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for first in 0..<4 {
                    group.addTask {
                        for seed in stride(from: first, to: 1000, by: 4) {
                            _ = try await Self.play(seed, namespace)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("In a worker that the Python thread does not wait for, each interleaving has its answer")
    func interleavedWhileFree() async {
        let source = Self.interleavings
        await #expect(processExitsWith: .success) { [source = source as String] in
            // Nothing keeps the Python thread, so nothing may lose patience.
            NestedLoop.patience.withLock { $0 = .seconds(60) }
            try await Self.register("worker_random")
            let namespace = try await PythonActor.run { try Python.eval("{}") }
            try await Python.run(source, globals: namespace)
            let answers = try await Python.run(
                "[await asyncio.to_thread(play, seed, True) for seed in range(200)]",
                globals: namespace
            )
            #expect(try await PythonActor.run { try [Bool](answers) }.allSatisfy(\.self))
        }
    }

    /// Plays as a region, as a source, beside the loop, and in a step of it.
    private static func play(_ seed: Int, _ namespace: PythonObject) async throws -> Bool {
        let source = [
            "play(\(seed))", "await asyncio.to_thread(play, \(seed))",
            "await calling(lambda: play(\(seed)))",
        ]
        if seed % 4 == 0 {
            return try await PythonActor.run {
                let play: PythonObject = try namespace["play"]
                return try play(seed)
            }
        }
        let value = try await Python.run(source[seed % 3], globals: namespace)
        return try await PythonActor.run { try Bool(value) }
    }
}

@PythonActor
private func isolated(_ value: Int) throws -> Int {
    try Python.eval("\(value)", as: Int.self)
}
