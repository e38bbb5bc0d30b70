// SPDX-License-Identifier: Apache-2.0

import Amaru
import Testing

@Suite("Asynchronous iteration of Python in Swift", .python, .serialized, .timeLimit(.minutes(5)))
struct AsyncSequenceTests {
    /// Generators, and a log of what they do.
    private static let source = """
        import asyncio, contextlib, contextvars
        log = []
        closed = asyncio.Event()
        started = asyncio.Event()

        async def numbers(count):
            try:
                for number in range(count):
                    log.append(number)
                    yield number
                    await asyncio.sleep(0)
            finally:
                await asyncio.sleep(0)
                log.append('closed')
                closed.set()

        async def endless():
            try:
                yield 0
                started.set()
                await asyncio.sleep(3600)
                yield 1
            except asyncio.CancelledError:
                log.append(f'cancelled {asyncio.current_task().cancelling()}')
                raise
            finally:
                log.append('closed')
                closed.set()

        async def stubborn():
            yield 0
            started.set()
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
            yield 1

        async def failing():
            yield 1
            raise KeyError('k')

        async def mixed():
            try:
                yield 1
                yield 'two'
            finally:
                log.append('closed')
                closed.set()

        variable = contextvars.ContextVar('variable', default=0)
        async def entered():
            task = asyncio.current_task()
            async with asyncio.timeout(60):
                for number in range(3):
                    variable.set(variable.get() + 1)
                    yield asyncio.current_task() is task and variable.get() == number + 1

        class Plain:
            def __init__(self): self.left = 3
            def __aiter__(self): return self
            async def __anext__(self):
                if not self.left: raise StopAsyncIteration
                self.left -= 1
                return self.left

        def tasks():
            return sorted(t.get_name() for t in asyncio.all_tasks(asyncio.get_event_loop())
                          if t.get_name().startswith('iteration'))
        """

    /// The names of the source, executed again.
    private struct Names {
        let namespace: PythonObject

        init() async throws {
            namespace = try await PythonActor.run { try Python.eval("{'__name__': 'names'}") }
            _ = try await Python.run(source, globals: namespace)
        }

        func evaluate(_ expression: String) async throws -> PythonObject {
            try await Python.run(expression, globals: namespace)
        }

        func text(_ expression: String) async throws -> String {
            let value = try await evaluate(expression)
            return try await PythonActor.run { try Python.repr(value) }
        }
    }

    @Test("An async generator gives its elements in order, typed, from any isolation")
    func elements() async throws {
        let names = try await Names()
        let numbers = try await names.evaluate("numbers(4)").asyncSequence(of: Int.self)
        var sum = 0
        for try await number in numbers { sum = sum * 10 + number }
        #expect(sum == 123)
        let plain = try await names.evaluate("Plain()").asyncSequence(of: Int.self)
        #expect(try await MainCollector.all(plain) == [2, 1, 0])
        #expect(try await PythonCollector.all(names.evaluate("numbers(3)")) == [0, 1, 2])
        #expect(try await names.text("tasks()") == "[]")
    }

    @Test("The generator advances only when an element is asked for")
    func backPressure() async throws {
        let names = try await Names()
        var iterator = try await names.evaluate("numbers(9)").asyncSequence(of: Int.self)
            .makeAsyncIterator()
        #expect(try await names.text("log") == "[]")
        for expected in 0..<3 {
            #expect(try await iterator.next() == expected)
            _ = try await names.evaluate("await asyncio.sleep(0.001)")
            #expect(try await names.text("log") == "\(Array(0...expected))")
        }
        withExtendedLifetime(iterator) {}
    }

    @Test("What the generator enters stays entered from element to element, in one task")
    func oneTask() async throws {
        let names = try await Names()
        let entered = try await names.evaluate("entered()").asyncSequence(of: Bool.self)
        var found: [Bool] = []
        for try await isSame in entered { found.append(isSame) }
        #expect(found == [true, true, true])
    }

    @Test("Leaving the loop early runs aclose on the event loop")
    func earlyExit() async throws {
        let names = try await Names()
        for try await _ in try await names.evaluate("numbers(9)").asyncSequence(of: Int.self) {
            break
        }
        _ = try await names.evaluate("await closed.wait()")
        #expect(try await names.text("log") == "[0, 'closed']")
    }

    @Test("Cancelling the consumer cancels the pending step, once, and closes the generator")
    func cancelled() async throws {
        let names = try await Names()
        let endless = try await names.evaluate("endless()").asyncSequence(of: Int.self)
        let task = Task {
            for try await _ in endless {}
        }
        _ = try await names.evaluate("await started.wait()")
        task.cancel()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        _ = try await names.evaluate("await closed.wait()")
        #expect(try await names.text("log") == "['cancelled 1', 'closed']")
        #expect(try await names.text("tasks()") == "[]")
    }

    @Test("A generator that swallows the cancellation gives its element")
    func stubborn() async throws {
        let names = try await Names()
        let stubborn = try await names.evaluate("stubborn()").asyncSequence(of: Int.self)
        let task = Task {
            var iterator = stubborn.makeAsyncIterator()
            _ = try await iterator.next()
            return try await iterator.next()
        }
        _ = try await names.evaluate("await started.wait()")
        task.cancel()
        #expect(try await task.value == 1)
    }

    @Test("A consumer that is cancelled before its first element does not enter the generator")
    func cancelledBefore() async throws {
        let names = try await Names()
        let numbers = try await names.evaluate("numbers(3)").asyncSequence(of: Int.self)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            var iterator = numbers.makeAsyncIterator()
            return try await iterator.next()
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(try await names.text("log") == "[]")
    }

    @Test("What the generator raises is thrown, and the iteration is over")
    func failing() async throws {
        let names = try await Names()
        var iterator = try await names.evaluate("failing()").asyncSequence(of: Int.self)
            .makeAsyncIterator()
        #expect(try await iterator.next() == 1)
        var found: PythonException?
        do { _ = try await iterator.next() } catch let error as PythonException { found = error }
        #expect(found?.description == "KeyError: 'k'")
        #expect(found?.traceback.contains("in failing") == true)
        #expect(try await iterator.next() == nil)
    }

    @Test("An element that does not convert is named by its place, and closes the generator")
    func wrongElement() async throws {
        let names = try await Names()
        var iterator = try await names.evaluate("mixed()").asyncSequence(of: Int.self)
            .makeAsyncIterator()
        #expect(try await iterator.next() == 1)
        var found: PythonConversionError?
        do { _ = try await iterator.next() } catch let error as PythonConversionError {
            found = error
        }
        #expect(found?.description == "[1]: expected int, found str")
        _ = try await names.evaluate("await closed.wait()")
        #expect(try await iterator.next() == nil)
    }

    @Test("What cannot be iterated over throws the TypeError of aiter")
    func notIterable() async throws {
        let names = try await Names()
        let list = try await names.evaluate("[1]")
        let error = await #expect(throws: PythonException.self) {
            for try await _ in list.asyncSequence(of: Int.self) {}
        }
        #expect(error?.message == "'list' object is not an async iterable")
    }

    @Test("A Swift sequence that goes through Python comes back, with its error's identity")
    func roundTrip() async throws {
        try await Python.register(
            PythonModule("round_trip_module") {
                PythonFunction("sequence") { () in
                    PythonAsyncIterator(
                        AsyncThrowingStream<Int, any Error> { continuation in
                            continuation.yield(1)
                            continuation.finish(throwing: Broken(number: 7))
                        }
                    )
                }
            }
        )
        let names = try await Names()
        let value = try await names.evaluate("import round_trip_module as m\nm.sequence()")
        var found: [Int] = []
        let error = await #expect(throws: Broken.self) {
            for try await number in value.asyncSequence(of: Int.self) { found.append(number) }
        }
        #expect(found == [1])
        #expect(error?.number == 7)
    }

    private struct Broken: Error { let number: Int }
}

private enum MainCollector {
    @MainActor static func all(_ numbers: PythonAsyncSequence<Int>) async throws -> [Int] {
        var found: [Int] = []
        for try await number in numbers {
            MainActor.assertIsolated()
            found.append(number)
        }
        return found
    }
}

private enum PythonCollector {
    @PythonActor static func all(_ object: PythonObject) async throws -> [Int] {
        var found: [Int] = []
        for try await number in object.asyncSequence(of: PythonObject.self) {
            found.append(try Int(number))
        }
        return found
    }
}
