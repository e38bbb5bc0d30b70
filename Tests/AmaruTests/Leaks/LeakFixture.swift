// What the leak tests call, and what they count.
// SPDX-License-Identifier: Apache-2.0

import Amaru

/// The names that the crossings use, in Python and in Swift.
struct LeakFixture: Sendable {
    struct Measure: Sendable {
        let references: [String: Int]
        let blocks: Int
        /// In use through malloc: what Swift allocates, and Python's larger blocks.
        let bytes: Int

        func growth(since before: Measure) -> Growth {
            var changed: [String: Int] = [:]
            for (name, count) in references where count != before.references[name] {
                changed[name] = count - (before.references[name] ?? 0)
            }
            return Growth(
                references: changed,
                blocks: blocks - before.blocks,
                bytes: bytes - before.bytes
            )
        }
    }

    struct Growth: Sendable {
        let references: [String: Int]
        let blocks: Int
        let bytes: Int

        /// Whether far less has grown than one block, or `slack` bytes, in each round.
        func isFlat(over rounds: Int, slack: Int = 12) -> Bool {
            // One reference may be held by a task that is just ending on another thread.
            references.values.allSatisfy { abs($0) <= 1 } && blocks < rounds / 20
                && bytes < rounds * slack
        }
    }

    struct Refused: Error { let number: Int }

    let namespace: PythonObject
    /// An object with attributes and items, which everything passes around.
    let sentinel: PythonObject

    init() async throws {
        ThrownErrors.areNotTraced()
        try await Python.start(.ofThisRun)
        try await Python.register(Self.module)
        namespace = try await PythonActor.run { [source = Self.source] in
            let namespace = try Python.eval("{}")
            try Python.exec(source, globals: namespace)
            return namespace
        }
        sentinel = try await PythonActor.run { [namespace] in try namespace["sentinel"] }
    }

    private static var module: PythonModule {
        PythonModule("leak_module") {
            PythonFunction("same") { (object: PythonObject) in object }
            PythonFunction("fail") { (object: PythonObject) throws -> Int in
                throw Refused(number: 1)
            }
            PythonFunction("call") { (object: PythonObject) throws -> PythonObject in
                try PythonActor.runBlocking { try object() }
            }
            PythonFunction("early") { (object: PythonObject) async in object }
            PythonFunction("late") { (object: PythonObject) async -> PythonObject in
                await Task.yield()
                return object
            }
            PythonFunction("late_failure") { (object: PythonObject) async throws -> Int in
                await Task.yield()
                throw Refused(number: 2)
            }
            PythonFunction("forever") { (object: PythonObject) async throws -> PythonObject in
                // Not a sleep: the runtime keeps the timer of a cancelled one until it is due.
                for await _ in AsyncStream<Void>.makeStream().stream {}
                try Task.checkCancellation()
                return object
            }
            PythonFunction(blocking: "wait") { (object: PythonObject) async -> PythonObject in
                await Task.yield()
                return object
            }
        }
    }

    private static var source: String {
        """
        import asyncio, ctypes, gc, leak_module, sys, threading

        class Sentinel:
            def __init__(self): self.items = {}
            def __call__(self, *args, **kwargs): return self
            def __getitem__(self, key): return self
            def __setitem__(self, key, value): pass
            def __iter__(self): return iter([self, self])
            def raises(self): raise Marked(self)

        class Marked(Exception): pass

        sentinel = Sentinel()
        sentinel.other = sentinel

        async def value(): return sentinel
        async def turn():
            await asyncio.sleep(0)
            return sentinel
        async def failure():
            await asyncio.sleep(0)
            raise Marked(sentinel)
        async def endless(): await asyncio.sleep(3600, sentinel)

        def call_many(n):
            for _ in range(n): leak_module.same(sentinel)
        def wrong_many(n):
            for _ in range(n):
                for call in (lambda: leak_module.same(), lambda: leak_module.same(x=sentinel)):
                    try: call()
                    except TypeError: pass
        def fail_many(n):
            for _ in range(n):
                try: leak_module.fail(sentinel)
                except RuntimeError: pass
        def through_many(n):
            for _ in range(n):
                try: leak_module.call(sentinel.raises)
                except Marked: pass
        def block_many(n):
            for _ in range(n): leak_module.wait(sentinel)
        def thread_many(n):
            thread = threading.Thread(target=call_many, args=(n,))
            thread.start()
            thread.join()
        def nested_many(n):
            asyncio.run(late_many(n))
        async def early_many(n):
            for _ in range(n): await leak_module.early(sentinel)
        async def late_many(n):
            for _ in range(n): await leak_module.late(sentinel)
        async def bare_many(n):
            for _ in range(n):
                leak_module.late(sentinel)
                await asyncio.sleep(0)
        async def late_failure_many(n):
            for _ in range(n):
                try: await leak_module.late_failure(sentinel)
                except RuntimeError: pass
        async def cancel_many(n):
            for _ in range(n):
                future = leak_module.forever(sentinel)
                await asyncio.sleep(0)
                future.cancel()
                try: await future
                except asyncio.CancelledError: pass

        class Info(ctypes.Structure):
            _fields_ = [(f'field{i}', ctypes.c_size_t) for i in range(10)]
        # Linux: field 7 is uordblks. https://man7.org/linux/man-pages/man3/mallinfo.3.html
        mallinfo2 = getattr(ctypes.CDLL(None), 'mallinfo2', None)
        if mallinfo2 is not None:
            mallinfo2.restype = Info

        def measure():
            gc.collect()
            counted = dict(
                sentinel=sentinel, Sentinel=Sentinel, Marked=Marked, value=value,
                same=leak_module.same, call=leak_module.call, wait=leak_module.wait,
                SwiftError=sys.modules['_amaru_runtime'].SwiftError)
            references = {name: sys.getrefcount(each) for name, each in counted.items()}
            bytes = mallinfo2().field7 if mallinfo2 is not None else 0
            return [references, sys.getallocatedblocks(), bytes]
        """
    }

    /// Counts, when what is on its way has arrived.
    func measure() async throws -> Measure {
        while Python.pendingAwaitables > 0 { await Task.yield() }
        try await runAlone("import asyncio\nfor _ in range(5): await asyncio.sleep(0)")
        for _ in 0..<3 { try await PythonActor.run {} }
        return try await PythonActor.run {
            let measured: PythonObject = try namespace["measure"]()
            return Measure(
                references: try measured[0].converted(),
                blocks: try measured[1].converted(),
                bytes: try measured[2].converted()
            )
        }
    }
}
