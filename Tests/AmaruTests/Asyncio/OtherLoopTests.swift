// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Results for loops other than the home loop", .python, .serialized, .timeLimit(.minutes(5)))
struct OtherLoopTests {
    /// Completes promises when it is told to, on threads of their own.
    private final class Desk: Sendable {
        let promises = Recorder<PythonPromise<Int>>()
        let cancelled = Recorder<Bool>()

        func register(_ name: String) async throws {
            try await Python.register(
                PythonModule(name) {
                    PythonFunction("later") { [self] () -> PythonPromise<Int> in
                        let promise = PythonPromise<Int> { [cancelled] in cancelled.append(true) }
                        promises.append(promise)
                        return promise
                    }
                    PythonFunction("soon") { (value: Int) -> PythonPromise<Int> in
                        let promise = PythonPromise<Int>()
                        Thread.detach { promise.succeed(value) }
                        return promise
                    }
                    PythonFunction("sleep") { [cancelled] () async throws in
                        do {
                            try await Task.sleep(for: .seconds(60))
                        } catch {
                            cancelled.append(true)
                        }
                    }
                    PythonFunction("complete") { [self] () in
                        for promise in promises.values { promise.succeed(1) }
                    }
                }
            )
        }
    }

    private static func run(_ source: String) async throws -> String {
        try await PythonActor.run {
            let namespace = try Python.eval("{}")
            try Python.exec(source, globals: namespace)
            return try Python.repr(namespace["result"])
        }
    }

    @Test("Results of many threads all arrive, at several loops at once")
    func manyThreads() async throws {
        try await Desk().register("loops_many")
        let source = """
            import asyncio, threading, loops_many as m
            totals = []
            async def main():
                for _ in range(10):
                    totals.append(sum(await asyncio.gather(*[m.soon(i) for i in range(20)])))
            threads = [threading.Thread(target=asyncio.run, args=(main(),)) for _ in range(3)]
            for thread in threads: thread.start()
            asyncio.run(main())
            for thread in threads: thread.join()
            result = set(totals), len(totals)
            """
        #expect(try await Self.run(source) == "({190}, 40)")
    }

    @Test("A loop that watches no files gets its results too")
    func withoutReaders() async throws {
        try await Desk().register("loops_readers")
        let source = """
            import asyncio, loops_readers as m
            class Loop(asyncio.SelectorEventLoop):
                def add_reader(self, *arguments): raise NotImplementedError
            async def main(): return [await m.soon(i) for i in range(20)]
            loop = Loop()
            result = sum(loop.run_until_complete(main()))
            loop.close()
            """
        #expect(try await Self.run(source) == "190")
    }

    @Test("A loop that is run again gets what came while it did not run")
    func between() async throws {
        try await Desk().register("loops_between")
        let source = """
            import asyncio, loops_between as m
            async def ask(): return m.later()
            async def wait(future): return await future
            loop = asyncio.new_event_loop()
            future = loop.run_until_complete(ask())
            m.complete()
            result = loop.run_until_complete(wait(future))
            loop.close()
            """
        #expect(try await Self.run(source) == "1")
    }

    /// In a process of its own: it counts what the process has.
    @Test("A loop that ends leaves no descriptor, and cancels what nobody awaits any more")
    func endedLoops() async {
        await #expect(processExitsWith: .success) {
            try await Python.start(.ofThisRun)
            let desk = Desk()
            try await desk.register("loops_ended")
            // The descriptors of the timers that all sleeping tasks share are made once.
            try await Task.sleep(for: .milliseconds(1))
            let source = """
                import asyncio, gc, os, time, loops_ended as m
                async def leave(): m.later(); m.sleep(); await m.soon(1)
                def count(): gc.collect(); return len(os.listdir("/dev/fd"))
                asyncio.run(leave())
                before = count()
                for _ in range(100): asyncio.run(leave())
                for _ in range(100):
                    loop = asyncio.new_event_loop()
                    loop.run_until_complete(leave())
                    loop.close()
                del loop
                # A thread that has brought a result may be about to let go of the descriptors.
                for _ in range(1000):
                    if result := count() <= before: break
                    time.sleep(0.01)
                """
            #expect(try await Self.run(source) == "True")
            while Python.pendingAwaitables > 0 { await Task.yield() }
            #expect(desk.cancelled.values.count == 402)
            for promise in desk.promises.values { promise.succeed(1) }
            #expect(Python.pendingAwaitables == 0)
        }
    }
}
