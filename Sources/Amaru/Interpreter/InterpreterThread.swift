// The dedicated thread that runs Python, and its life from start to end.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The thread on which CPython is initialised and the event loop runs.
///
/// It is Python's main thread: `signal.signal`, `threading.main_thread()` and
/// `loop.add_signal_handler` work there as in `python`. A thread of its own, unless the program
/// lends its first one.
enum InterpreterThread {
    /// A deep recursion through C code overruns the usual 512 KiB of a secondary thread on macOS
    /// and 1 MiB still crashes; with this much CPython raises RecursionError.
    private static let stackSize = 16 << 20

    /// Enough to run jobs whose every entry throws.
    private static let smallStackSize = 512 << 10

    /// What the first thread waits for, if it is to be Python's.
    ///
    /// Safe because it is written before the task that may start Python exists.
    private nonisolated(unsafe) static var firstThread: Gate?

    /// Runs a program in a task, and Python in the calling thread as soon as it is started.
    ///
    /// The system prefers the first thread for a signal of the process: Python code that sends itself
    /// one, or waits for a child which the same Ctrl-C ends, sees it at once, as under `python`.
    static func serve(_ program: sending @escaping () async -> Never) -> Never {
        let isStarted = Gate()
        firstThread = isStarted
        // Here until it waits for something, which in most runs is Python itself: to have the
        // pool's first thread made for it would take a millisecond.
        Task.immediateDetached { await program() }
        isStarted.wait()
        main()
    }

    static func start() {
        if let firstThread { return firstThread.open() }
        let status = NativeThread.spawn(name: "python", stackSize: stackSize) { main() }
        guard status != 0 else { return }
        Interpreter.didFail(.limit("A thread for Python could not be created", status))
        _ = NativeThread.spawn(name: "python", stackSize: smallStackSize) {
            Interpreter.adoptThread()
            serveWithoutPython()
        }
    }

    private static func main() -> Never {
        unblockSignals()
        Interpreter.adoptThread()
        guard !Interpreter.hasEnded else { serveWithoutPython() }
        do {
            try InterpreterStart.start(Interpreter.configuration)
            Interpreter.didStart()
            EventLoop.runUntilShutDown()
            // Daemon threads of the script may go on until the process ends; nobody holds the GIL
            // for them. CPython is never finalised: extension modules crash or hang in it.
            PyEval_SaveThread()
        } catch let error as AmaruError {
            Interpreter.didFail(error)
        } catch {
            Interpreter.didFail(AmaruError(.startFailed, "Python did not start: \(error)"))
        }
        serveWithoutPython()
    }

    /// Starts with no signal blocked, as the main thread of `python` does.
    ///
    /// The thread that spawns this one is often one of Dispatch's, which block nearly all; and a
    /// mask is inherited, here and by every process that Python code starts.
    private static func unblockSignals() {
        var none = sigset_t()
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, nil)
    }

    /// Runs jobs forever, since one that is never run would hang its task; each entry throws.
    private static func serveWithoutPython() -> Never {
        while true {
            let isWoken = Interpreter.waitForWork()
            for work in Interpreter.takeWork(isWoken: isWoken) { work.perform() }
        }
    }
}

extension Interpreter.Work {
    /// Performs the work, on the Python thread.
    func perform() {
        switch self {
        case .job(let job): job.runSynchronously(on: PythonExecutor.shared.reference)
        case .call(let body): body()
        }
    }
}
