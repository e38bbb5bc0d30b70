// The orderly end of Python, which neither hangs nor finalises.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Ends the event loop and what depends on it, part by part.
enum Shutdown {
    /// What the end has come to, shared with the watch.
    private struct Progress {
        var part = "a call that does not return"
        var stuck: [String] = []
        var isOver = false
    }

    private static let ending = Lock<Task<[String], Never>?>(nil)

    /// Ends Python, once for all callers, whatever becomes of their tasks.
    static func run(grace: Duration) async -> [String] {
        let task = ending.withLock { task in
            // Detached: a cancelled caller must not leave Python half ended.
            let ending = task ?? Task.detached { await perform(grace) }
            task = ending
            return ending
        }
        return await task.value
    }

    private static func perform(_ grace: Duration) async -> [String] {
        let progress = Lock(Progress())
        let (ends, signal) = AsyncStream<Void>.makeStream()
        Task.detached {
            await end(grace, progress)
            signal.finish()
        }
        let watch = Task.detached {
            await self.watch(grace, progress)
            signal.finish()
        }
        for await _ in ends {}
        watch.cancel()
        // Also where a part is given up: who enters Python now would wait for it.
        finish()
        return progress.withLock { $0.stuck }
    }

    /// Interrupts a part that takes longer than it may, and returns when that does not help.
    private static func watch(_ grace: Duration, _ progress: Lock<Progress>) async {
        var last = progress.withLock { $0.part }
        var isInterrupted = false
        while (try? await Task.sleep(for: grace + .milliseconds(250))) != nil {
            let (part, isOver) = progress.withLock { ($0.part, $0.isOver) }
            if isOver { return }
            defer { last = part }
            // The first look at a part says nothing of how long it has taken.
            guard part == last else {
                isInterrupted = false
                continue
            }
            if isInterrupted { return }
            isInterrupted = true
            progress.withLock { $0.stuck.append(part) }
            Interrupts.interruptCurrent()
        }
    }

    @PythonActor
    private static func end(_ grace: Duration, _ progress: Lock<Progress>) async {
        guard (try? Interpreter.requireRunning()) != nil else { return }
        let parts = grace.components
        let seconds = Double(parts.seconds) + Double(parts.attoseconds) / 1e18
        func enter(_ part: String) { progress.withLock { $0.part = part } }
        func note(_ names: [String]) { progress.withLock { $0.stuck += names } }

        for (part, function) in [
            ("tasks", "end_tasks"), ("asynchronous generators", "end_generators"),
        ] where EventLoop.hasWork {
            enter(part)
            do {
                let ending = PythonObject(
                    try Runtime.call(.ending, function, [seconds], PythonGIL())
                )
                note(try await ending.awaited().converted())
            } catch {
                note(["\(part): \(error)"])
            }
        }
        if EventLoop.exists { _ = try? Runtime.call(.asyncio, "report_failed", [], PythonGIL()) }
        for (name, part, function, arguments) in [
            ("threads", .threads, "end_threads", [seconds]),
            ("exit functions", .exits, "run_exit_functions", []),
            ("output", .exits, "flush", []),
        ] as [(String, Runtime.Part, String, [Double])]
        where part == .exits || hasThreads {
            enter(name)
            do {
                let names = try PythonActor.synchronously(CallID.next()) {
                    PythonObject(try Runtime.call(part, function, arguments, PythonGIL()))
                }
                note(try names.converted(to: [String]?.self) ?? [])
            } catch {
                note(["\(name): \(error)"])
            }
        }
        enter("the report of what is left")
        LeftOverReport.deliver()
        progress.withLock { $0.isOver = true }
        EventLoop.end()
        // From here, and not from when the loop has stopped: a job that runs before that would
        // begin to wait for what never comes.
        finish()
    }

    /// Whether threads of Python may exist beside its own.
    @PythonActor
    private static var hasThreads: Bool {
        PyDict_GetItemString(PyImport_GetModuleDict(), "threading") != nil
    }

    /// Lets nobody enter Python any more, and nobody wait for it; on any thread.
    private static func finish() {
        guard Interpreter.isRunning else { return }
        Interpreter.didEnd()
        PendingAwait.abandonAll(
            AmaruError(.notRunning, "Python was shut down while this was awaited.")
        )
    }
}
