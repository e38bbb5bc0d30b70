// SPDX-License-Identifier: Apache-2.0

import Amaru
import Foundation
import Testing

@Suite("Interrupts reach the call they are meant for", .python, .serialized)
struct InterruptTests {
    /// The ways to run a source without `await`, which end alike when their task is cancelled.
    enum Way: CaseIterable {
        case source, namespace, file, body

        func run(_ source: String) async throws {
            switch self {
            case .source: try await Python.run(source)
            case .namespace:
                try await PythonActor.run { try PythonNamespace() }.run(source)
            case .file: try await Python.runFile(source, path: "cancelled.py")
            case .body:
                try await PythonActor.run {
                    try Python.exec(source, globals: PythonNamespace().globals)
                }
            }
        }
    }

    @Test(
        "Cancelling a task interrupts the synchronous call that it waits for",
        arguments: Way.allCases,
        [
            "import time; started()\ntime.sleep(3600)",
            "started()\nwhile True: pass",
            """
            import asyncio
            async def wait():
                while True: await asyncio.sleep(0.01)
            started()
            asyncio.run(wait())
            """,
        ]
    )
    func cancelSynchronous(way: Way, source: String) async throws {
        let task = try await start(source, way)
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A system call that begins just after the signal ends too")
    func betweenCheckAndCall() async throws {
        let (began, signal) = AsyncStream<Void>.makeStream()
        try await Python.register(
            PythonModule("interrupt_late") {
                // As a call of C that lets the first signal pass.
                PythonFunction("sleep_twice") { () -> Int in
                    var hour = timespec(tv_sec: 3600, tv_nsec: 0)
                    signal.yield()
                    let first = nanosleep(&hour, nil)
                    hour.tv_sec = 60
                    return Int(first + nanosleep(&hour, nil))
                }
            }
        )
        let task = Task {
            try await Python.run(
                """
                from interrupt_late import sleep_twice
                assert sleep_twice() == -2
                """
            )
        }
        var iterator = began.makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("What a cancelled source raises itself is thrown as it is", arguments: Way.allCases)
    func cancelledWithItsOwnError(way: Way) async throws {
        // A call, for CPython's table of handlers leaves out a loop's jump back.
        let source = """
            def wait():
                while True: pass
            try:
                started()
                wait()
            except KeyboardInterrupt:
                raise ValueError("half done")
            """
        let task = try await start(source, way)
        task.cancel()
        let error = await #expect(throws: PythonException.self) { try await task.value }
        #expect(error?.typeName == "ValueError")
    }

    @Test("An interrupt that no cancellation has sent is thrown as such", arguments: Way.allCases)
    func interruptedOnly(way: Way) async throws {
        let error = await #expect(throws: PythonException.self) {
            try await way.run("raise KeyboardInterrupt")
        }
        #expect(error?.typeName == "KeyboardInterrupt")
    }

    /// Starts a source, and returns its task once the source has called `started`.
    private func start(_ source: String, _ way: Way) async throws -> Task<Void, any Error> {
        let name = "interrupt_\(UUID().uuidString.prefix(8))"
        let (started, signal) = AsyncStream<Void>.makeStream()
        try await Python.register(
            PythonModule(name) {
                PythonFunction("started") { () in _ = signal.yield() }
            }
        )
        let task = Task { try await way.run("from \(name) import started\n" + source) }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        return task
    }

    @Test("In a function of the actor Python code goes on, and the function can see why not to")
    func ofTheActor() async throws {
        let (started, signal) = AsyncStream<Void>.makeStream()
        let cancelled = DispatchSemaphore(value: 0)
        try await Python.register(
            PythonModule("interrupt_isolated") {
                PythonFunction("started") { () in _ = signal.yield() }
                PythonFunction("wait") { () in cancelled.wait() }
            }
        )
        @PythonActor func compute() throws -> (Int, Bool) {
            let module = try Python.import("interrupt_isolated")
            try module.started()
            try module.wait()
            return (try Python.eval("6 * 7"), Task.isCancelled)
        }
        let task = Task { try await compute() }
        var iterator = started.makeAsyncIterator()
        _ = await iterator.next()
        task.cancel()
        cancelled.signal()
        let (result, isCancelled) = try await task.value
        #expect(result == 42 && isCancelled)
    }

    @Test("A thousand interrupts that race completion never reach a neighbour")
    func racing() async throws {
        for round in 0..<1000 {
            let task = Task {
                try await PythonActor.run { try Python.eval("sum(range(2000))", as: Int.self) }
            }
            let neighbour = Task {
                try await PythonActor.run { try Python.eval("sum(range(3000))", as: Int.self) }
            }
            if round % 3 == 0 { await Task.yield() }
            task.cancel()
            do {
                _ = try await task.value
            } catch is CancellationError {}
            #expect(try await neighbour.value == 4_498_500)
        }
    }
}

/// Each in a process of its own: the interrupt strikes whatever runs.
@Suite("An interrupt without a target strikes what runs, and nothing idle")
struct UntargetedInterruptTests {
    @Test("An interrupt of an idle loop disturbs nobody")
    func idle() async {
        await #expect(processExitsWith: .success) {
            let (started, start) = AsyncStream<Void>.makeStream()
            let (ends, end) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("interrupt_idle") {
                    PythonFunction("rest") { () async in
                        start.yield()
                        for await _ in ends { break }
                    }
                }
            )
            let sleeper = Task {
                try await runAlone("import interrupt_idle\nawait interrupt_idle.rest()\n'ok'")
            }
            for await _ in started { break }
            // The step that has called is over when the actor is entered.
            try await PythonActor.run {}
            // Each is noticed by the time that the loop has turned once more.
            for _ in 0..<20 {
                Python.interrupt()
                try await PythonActor.run {}
            }
            end.yield()
            let value = try await sleeper.value
            #expect(try await PythonActor.run { try Python.str(value) } == "ok")
        }
    }

    @Test("In a blocking Swift function the interrupt is that function's own error")
    func blockingFunction() async {
        await #expect(processExitsWith: .success) {
            struct Broken: Error, Equatable {}
            let (started, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("interrupt_blocking") {
                    PythonFunction(blocking: "wait") { () async throws -> Int in
                        signal.yield()
                        do { try await Task.sleep(for: .seconds(3600)) } catch { throw Broken() }
                        return 1
                    }
                }
            )
            let task = Task {
                // Inside a task of the loop: no other call is running.
                try await runAlone(
                    "import asyncio, interrupt_blocking\nawait asyncio.sleep(0)\ninterrupt_blocking.wait()"
                )
            }
            var iterator = started.makeAsyncIterator()
            _ = await iterator.next()
            Python.interrupt()
            await #expect(throws: Broken.self) { try await task.value }
        }
    }

    @Test("A blocking Swift function that an interrupt does not end is followed by it")
    func undisturbedFunction() async {
        await #expect(processExitsWith: .success) {
            let (started, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("interrupt_undisturbed") {
                    PythonFunction(blocking: "wait") { () async -> Int in
                        signal.yield()
                        while !Task.isCancelled { try? await Task.sleep(for: .seconds(1)) }
                        return 1
                    }
                }
            )
            let task = Task {
                _ = try await runAlone(
                    """
                    import interrupt_undisturbed
                    try:
                        interrupt_undisturbed.wait()
                        seen = "nothing"
                    except KeyboardInterrupt:
                        seen = "interrupt"
                    assert seen == "interrupt", seen
                    """
                )
            }
            var iterator = started.makeAsyncIterator()
            _ = await iterator.next()
            Python.interrupt()
            try await task.value
        }
    }

    @Test(
        "Repeated, an interrupt lands whatever Python code does with SIGINT",
        arguments: [
            "signal.signal(signal.SIGINT, lambda *_: None)",
            "signal.signal(signal.SIGINT, signal.SIG_IGN)",
            """
            def swallow(*_):
                try:
                    raise KeyboardInterrupt
                except KeyboardInterrupt:
                    pass
            signal.signal(signal.SIGINT, swallow)
            """,
            """
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGURG, signal.SIG_IGN)
            """,
        ],
        ["while True: pass", "time.sleep(3600)", "await asyncio.sleep(0)\nwhile True: pass"]
    )
    func ignoringSIGINT(handler: String, loop: String) async throws {
        // A system call that nothing handles is begun again: only bytecode can be interrupted.
        if handler.contains("SIGURG"), loop.contains("sleep(3600)") { return }
        await #expect(processExitsWith: .success) {
            [source = "\(handler)\ninterrupt_deaf.started()\n\(loop)" as String] in
            let (started, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("interrupt_deaf") {
                    PythonFunction("started") { () in _ = signal.yield() }
                }
            )
            let task = Task {
                try await runAlone("import asyncio, interrupt_deaf, signal, time\n" + source)
            }
            for await _ in started { break }
            let repeating = Task {
                while !Task.isCancelled {
                    Python.interrupt()
                    try? await Task.sleep(for: .milliseconds(10))
                }
            }
            let error = await #expect(throws: PythonException.self) { try await task.value }
            repeating.cancel()
            #expect(error?.typeName == "KeyboardInterrupt")
        }
    }

    @Test(
        "A script's handler of SIGINT that is struck between two callbacks loses none",
        arguments: ["slow", "type('Slow', (), {'__call__': lambda self, *_: slow()})()"]
    )
    func handlerBetweenCallbacks(handler: String) async {
        await #expect(processExitsWith: .success) { [handler = handler as String] in
            try await Python.register(
                PythonModule("interrupt_again") {
                    PythonFunction("interrupt") { () in Python.interrupt() }
                }
            )
            // A function of the loop's own module, interrupted before its callback begins.
            try await Python.run(
                """
                import asyncio, interrupt_again, signal, sys, time

                def slow(*_):
                    if hasattr(sys, "handled"):
                        return
                    sys.handled = True
                    for _ in range(3):
                        interrupt_again.interrupt()
                        time.sleep(0.01)

                signal.signal(signal.SIGINT, \(handler))
                namespace = {"__name__": "asyncio.events", "signal": signal}
                exec(
                    "def run(callback):\\n"
                    "    signal.raise_signal(signal.SIGINT)\\n"
                    "    callback()\\n",
                    namespace,
                )
                asyncio.get_running_loop().call_soon(
                    namespace["run"], lambda: setattr(sys, "called", True)
                )
                await asyncio.sleep(0.01)
                """
            )
            let (isHandled, isCalled) = try await PythonActor.run {
                return (
                    try Python.eval("hasattr(__import__('sys'), 'handled')", as: Bool.self),
                    try Python.eval("hasattr(__import__('sys'), 'called')", as: Bool.self)
                )
            }
            #expect(isHandled && isCalled)
        }
    }

    @Test(
        "The program's own handler of SIGINT is back when Python code has set the bridge's again",
        arguments: [
            // What trio does to find out whether it is on the main thread.
            "signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))",
            """
            former = signal.signal(signal.SIGINT, lambda *_: None)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGINT, former)
            """,
        ]
    )
    func givenBack(source: String) async {
        await #expect(processExitsWith: .success) { [source = source as String] in
            @Sendable func handler() -> UInt {
                SignalAction(current: SIGINT).address
            }
            SignalAction({ _ in }).install(for: SIGINT)
            let own = handler()
            try await Python.run("import signal\n" + source)
            #expect(handler() == own)
            try await Python.run("import signal\nsignal.signal(signal.SIGINT, lambda *_: None)")
            #expect(handler() != own)
        }
    }

    @Test("A SIGINT that comes while Python code sets the bridge's handler again is not lost")
    func notLost() async {
        await #expect(processExitsWith: .success) {
            let received = ReceivedSignals.count
            SignalAction({ _ in ReceivedSignals.count.pointee += 1 }).install(for: SIGINT)
            try await Python.register(
                PythonModule("interrupt_count") {
                    PythonFunction("count") { () in ReceivedSignals.count.pointee }
                }
            )
            let setting = Task {
                try await Python.run(
                    """
                    import signal
                    from interrupt_count import count
                    while count() < 300:
                        signal.signal(signal.SIGINT, signal.getsignal(signal.SIGINT))
                    """
                )
            }
            for number in 1...300 {
                kill(getpid(), SIGINT)
                let deadline = ContinuousClock.now.advanced(by: .seconds(10))
                while received.pointee < number, ContinuousClock.now < deadline {
                    try await Task.sleep(for: .microseconds(50))
                }
                try #require(received.pointee == number)
            }
            _ = try await setting.value
        }
    }

    @Test("An interrupt breaks a task's step that never ends")
    func runawayStep() async {
        await #expect(processExitsWith: .success) {
            let (started, signal) = AsyncStream<Void>.makeStream()
            try await Python.register(
                PythonModule("interrupt_step") {
                    PythonFunction("started") { () in _ = signal.yield() }
                }
            )
            let task = Task {
                try await runAlone(
                    """
                    import asyncio, interrupt_step
                    await asyncio.sleep(0)
                    interrupt_step.started()
                    while True: pass
                    """
                )
            }
            var iterator = started.makeAsyncIterator()
            _ = await iterator.next()
            Python.interrupt()
            let error = await #expect(throws: PythonException.self) { try await task.value }
            #expect(error?.typeName == "KeyboardInterrupt")
            // The loop goes on.
            try await runAlone("import asyncio\nawait asyncio.sleep(0)")
        }
    }
}

private enum ReceivedSignals {
    /// How many SIGINTs the program's handler got; safe because only that writes it.
    nonisolated(unsafe) static let count: UnsafeMutablePointer<Int> = {
        let memory = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        memory.initialize(to: 0)
        return memory
    }()
}
