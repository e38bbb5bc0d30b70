// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Promises to Python", .python, .serialized, .timeLimit(.minutes(5)))
struct PromiseTests {
    struct Broken: Error {}

    /// What the module's functions hand out, and what happens to it.
    private final class Desk: Sendable {
        let promises = Recorder<PythonPromise<Int>>()
        let cancelled = Recorder<Int>()

        func promise() -> PythonPromise<Int> {
            let promise = PythonPromise<Int> { [cancelled] in cancelled.append(1) }
            promises.append(promise)
            return promise
        }
    }

    private static func module(_ name: String, _ desk: Desk) async throws {
        try await Python.register(
            PythonModule(name) {
                PythonFunction("ready") { () -> PythonPromise<Int> in
                    let promise = PythonPromise<Int>()
                    promise.succeed(1)
                    promise.succeed(2)
                    return promise
                }
                PythonFunction("refused") { () -> PythonPromise<Int> in
                    let promise = PythonPromise<Int>()
                    promise.fail(Broken())
                    return promise
                }
                PythonFunction("later") { () in desk.promise() }
                PythonFunction("complete") { (value: Int) in
                    for promise in desk.promises.values { promise.succeed(value) }
                }
                PythonFunction("complete_elsewhere") { (value: Int) in
                    let promises = desk.promises.values
                    Thread.detach { for promise in promises { promise.succeed(value) } }
                }
                PythonFunction("fail_elsewhere") { () in
                    let promises = desk.promises.values
                    Thread.detach { for promise in promises { promise.fail(Broken()) } }
                }
                PythonFunction("dropped") { () in PythonPromise<Int>() }
                PythonFunction("twice") { () -> [PythonPromise<Int>] in
                    let promise = desk.promise()
                    return [promise, promise]
                }
            }
        )
    }

    @Test(
        "The first result is the future's, whenever and from wherever it comes",
        arguments: [
            ("ready", "await m.ready()", "1"),
            ("is_future", "isinstance(m.ready(), asyncio.Future)", "True"),
            ("here", "future = m.later(); m.complete(3); m.complete(4); await future", "3"),
            ("elsewhere", "future = m.later(); m.complete_elsewhere(5); await future", "5"),
            (
                "together",
                "fs = [m.later() for _ in range(9)]; m.complete_elsewhere(5); "
                    + "sum(await asyncio.gather(*fs))", "45"
            ),
            ("bare", "m.later(); m.complete(1)", "None"),
        ]
    )
    func result(_ name: String, _ source: String, _ expected: String) async throws {
        try await Self.module("promise_\(name)", Desk())
        let lines = "import asyncio, promise_\(name) as m\n" + source
        let result = try await Python.run(lines)
        let text = try await PythonActor.run { try Python.repr(result) }
        #expect(text == expected)
    }

    @Test(
        "A failure is raised where the future is awaited, as the Swift error",
        arguments: [
            ("refused", "await m.refused()"),
            ("later", "future = m.later(); m.fail_elsewhere(); await future"),
        ]
    )
    func failure(_ name: String, _ source: String) async throws {
        try await Self.module("promise_failure_\(name)", Desk())
        let lines = "import promise_failure_\(name) as m\n" + source
        await #expect(throws: Broken.self) { try await Python.run(lines) }
    }

    @Test("A promise that nobody keeps fails its future, so that nobody waits forever")
    func dropped() async throws {
        try await Self.module("promise_dropped", Desk())
        let error = await #expect(throws: AmaruError.self) {
            try await Python.run("import promise_dropped as m\nawait m.dropped()")
        }
        #expect(error?.code == .brokenPromise)
    }

    @Test("A promise has one future")
    func twice() async throws {
        let desk = Desk()
        try await Self.module("promise_twice", desk)
        let error = await #expect(throws: (any Error).self) {
            try await Python.run("import promise_twice as m\nm.twice()")
        }
        #expect("\(error as Any)".contains("given to Python twice"))
        // The number of awaitables under way is looked at by others.
        for promise in desk.promises.values { promise.succeed(0) }
    }

    @Test("Python's cancellation reaches Swift once, and a result after it is ignored")
    func cancellation() async throws {
        let desk = Desk()
        try await Self.module("promise_cancelled", desk)
        let source = """
            import asyncio, promise_cancelled as m
            future = m.later()
            future.cancel()
            try: await future
            except asyncio.CancelledError: pass
            await asyncio.sleep(0)
            m.complete(1)
            done = m.later()
            m.complete(2)
            await done
            """
        _ = try await Python.run(source)
        #expect(desk.cancelled.values == [1])
    }

    @Test("A promise of another thread's loop is completed on that loop")
    func otherLoop() async throws {
        try await Self.module("promise_loop", Desk())
        let source = """
            import asyncio, threading, promise_loop as m
            results = []
            async def main():
                future = m.later()
                m.complete_elsewhere(7)
                results.append((await future, future.get_loop() is asyncio.get_running_loop()))
            thread = threading.Thread(target=asyncio.run, args=(main(),))
            thread.start()
            await asyncio.to_thread(thread.join)
            results
            """
        let result = try await Python.run(source)
        let text = try await PythonActor.run { try Python.repr(result) }
        #expect(text == "[(7, True)]")
    }

    @Test("What other threads drop is released while a nested loop keeps the Python thread")
    func nestedLoop() async throws {
        try await Python.register(
            PythonModule("promise_nested") {
                PythonFunction("tick") { () -> PythonPromise<Int> in
                    let promise = PythonPromise<Int>()
                    // The last reference to it, and to its future, goes on that thread.
                    Thread.detach { promise.succeed(1) }
                    return promise
                }
            }
        )
        let source = """
            import asyncio, gc, promise_nested as m
            async def main():
                for _ in range(600): await m.tick()
                return sum(isinstance(o, asyncio.Future) for o in gc.get_objects())
            left = asyncio.run(main())
            """
        let left: Int = try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(source, globals: namespace)
            return try namespace["left"]
        }
        #expect(left < 100)
    }

    /// In a process of its own: the number of awaitables is that of the process.
    @Test("Nothing is left of promises, completed, failed, cancelled or dropped")
    func leaks() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(.ofThisRun)
            let desk = Desk()
            try await Self.module("promise_leaks", desk)
            let source = """
                import asyncio, promise_leaks as m
                async def round():
                    futures = [m.later(), m.ready(), m.refused(), m.dropped()]
                    futures[0].cancel()
                    await asyncio.gather(*futures, return_exceptions=True)
                for _ in range(200): await round()
                await asyncio.sleep(0)
                """
            _ = try await Python.run(source)
            #expect(Python.pendingAwaitables == 0)
            #expect(desk.cancelled.values.count == 200)
            let kept = "import promise_leaks as m; kept = [m.later() for _ in range(3)]"
            _ = try await Python.run(kept)
            #expect(Python.pendingAwaitables == 3)
        }
    }
}
