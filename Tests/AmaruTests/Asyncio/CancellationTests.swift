// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Cancellation across the bridge", .python, .serialized, .timeLimit(.minutes(5)))
struct CancellationTests {
    /// A module with Swift functions that wait, and tell how that ended.
    private final class Waiting: Sendable {
        let ends = Recorder<String>()
        let ended: AsyncStream<Void>
        private let release: AsyncStream<Void>.Continuation

        init(_ name: String) async throws {
            let (ended, signal) = AsyncStream<Void>.makeStream()
            let (released, release) = AsyncStream<Void>.makeStream()
            (self.ended, self.release) = (ended, release)
            let ends = self.ends
            try await Python.register(
                PythonModule(name) {
                    PythonFunction("wait") { () async -> Int in
                        for await _ in released {}
                        ends.append(Task.isCancelled ? "cancelled" : "released")
                        signal.finish()
                        return 5
                    }
                    PythonFunction("release") { () in release.finish() }
                }
            )
        }
    }

    @Test(
        "A cancelled Python future cancels the Swift task",
        arguments: [
            "future = m.wait()\nawait asyncio.sleep(0)\nfuture.cancel()\nfuture.cancel()",
            "try: await asyncio.wait_for(m.wait(), 0.001)\nexcept TimeoutError: pass",
            """
            try:
                async with asyncio.timeout(0.001): await m.wait()
            except TimeoutError: pass
            """,
            """
            async def wait(): await m.wait()
            async def fail(): await asyncio.sleep(0); raise KeyError
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(wait())
                    group.create_task(fail())
            except* KeyError: pass
            """,
            """
            gathered = asyncio.gather(m.wait())
            await asyncio.sleep(0)
            gathered.cancel()
            try: await gathered
            except asyncio.CancelledError: pass
            """,
        ]
    )
    func fromPython(_ source: String) async throws {
        let waiting = try await Waiting("cancelled_module")
        try await runAlone("import asyncio, cancelled_module as m\n\(source)")
        for await _ in waiting.ended {}
        #expect(waiting.ends.values == ["cancelled"])
    }

    @Test("asyncio.shield keeps the Swift task from the cancellation")
    func shielded() async throws {
        let waiting = try await Waiting("shielded_module")
        let value = try await runAlone(
            """
            import asyncio, shielded_module as m
            inner = m.wait()
            try:
                async with asyncio.timeout(0.001): await asyncio.shield(inner)
            except TimeoutError: pass
            assert not inner.done()
            m.release()
            await inner
            """
        )
        #expect(try await PythonActor.run { try Int(value) } == 5)
        #expect(waiting.ends.values == ["released"])
    }

    @Test("Cancelling a future that is done, or that failed, changes nothing")
    func afterCompletion() async throws {
        let value = try await runAlone(
            """
            import asyncio
            future = asyncio.get_running_loop().create_future()
            future.set_result(1)
            await asyncio.sleep(0)
            future
            """
        )
        let task = Task { try await value.awaited() }
        let first = try await task.value
        task.cancel()
        #expect(try await PythonActor.run { try Int(first) } == 1)
        #expect(try await PythonActor.run { try Bool(value.cancelled()) } == false)
    }

    /// The coroutines of the tests below, and what they note.
    private func names() async throws -> PythonObject {
        let names = try await PythonActor.run { try Python.eval("{'__name__': 'names'}") }
        _ = try await Python.run(
            """
            import asyncio
            log, released = [], asyncio.Event()
            started, ended = asyncio.Event(), asyncio.Event()
            async def waiting():
                started.set()
                try:
                    await asyncio.sleep(3600)
                finally:
                    log.append(asyncio.current_task().cancelling())
                    ended.set()
            async def inner():
                await released.wait()
                log.append('inner')
                ended.set()
            async def shielding():
                started.set()
                await asyncio.shield(inner())
            async def timing():
                async with asyncio.timeout(3600): await waiting()
            async def restarting():
                started.set()
                try: await asyncio.sleep(3600)
                except asyncio.CancelledError: asyncio.current_task().uncancel()
                async with asyncio.timeout(0.001): await asyncio.sleep(3600)
            async def failing(): raise KeyError('k')
            def left(): return sum(t.get_coro().__qualname__ in ('waiting', 'timing', 'inner')
                                   for t in asyncio.all_tasks(asyncio.get_event_loop()))
            """,
            globals: names
        )
        return names
    }

    private func text(_ source: String, _ names: PythonObject) async throws -> String {
        let value = try await Python.run(source, globals: names)
        return try await PythonActor.run { try Python.repr(value) }
    }

    @PythonActor
    private func awaitCoroutine(_ coroutine: String, _ names: PythonObject) async throws {
        _ = try await (names[coroutine]() as PythonObject).awaited()
    }

    @Test(
        "Cancelling the Swift task, twice, cancels the coroutine once",
        arguments: [("waiting", "[1]"), ("timing", "[1]"), ("shielding", "['inner']")]
    )
    func fromSwift(_ coroutine: String, _ log: String) async throws {
        let names = try await names()
        let task = Task { try await self.awaitCoroutine(coroutine, names) }
        _ = try await Python.run("await started.wait()", globals: names)
        task.cancel()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await text("released.set()\nawait ended.wait()\nlog", names) == log)
        #expect(try await text("await asyncio.sleep(0)\nleft()", names) == "0")
    }

    @Test("After uncancel the coroutine goes on, and its own timeout is a TimeoutError")
    func uncancelled() async throws {
        let names = try await names()
        let task = Task { try await self.awaitCoroutine("restarting", names) }
        _ = try await Python.run("await started.wait()", globals: names)
        task.cancel()
        let error = await #expect(throws: PythonException.self) { try await task.value }
        #expect(error?.typeName == "TimeoutError")
    }

    @Test("A coroutine whose Swift task is cancelled already does not begin")
    func beforeStart() async throws {
        let names = try await names()
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await self.awaitCoroutine("waiting", names)
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(
            try await text("await asyncio.sleep(0)\n(log, started.is_set())", names)
                == "([], False)"
        )
    }

    @Test("A failing child of a Swift task group cancels the coroutines of the others")
    func taskGroup() async throws {
        let names = try await names()
        let error = await #expect(throws: PythonException.self) {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<5 { group.addTask { try await self.awaitCoroutine("waiting", names) } }
                _ = try await Python.run("await started.wait()", globals: names)
                group.addTask { try await self.awaitCoroutine("failing", names) }
                for try await _ in group {}
            }
        }
        #expect(error?.typeName == "KeyError")
        #expect(try await text("await asyncio.sleep(0)\nleft()", names) == "0")
    }

    @Test(
        "Threads, executors and nested loops call each kind of Swift function",
        arguments: [
            "await asyncio.to_thread(m.add, 1)",
            "await asyncio.to_thread(m.add_blocking, 1)",
            "await asyncio.get_running_loop().run_in_executor(None, m.add, 1)",
            "await asyncio.get_running_loop().run_in_executor(None, m.add_blocking, 1)",
            "await asyncio.to_thread(asyncio.run, m_add_late(1))",
            "await asyncio.to_thread(lambda: asyncio.new_event_loop().run_until_complete(m_add_late(1)))",
            "list(concurrent.futures.ThreadPoolExecutor(4).map(m.add, range(100)))[1]",
            "asyncio.run(m_add_late(1))",
        ]
    )
    func threads(_ expression: String) async throws {
        try await Python.register(
            PythonModule("thread_calls_module") {
                PythonFunction("add") { (a: Int) in a + 1 }
                PythonFunction("add_late") { (a: Int) async -> Int in
                    await Task.yield()
                    return a + 1
                }
                PythonFunction(blocking: "add_blocking") { (a: Int) async -> Int in
                    await Task.yield()
                    return a + 1
                }
            }
        )
        let value = try await runAlone(
            """
            import asyncio, concurrent.futures, thread_calls_module as m
            async def m_add_late(a): return await m.add_late(a)
            \(expression)
            """
        )
        #expect(try await PythonActor.run { try Int(value) } == 2)
    }
}
