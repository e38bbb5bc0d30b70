// SPDX-License-Identifier: Apache-2.0

import Amaru
import Synchronization
import Testing

@Suite("Asynchronous iteration of Swift in Python", .python, .serialized, .timeLimit(.minutes(5)))
struct AsyncIteratorTests {
    /// Counts how often it is advanced.
    private final class Source: AsyncSequence, AsyncIteratorProtocol, Sendable {
        typealias Failure = any Error
        let advanced = Atomic(0)
        let end: Int

        init(end: Int) { self.end = end }

        func makeAsyncIterator() -> Source { self }

        func next() async throws -> Int? {
            let number = advanced.add(1, ordering: .relaxed).newValue
            if number.isMultiple(of: 2) { await Task.yield() }
            return number > end ? nil : number
        }
    }

    private struct Broken: Error { let number: Int }

    /// Registers a module with one function `make`.
    private func register(
        _ name: String,
        _ make: @escaping @Sendable () -> some ConvertibleToPython
    ) async throws {
        try await Python.register(PythonModule(name) { PythonFunction("make") { () in make() } })
    }

    @Test("async for gives the elements, those that are there at once and those that are not")
    func elements() async throws {
        let source = Source(end: 5)
        try await register("elements_module") { PythonAsyncIterator(source) }
        let value = try await runAlone(
            """
            import elements_module
            iterator = elements_module.make()
            assert iterator.__aiter__() is iterator and aiter(iterator) is iterator
            found = [number async for number in iterator]
            found, await anext(iterator, 'over'), await iterator.aclose()
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "([1, 2, 3, 4, 5], 'over', None)"
        )
    }

    @Test("The sequence advances only where an element is awaited")
    func backPressure() async throws {
        let source = Source(end: 100)
        try await register("pressure_module") { PythonAsyncIterator(source) }
        try await runAlone(
            """
            import asyncio, pressure_module
            iterator = pressure_module.make()
            unawaited = iterator.__anext__()
            await asyncio.sleep(0.001)
            unawaited.close()
            assert await anext(iterator) == 1 and await anext(iterator) == 2
            await asyncio.sleep(0.001)
            """
        )
        #expect(source.advanced.load(ordering: .relaxed) == 2)
    }

    @Test("An error of the sequence keeps its identity and ends the iteration")
    func failing() async throws {
        try await register("failing_module") {
            PythonAsyncIterator(
                AsyncThrowingStream<String, any Error> { continuation in
                    continuation.yield("a")
                    continuation.finish(throwing: Broken(number: 3))
                }
            )
        }
        let namespace = try await PythonActor.run { try Python.eval("{}") }
        let error = await #expect(throws: Broken.self) {
            try await Python.run(
                """
                import failing_module
                iterator, found = failing_module.make(), []
                async for text in iterator: found.append(text)
                """,
                globals: namespace
            )
        }
        #expect(error?.number == 3)
        let rest = try await Python.run(
            "(found, await anext(iterator, 'over'))",
            globals: namespace
        )
        #expect(try await PythonActor.run { try Python.repr(rest) } == "(['a'], 'over')")
    }

    /// How an iteration ends whose sequence never gives an element.
    enum End: String, CaseIterable, Sendable {
        case cancelled = """
            task = asyncio.create_task(anext(iterator))
            await asyncio.sleep(0)
            task.cancel()
            try: await task
            except asyncio.CancelledError: pass
            """
        case timedOut = """
            try: await asyncio.wait_for(anext(iterator), 0.001)
            except TimeoutError: pass
            """
        case closed = "await iterator.aclose()"
        case dropped = "del iterator"
        case thrown = """
            try: await iterator.athrow(KeyError('k'))
            except KeyError: pass
            """
        case broken = """
            async def loop():
                async for _ in iterator: break
            channel.yield_one()
            await loop()
            del iterator
            """
    }

    @Test("Every early end ends the source of the sequence", arguments: End.allCases)
    func ends(_ end: End) async throws {
        let (ended, signal) = AsyncStream<Void>.makeStream()
        let held = Held { signal.finish() }
        let name = "end_module_\(end)"
        try await Python.register(
            PythonModule(name) {
                PythonFunction("make") { () in held.take().map { PythonAsyncIterator($0) } }
                PythonFunction("yield_one") { () in held.yield(1) }
            }
        )
        try await runAlone(
            """
            import asyncio, \(name) as channel
            iterator = channel.make()
            \(end.rawValue)
            """
        )
        for await _ in ended {}
    }

    /// A stream that nobody else holds once it is taken: it ends when the iteration lets go of it.
    private final class Held: Sendable {
        private let stream: Mutex<AsyncStream<Int>?>
        private let continuation: AsyncStream<Int>.Continuation

        init(onEnd: @escaping @Sendable () -> Void) {
            let (stream, continuation) = AsyncStream<Int>.makeStream()
            continuation.onTermination = { _ in onEnd() }
            self.stream = Mutex(stream)
            self.continuation = continuation
        }

        func yield(_ number: Int) { continuation.yield(number) }

        func take() -> AsyncStream<Int>? {
            stream.withLock { stream in
                defer { stream = nil }
                return stream
            }
        }
    }

    @Test("A second __anext__ at once is refused, as that of a running generator is")
    func concurrent() async throws {
        let (stream, continuation) = AsyncStream<Int>.makeStream()
        try await register("concurrent_module") { PythonAsyncIterator(stream) }
        try await Python.register(
            PythonModule("concurrent_channel") {
                PythonFunction("send") { (number: Int) in _ = continuation.yield(number) }
            }
        )
        let value = try await runAlone(
            """
            import asyncio, concurrent_channel, concurrent_module
            iterator = concurrent_module.make()
            first = asyncio.create_task(anext(iterator))
            await asyncio.sleep(0)
            messages = []
            for call in (iterator.__anext__, iterator.aclose, lambda: iterator.athrow(KeyError)):
                try:
                    await call()
                except RuntimeError as error:
                    messages.append(str(error).partition(':')[0])
            concurrent_channel.send(4)
            messages, await first
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "(['anext()', 'aclose()', 'athrow()'], 4)"
        )
    }

    @Test("Two iterations run side by side, in a TaskGroup, in threads and in a nested loop")
    func sideBySide() async throws {
        try await register("side_module") { PythonAsyncIterator(Source(end: 50)) }
        let value = try await runAlone(
            """
            import asyncio, side_module
            async def collect(): return sum([n async for n in side_module.make()])
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(collect()) for _ in range(3)]
            threads = [asyncio.to_thread(asyncio.run, collect()) for _ in range(3)]
            [task.result() for task in tasks] + await asyncio.gather(*threads)
            """
        )
        let sums = try await PythonActor.run { try value.converted(to: [Int].self) }
        #expect(sums == Array(repeating: 1275, count: 6))
        let nested = try await runAlone(
            """
            import asyncio, side_module
            async def collect(): return sum([n async for n in side_module.make()])
            asyncio.run(collect())
            """
        )
        #expect(try await PythonActor.run { try Int(nested) } == 1275)
    }

    @Test("Its type says what it is, and it takes no values")
    func shape() async throws {
        try await register("shape_module") { PythonAsyncIterator(Source(end: 5)) }
        let value = try await runAlone(
            """
            import collections.abc, shape_module
            iterator = shape_module.make()
            try: await iterator.asend(1)
            except TypeError as error: message = str(error)
            isinstance(iterator, collections.abc.AsyncGenerator), message, await iterator.asend(None)
            """
        )
        #expect(
            try await PythonActor.run { try Python.repr(value) }
                == "(True, 'a sequence of Swift takes no value', 1)"
        )
    }
}
