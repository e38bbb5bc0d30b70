// The asyncio loop of the Python thread: made on demand, run, left for synchronous code, ended.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The home loop, which the Python thread runs from the moment that something needs asyncio.
///
/// Importing asyncio costs several times as much as CPython's start, and a program that only
/// computes needs none of it. Until then the thread takes its jobs from a plain queue.
enum EventLoop {
    /// Owned forever.
    ///
    /// Safe because it is touched with the GIL held only.
    private nonisolated(unsafe) static var loop: PyPointer?
    /// Safe because it is touched with the GIL held only.
    private nonisolated(unsafe) static var makesPlainFutures = false
    /// Whether the Python thread has taken the loop for its own.
    ///
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var isAdopted = false
    /// Whether the Python thread is in `run_forever`.
    ///
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var isServing = false
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var isEnding = false
    /// The synchronous regions that the Python thread is in; outside them no loop but the home loop
    /// runs there.
    ///
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var regionDepth = 0

    /// The most that one batch of Swift jobs may keep Python's own callbacks waiting, in
    /// nanoseconds.
    private static let batchLimit: UInt64 = 5_000_000

    // MARK: Start

    static func prepare(_ configuration: PythonConfiguration) throws {
        let gil = PythonGIL()
        Interrupts.ignoreWriteSignals()
        SignalForwarding.adoptThread(wakingBy: Interpreter.wakeUp?.writeEnd ?? -1)
        try addSearchPaths(configuration.searchPaths, gil)
        try Interrupts.keepingSignals { try InterpreterHooks.install(gil) }
        Interrupts.prepareSignals()
        // A loop of another package is made at once, so that its absence is known.
        if configuration.eventLoop != .standard { _ = try make(gil) }
        if let streams = configuration.streams { try StreamRouting.install(streams) }
    }

    private static func addSearchPaths(_ paths: [String], _ gil: borrowing PythonGIL) throws {
        let list = PySys_GetObject("path")  // borrowed
        for (index, path) in paths.enumerated() {
            let path = try path.pythonReference(gil)
            guard PyList_Insert(list, index, path.pointer) == 0 else {
                throw PythonException.taken()
            }
        }
    }

    // MARK: The loop on demand

    /// The home loop (borrowed), which is made if it is not there; on any thread, with the GIL held.
    @discardableResult
    static func home(_ gil: borrowing PythonGIL) throws -> PyPointer {
        if let loop { return loop }
        return try Interrupts.shielding {
            // Makes it, by the hook of the import, if this is the first one.
            _ = try OwnedReference(new: PyImport_ImportModule("asyncio"))
            return try make(gil)
        }
    }

    /// Makes the loop, when somebody has imported asyncio.
    static func asyncioWasImported(_ gil: borrowing PythonGIL) {
        // uvloop may be what imports it, and is not ready.
        guard Interpreter.configuration.eventLoop == .standard else { return }
        // Where this fails, whoever needs the loop tries again, and hears why.
        _ = try? Interrupts.shielding { try make(gil) }
    }

    /// Makes the loop, after the import of asyncio.
    private static func make(_ gil: borrowing PythonGIL) throws -> PyPointer {
        if let loop {
            adoptSoon()
            return loop
        }
        let made = try makeObject(gil)
        let plain = try Runtime.call(.asyncio, "makes_plain_futures", [], gil)
        try RunningLoop.prepare(gil)
        // Python code ran meanwhile, on another thread perhaps.
        if let loop { return loop }
        makesPlainFutures = plain.pointer == amaru_true()
        let pointer = made.take()
        loop = pointer
        adoptSoon()
        return pointer
    }

    private static func makeObject(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        let isUVLoop = Interpreter.configuration.eventLoop == .uvloop
        let configuration = Interpreter.configuration
        let unhandled = try NativeFunction.make("unhandled") { arguments, _, gil in
            let exception = ErrorTranslation.describe(OwnedReference(borrowed: arguments[0]))
            if arguments[1] == amaru_true() { configuration.onUnhandledError?(exception) }
            return try exception.traceback.pythonReference(gil)
        }
        let drain = try NativeFunction.makeForkSafe("drain") { _, _, _ in
            if !Interpreter.isForkedChild, Interpreter.isPythonThread { drainWork() }
            return OwnedReference(borrowed: amaru_none())
        }
        let ownFutures = try NativeFunction.make("own_futures") { _, _, _ in
            makesPlainFutures = false
            return OwnedReference(borrowed: amaru_none())
        }
        do {
            return try Runtime.call(
                .asyncio,
                "make_home_loop",
                [
                    isUVLoop ? "uvloop" : "asyncio", unhandled,
                    configuration.unhandledErrors == .report, configuration.onExitRequest != nil,
                    Int(Interpreter.wakeUp?.readEnd ?? -1), drain, ownFutures,
                ],
                gil
            )
        } catch let error as PythonException where isUVLoop && error.matches(.importError) {
            throw AmaruError(
                .startFailed,
                """
                The event loop of uvloop was configured, but \(error.message). Install the package \
                uvloop in the environment, or configure the standard event loop.
                """
            )
        }
    }

    /// Makes the loop that of the Python thread: now, or from another thread, as soon as may be.
    private static func adoptSoon() {
        guard !Interpreter.isPythonThread else { return adopt() }
        // Between two steps of the Python code that the thread runs, if it does.
        _ = Py_AddPendingCall(
            { _ in
                EventLoop.adopt()
                return 0
            },
            nil
        )
        Interpreter.submit(.call { adopt() })
    }

    /// Makes the loop the current one of the Python thread, and outside synchronous regions the
    /// running one, as it will be from the next job on.
    private static func adopt() {
        guard let loop, !isAdopted, Interpreter.isPythonThread, !Interpreter.isForkedChild else {
            return
        }
        isAdopted = true
        if regionDepth == 0 {
            enter(loop)
        } else if (try? Runtime.call(.asyncio, "set_current_loop", [], PythonGIL())) == nil {
            PyErr_Clear()
        }
    }

    /// Whether the jobs are to run inside the loop.
    private static var isWanted: Bool {
        if loop != nil { return true }
        // Imported by a finder that came before the bridge's.
        guard PyDict_GetItemString(PyImport_GetModuleDict(), "asyncio") != nil else {  // borrowed
            return false
        }
        return (try? home(PythonGIL())) != nil
    }

    // MARK: Running

    /// Serves jobs until ``end()``; an exception that leaves the loop does not end it.
    static func runUntilShutDown() {
        while !isEnding, !isWanted { serveQueue() }
        guard !isEnding, let loop else { return }
        // An interrupt may come in between, and the system may have no memory just now.
        while (try? Runtime.call(.asyncio, "watch_work", [], PythonGIL())) == nil {
            ForeignThread.withoutGIL { _ = usleep(10_000) }
        }
        // How often in quick succession the loop has failed.
        var failures = 0
        while !isEnding {
            let start = amaru_monotonic_nanoseconds()
            // A handler amid the last run's end may have left the loop as the running one.
            _ = try? RunningLoop.set(amaru_none())
            isServing = true
            let result = callMethod(loop, "run_forever")
            isServing = false
            if let result {
                amaru_decref(result)
                failures = 0
            } else if let exception = amaru_take_exception(),
                let error = handleEscaped(OwnedReference(new: exception)), !isEnding
            {
                let isSoon = amaru_monotonic_nanoseconds() &- start < 1_000_000_000
                failures = isSoon ? min(failures + 1, 4) : 1
                if failures == 1 { Interpreter.configuration.onUnhandledError?(error) }
                if failures == 3 { askForEnd(error) }
                if failures >= 3 { PendingAwait.abandonAll(error) }
                // Swift goes on, to end the program for one.
                drainWork()
                if failures > 1 { ForeignThread.withoutGIL { _ = usleep(10_000) } }
            }
        }
    }

    /// Performs the jobs that are there, or waits for one, until one of them needs the loop.
    private static func serveQueue() {
        let thread = PyEval_SaveThread()
        let isWoken = Interpreter.waitForWork()
        PyEval_RestoreThread(thread)
        // Handlers of signals too, whose exceptions nobody else takes.
        if Py_MakePendingCalls() != 0, let exception = amaru_take_exception() {
            handleEscaped(OwnedReference(new: exception))
        }
        ReleaseQueue.drain()
        let work = Interpreter.takeWork(isWoken: isWoken)
        for (index, item) in work.enumerated() {
            guard !isEnding, !isWanted else { return Interpreter.putBack(work[index...]) }
            item.perform()
            ForkedChild.endHere()
        }
    }

    /// KeyboardInterrupt and SystemExit leave `run_forever`, by asyncio's rule.
    ///
    /// - Returns: Any other exception, as one that a signal's handler raises.
    @discardableResult
    private static func handleEscaped(
        _ exception: consuming OwnedReference
    ) -> PythonException? {
        // A child ends by what its loop does next, which has it too. Describing it may need a lock of
        // Swift's runtime that another thread of the parent held.
        guard !Interpreter.isForkedChild else { return nil }
        let error = ErrorTranslation.describe(exception)
        guard let status = error.exitStatus else {
            return error.matches(.keyboardInterrupt) ? nil : error
        }
        Interpreter.configuration.onExitRequest?(status)
        return nil
    }

    /// Asks for the program's end when the loop fails again and again, as it does if Python code has
    /// replaced a function that it calls.
    private static func askForEnd(_ error: PythonException) {
        let message = "the event loop does not work any more: \(error.typeName): \(error.message)"
        Interpreter.configuration.onExitRequest?(PythonExitStatus(code: 1, message: message))
    }

    /// Performs queued work, within the loop's turn; what takes too long waits for the next turn.
    private static func drainWork() {
        ReleaseQueue.drain()
        let work = Interpreter.takeWork()
        let start = amaru_monotonic_nanoseconds()
        for (index, item) in work.enumerated() {
            item.perform()
            if amaru_monotonic_nanoseconds() &- start > batchLimit, index + 1 < work.count {
                Interpreter.putBack(work[(index + 1)...])
                return
            }
        }
    }

    // MARK: Synchronous regions

    /// Runs `body` with no loop running, so that it may run one of its own.
    static func withoutRunningLoop<Value: ~Copyable>(
        _ body: () throws -> Value
    ) throws -> Value {
        guard Interpreter.isPythonThread else { return try withoutLoopOfWorker(body) }
        guard let loop else { return try beforeTheLoop(body) }
        adopt()
        // Outside synchronous regions it is the home loop, for which asyncio need not be asked.
        let previous = PythonObject(
            regionDepth == 0 && isServing
                ? OwnedReference(borrowed: loop) : try RunningLoop.current()
        )
        try RunningLoop.set(amaru_none())
        regionDepth += 1
        defer {
            regionDepth -= 1
            if previous.pointer != amaru_none() { enter(previous.pointer) }
        }
        return try body()
    }

    /// Runs `body`, during which the loop may be made: it runs afterwards, as in any other job.
    private static func beforeTheLoop<Value: ~Copyable>(
        _ body: () throws -> Value
    ) throws -> Value {
        regionDepth += 1
        defer {
            regionDepth -= 1
            if regionDepth == 0, let loop { enter(loop) }
        }
        return try body()
    }

    /// Runs `body` on another thread that holds the GIL, whose own loop may be running.
    private static func withoutLoopOfWorker<Value: ~Copyable>(
        _ body: () throws -> Value
    ) throws -> Value {
        let previous = PythonObject(try RunningLoop.current())
        guard previous.pointer != amaru_none() else { return try body() }
        try RunningLoop.set(amaru_none())
        defer { if (try? RunningLoop.set(previous.pointer)) == nil { PyErr_Clear() } }
        return try body()
    }

    private static func enter(_ loop: PyPointer) {
        let loop = PythonObject(OwnedReference(borrowed: loop))
        Interrupts.shielding {
            if (try? Runtime.call(.asyncio, "enter_loop", [loop], PythonGIL())) == nil {
                PyErr_Clear()
            }
        }
    }

    /// The loop that runs on this thread, else the home loop (new).
    static func current(_ gil: borrowing PythonGIL) throws -> OwnedReference {
        // asyncio's own answer costs a system call, by which it tells a forked child.
        if isInStep {
            return OwnedReference(borrowed: try home(gil))
        }
        let running = try RunningLoop.current()
        guard running.pointer == amaru_none() else { return running }
        return OwnedReference(borrowed: try home(gil))
    }

    /// Whether this is the Python thread, outside synchronous regions.
    static var isInStep: Bool { Interpreter.isPythonThread && regionDepth == 0 }

    /// Lets a child of `os.fork` end with the task or callback that forked, outside regions.
    static func followFork() throws {
        guard loop != nil, regionDepth == 0, Interpreter.isPythonThread else { return }
        let end = try NativeFunction.makeForkSafe("end") { arguments, _, _ in
            ForkedChild.end(with: arguments.first)
        }
        _ = try Runtime.call(.children, "follow_fork", [end], PythonGIL())
    }

    /// Whether there is a loop, which the end has to be told of.
    static var exists: Bool { loop != nil }

    /// Whether tasks, callbacks or generators of the loop are left, which have to be ended.
    static var hasWork: Bool {
        guard exists else { return false }
        do {
            let answer = try Runtime.call(.asyncio, "has_work", [], PythonGIL())
            return answer.pointer == amaru_true()
        } catch {
            // What ends them meets the same, and says so.
            return true
        }
    }

    /// Says whether the loop that runs on the Python thread is another than the home loop.
    static func isNested(_ loop: PyPointer) -> Bool { loop != self.loop }

    /// Says whether `create_future` of the loop makes an `asyncio.Future` and nothing else.
    static func makesPlainFutures(_ loop: PyPointer) -> Bool {
        makesPlainFutures && loop == self.loop
    }

    // MARK: End

    @PythonActor
    static func end() {
        isEnding = true
        guard isServing, let loop else { return }
        if let result = callMethod(loop, "stop") {
            amaru_decref(result)
        } else {
            PyErr_Clear()
        }
    }
}

extension EventLoop {
    private static func callMethod(_ object: PyPointer, _ name: String)
        -> PyPointer?
    {
        guard let name = PyUnicode_FromString(name) else { return nil }
        defer { amaru_decref(name) }
        var arguments: PyPointer? = object
        return PyObject_VectorcallMethod(name, &arguments, amaru_vectorcall_count(1), nil)
    }
}
