// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("The running loop: where asyncio works, and how", .python, .serialized)
struct EventLoopTests {
    @Test("asyncio.run works in a synchronous source, in run, and leaves the loop intact")
    func asyncioRun() async throws {
        let source = """
            import asyncio
            async def main():
                await asyncio.sleep(0)
                return asyncio.get_running_loop() is not None
            """
        let namespace = try await PythonActor.run { try Python.eval("{}") }
        let value = try await Python.run(source + "\nasyncio.run(main())", globals: namespace)
        #expect(try await PythonActor.run { try value.isTrue() })
        let again = try await PythonActor.run {
            let main = try namespace["main"] as PythonObject
            return try Python.import("asyncio").run(main()) as Bool
        }
        #expect(again)
        // The policy's loop is the home loop again.
        try await runAlone(
            "import asyncio\nawait asyncio.sleep(0)\nassert asyncio.get_event_loop() is not None"
        )
        let alive = try await PythonActor.run {
            try Python.eval("__import__('asyncio').get_event_loop_policy().get_event_loop()")
                .is_closed() as Bool
        }
        #expect(!alive)
    }

    @Test(
        "run_until_complete works where asyncio.run does, on the loop that get_event_loop returns",
        arguments: [
            "loop.run_until_complete(value(1))",
            "loop.run_until_complete(loop.create_task(value(1)))",
            "sum(loop.run_until_complete(both())) - loop.run_until_complete(value(1))",
            "loop.run_until_complete(module.enter())",
            "module.apply(lambda: asyncio.get_event_loop().run_until_complete(value(1)))",
            "asyncio.run(value(0)) + loop.run_until_complete(value(1))",
            "loop.call_soon(loop.stop) and loop.run_forever() or 1",
        ]
    )
    func runUntilComplete(expression: String) async throws {
        try await Python.register(
            PythonModule("until_module") {
                PythonFunction("enter") { () async throws -> Int in
                    await Task.yield()
                    return try await PythonActor.run { try Python.eval("1", as: Int.self) }
                }
                PythonFunction("apply") { (function: PythonObject) throws -> Int in
                    try PythonActor.runBlocking { try function() }
                }
            }
        )
        let source = """
            import asyncio, until_module as module
            async def value(x):
                for _ in range(3): await asyncio.sleep(0)
                return x
            async def both(): return await asyncio.gather(value(1), value(1))
            loop = asyncio.get_event_loop()
            """
        let namespace = try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(source, globals: namespace)
            for _ in 0..<3 {
                #expect(try Python.eval(expression, globals: namespace) == 1)
            }
            return namespace
        }
        // In the step of a task, which the nested run interrupts.
        let value = try await Python.run(
            """
            async def step():
                await asyncio.sleep(0)
                result = module.apply(lambda: \(expression))
                await asyncio.sleep(0)
                return result, asyncio.current_task() is not None
            await asyncio.gather(step(), value(2))
            """,
            globals: namespace
        )
        #expect(try await PythonActor.run { try Python.repr(value) } == "[(1, True), 2]")
    }

    @Test("create_task and get_event_loop work in a callback and in top-level await")
    func runningLoop() async throws {
        let value = try await runAlone(
            """
            import asyncio
            results = []
            def callback():
                results.append(asyncio.get_running_loop() is asyncio.get_event_loop())
                asyncio.create_task(later())
            async def later():
                results.append('later')
                done.set()
            done = asyncio.Event()
            asyncio.get_event_loop().call_soon(callback)
            await done.wait()
            results
            """
        )
        #expect(try await PythonActor.run { try Python.repr(value) } == "[True, 'later']")
    }

    @Test("Code that runs between two runs of the loop leaves none as the running one")
    func betweenRuns() async throws {
        try await Python.register(
            PythonModule("between_runs") {
                PythonFunction("enter") { () throws in try PythonActor.runBlocking {} }
            }
        )
        try await runAlone(
            """
            import asyncio, between_runs
            ended = asyncio.Event()
            class Interrupt(KeyboardInterrupt):
                def __str__(self):
                    # Asked for when the exception has left the loop.
                    between_runs.enter()
                    ended.set()
                    return "interrupted"
            def interrupt():
                raise Interrupt
            asyncio.get_running_loop().call_soon(interrupt)
            await ended.wait()
            """
        )
    }

    @Test("A Swift function that needs the actor inside a nested loop raises and does not hang")
    func nestedLoop() async throws {
        try await Python.register(
            PythonModule("nested_module") {
                PythonFunction("enter") { () async throws -> Int in
                    try await PythonActor.run { try Python.eval("1", as: Int.self) }
                }
                PythonFunction("hop") { () async throws -> Int in await NestedHop.value() }
                PythonFunction("plain") { () async throws -> Int in
                    try await Task.sleep(for: .milliseconds(2))
                    return 5
                }
            }
        )
        for name in ["enter", "hop"] {
            let error = await #expect(throws: PythonException.self, "\(name)") {
                try await runAlone(
                    """
                    import asyncio, nested_module
                    async def main():
                        try:
                            return await nested_module.\(name)()
                        except RuntimeError as e:
                            raise LookupError(str(e)) from None
                    asyncio.run(main())
                    """
                )
            }
            #expect(error?.typeName == "LookupError")
            #expect(error?.message.contains("asyncio.run") == true)
        }
        let plain = try await runAlone(
            """
            import asyncio, nested_module
            async def main(): return await nested_module.plain()
            asyncio.run(main())
            """
        )
        #expect(try await PythonActor.run { try plain.converted(to: Int.self) } == 5)
    }

    @Test("Cancelling the Swift task cancels the coroutine, which may clean up")
    func cancellation() async throws {
        let namespace = try await PythonActor.run { try Python.eval("{'log': []}") }
        let (started, signal) = AsyncStream<Void>.makeStream()
        try await Python.register(
            PythonModule("started_module") {
                PythonFunction("started") { () in _ = signal.yield() }
            }
        )
        let task = Task {
            try await Python.run(
                """
                import asyncio, started_module
                try:
                    started_module.started()
                    await asyncio.sleep(3600)
                finally:
                    await asyncio.sleep(0)
                    log.append('cleaned')
                """,
                globals: namespace
            )
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await PythonActor.run { try Python.repr(namespace["log"]) } == "['cleaned']")
    }

    @Test("A coroutine that swallows the cancellation returns its value")
    func swallowedCancellation() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        try await Python.register(
            PythonModule("swallow_module") {
                PythonFunction("started") { () in _ = signal.yield() }
            }
        )
        let task = Task {
            let value = try await runAlone(
                """
                import asyncio, swallow_module
                swallow_module.started()
                async def stubborn():
                    try:
                        await asyncio.sleep(3600)
                    except asyncio.CancelledError:
                        asyncio.current_task().uncancel()
                        return 'kept'
                await stubborn()
                """
            )
            return try await PythonActor.run { try Python.str(value) }
        }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("Awaiting gives the exception of the coroutine")
    func raising() async throws {
        let error = await #expect(throws: PythonException.self) {
            try await runAlone("import asyncio\nawait asyncio.sleep(0)\nraise KeyError('k')")
        }
        #expect(error?.description == "KeyError: 'k'")
    }
}

enum NestedHop {
    @PythonActor static func value() -> Int { 1 }
}
