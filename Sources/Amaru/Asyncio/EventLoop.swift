// The asyncio loop of the Python thread: prepared, run, left for synchronous code, ended.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The home loop, which the Python thread runs from start to end.
enum EventLoop {
    /// Owned for ever.
    ///
    /// Safe because it is written once, before any other code can enter Python.
    private nonisolated(unsafe) static var loop: PyPointer?
    /// Safe because it is written once, before any other code can enter Python.
    private nonisolated(unsafe) static var makesPlainFutures = false
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

    static func prepare(_ configuration: PythonConfiguration) throws {
        let gil = PythonGIL()
        try RunningLoop.prepare(gil)
        Interrupts.prepareSignals()
        Interrupts.ignoreWriteSignals()
        let drain = try NativeFunction.make("drain") { _, _, _ in
            drainWork()
            return OwnedReference(borrowed: amaru_none())
        }
        let claim = try NativeFunction.make("claim") { _, _, gil in
            try Interrupts.claim().rawValue.pythonReference(gil)
        }
        let unhandled = try NativeFunction.make("unhandled") { arguments, _, _ in
            guard let exception = arguments.first else {
                return OwnedReference(borrowed: amaru_none())
            }
            report(OwnedReference(borrowed: exception), to: configuration)
            return OwnedReference(borrowed: amaru_none())
        }
        let forked = try NativeFunction.make("forked") { _, _, _ in
            amaru_set_entry_flag(AMARU_ENTRY_FORKED)
            SignalForwarding.adoptThread()
            return OwnedReference(borrowed: amaru_none())
        }
        SignalForwarding.adoptThread()
        let handled = try NativeFunction.make("handled") { arguments, _, gil in
            if let number = arguments.first {
                SignalForwarding.adopt(try Int32.fromPython(.init(number), gil))
            }
            return OwnedReference(borrowed: amaru_none())
        }
        try addSearchPaths(configuration.searchPaths, gil)
        let home = try makeLoop(configuration.eventLoop, gil)
        let loop = try Interrupts.keepingSIGINT {
            try Runtime.call(
                "prepare",
                [
                    home, Int(Interpreter.wakeUp.readEnd), drain, claim,
                    unhandled, configuration.unhandledErrors == .report,
                    configuration.onExitRequest != nil, forked, handled,
                ],
                gil
            )
        }
        makesPlainFutures =
            try Runtime.call("makes_plain_futures", [], gil).pointer
            == amaru_true()
        self.loop = loop.take()
        if let streams = configuration.streams { try StreamRouting.install(streams) }
    }

    private static func makeLoop(
        _ policy: PythonConfiguration.EventLoopPolicy,
        _ gil: borrowing PythonGIL
    ) throws -> PythonObject {
        let package: String? = policy == .uvloop ? "uvloop" : nil
        do {
            return PythonObject(try Runtime.call("make_loop", [package], gil))
        } catch let error as PythonException where error.isInstance(of: "ImportError") {
            throw AmaruError(
                .startFailed,
                """
                The event loop of uvloop was configured, but \(error.message). Install the package \
                uvloop in the environment, or configure the standard event loop.
                """
            )
        }
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

    private static func report(
        _ exception: consuming OwnedReference,
        to configuration: PythonConfiguration
    ) {
        configuration.onUnhandledError?(ErrorTranslation.describe(exception))
    }

    // MARK: Running

    /// Runs the loop until ``end()``; an exception that leaves it does not end it.
    static func runUntilShutDown() {
        while !isEnding {
            guard let loop else { return }
            if let result = callMethod(loop, "run_forever") {
                amaru_decref(result)
            } else if let exception = amaru_take_exception() {
                handleEscaped(OwnedReference(new: exception))
            }
        }
    }

    /// KeyboardInterrupt and SystemExit leave `run_forever`, by asyncio's rule.
    private static func handleEscaped(_ exception: consuming OwnedReference) {
        guard PyErr_GivenExceptionMatches(exception.pointer, amaru_SystemExit()) != 0 else {
            return
        }
        let code = exitCode(of: exception.pointer)
        Interpreter.configuration.onExitRequest?(code)
    }

    /// The exit code that `python` would give.
    ///
    /// https://docs.python.org/3/library/sys.html#sys.exit
    static func exitCode(of exception: PyPointer) -> Int32 {
        guard let code = PyObject_GetAttrString(exception, "code") else {  // new
            PyErr_Clear()
            return 1
        }
        defer { amaru_decref(code) }
        if code == amaru_none() { return 0 }
        if amaru_is_long(code) != 0 {
            let value = PyLong_AsLong(code)
            PyErr_Clear()
            return Int32(truncatingIfNeeded: value)
        }
        return 1
    }

    /// Performs queued work, within the loop's turn; what takes too long waits for the next turn.
    private static func drainWork() {
        ReleaseQueue.drain()
        let work = Interpreter.takeWork()
        let start = monotonicNanoseconds()
        for (index, item) in work.enumerated() {
            item.perform()
            if monotonicNanoseconds() &- start > batchLimit, index + 1 < work.count {
                Interpreter.putBack(work[(index + 1)...])
                return
            }
        }
    }

    private static func monotonicNanoseconds() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    // MARK: Synchronous regions

    /// Runs `body` with no loop running, so that it may run one of its own.
    static func withoutRunningLoop<Value: ~Copyable>(
        _ body: () throws -> Value
    ) throws -> Value {
        let previous = PythonObject(try RunningLoop.current())
        try RunningLoop.set(amaru_none())
        regionDepth += 1
        defer {
            regionDepth -= 1
            enter(previous)
        }
        return try body()
    }

    private static func enter(_ loop: PythonObject) {
        guard loop.pointer != amaru_none() else { return }
        if (try? Runtime.call("enter_loop", [loop], PythonGIL())) == nil { PyErr_Clear() }
    }

    /// The loop that runs on this thread, else the home loop (new).
    static func current() throws -> OwnedReference {
        // asyncio's own answer costs a system call, by which it tells a forked child.
        if Interpreter.isPythonThread, regionDepth == 0, let loop {
            return OwnedReference(borrowed: loop)
        }
        let running = try RunningLoop.current()
        guard running.pointer == amaru_none(), let loop else { return running }
        return OwnedReference(borrowed: loop)
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
        guard let loop else { return }
        isEnding = true
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
