// The one interpreter of the process: its phase, its inbox, its thread.
// SPDX-License-Identifier: Apache-2.0

public import CAmaru
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The process's interpreter, behind ``Python`` and ``PythonActor``.
///
/// One per process and never restarted: numpy and others refuse to load twice.
@usableFromInline
enum Interpreter {
    /// Something for the Python thread to do.
    enum Work {
        case job(UnownedJob)
        case call(@Sendable () -> Void)
    }

    private enum Phase {
        case idle
        case starting
        case running
        case ended(AmaruError)
    }

    private struct State {
        var phase = Phase.idle
        var configuration: PythonConfiguration?
        var work: [Work] = []
        /// Whether the wake-up is written and not yet read: one byte wakes for any number of jobs.
        var isSignalled = false
        /// Whether the Python thread looks at ``hasWork``, and need not be woken.
        var isWatched = false
        var startWaiters: [CheckedContinuation<Void, any Error>] = []
        /// Made when the thread is; nil if there were no descriptors for it.
        var wakeUp: WakeUp?
    }

    private static let state = Lock(State())
    /// Whether there is queued work, for a thread that does not have the lock.
    private static let hasWork = Atomic(false)
    /// Wakes a thread that serves without Python, for which there was no pipe.
    private static let fallback = AutoResetEvent()

    // MARK: Facts that the Python thread writes

    /// The Python thread, nil before it exists.
    ///
    /// Safe because it is written once, by that thread before it runs any job, and a reader that
    /// misses the write is not on that thread.
    private nonisolated(unsafe) static var thread: pthread_t?

    /// Whether this process is a child of `os.fork`, in which no other thread exists.
    static var isForkedChild: Bool { amaru_entry_flags() & AMARU_ENTRY_FORKED != 0 }

    static var isPythonThread: Bool {
        guard let thread else { return false }
        return pthread_equal(thread, pthread_self()) != 0
    }

    /// Whether this thread may run code that is isolated to the Python actor.
    @usableFromInline
    static var isIsolated: Bool { amaru_isolated() != 0 }

    /// Refuses to go on where Python does not run.
    ///
    /// For isolated entries: the compiler checks the thread, a debug build checks it again.
    @inlinable
    @inline(__always)
    static func requireRunning() throws {
        assert(isIsolated, "Python was entered on a thread other than its own.")
        guard amaru_enterable() != 0 else { throw notRunning() }
    }

    @usableFromInline
    @inline(never)
    static func notRunning() -> AmaruError {
        state.withLock { state in
            switch state.phase {
            case .ended(let error) where error.code == .notRunning:
                return error
            case .ended(let error):
                return AmaruError(.notRunning, "Python is not running: \(error.message)")
            case .idle, .starting, .running:
                return AmaruError(
                    .notRunning,
                    "Python is not running yet: await Python.start() first."
                )
            }
        }
    }

    // MARK: Work from any thread

    /// Queues work for the Python thread, starting it with the default configuration if need be.
    static func submit(_ work: Work) {
        let (mustStart, mustWake, wakeUp) = state.withLock { state in
            state.work.append(work)
            hasWork.store(true, ordering: .releasing)
            let mustWake = !state.isSignalled && !state.isWatched
            if mustWake { state.isSignalled = true }
            guard case .idle = state.phase else { return (false, mustWake, state.wakeUp) }
            begin(&state)
            return (true, mustWake, state.wakeUp)
        }
        if mustWake { wake(wakeUp) }
        if mustStart { InterpreterThread.start() }
    }

    private static func begin(_ state: inout State) {
        do {
            state.wakeUp = try WakeUp()
            state.phase = .starting
        } catch {
            state.phase = .ended(error)
        }
    }

    private static func wake(_ wakeUp: WakeUp?) {
        if let wakeUp { wakeUp.signal() } else { fallback.signal() }
    }

    /// What wakes the Python thread; nil before it exists, and if there was no descriptor for it.
    static var wakeUp: WakeUp? { state.withLock { $0.wakeUp } }

    /// Blocks the Python thread until there may be work, or a signal was handled.
    ///
    /// - Returns: Whether the thread has slept, and what woke it is still in the pipe.
    static func waitForWork() -> Bool {
        if comesSoon() { return false }
        if let wakeUp { wakeUp.wait() } else { fallback.wait() }
        return true
    }

    /// Waits for work without sleep, so that nobody has to wake the thread.
    private static func comesSoon() -> Bool {
        let mustWait = state.withLock { state in
            // What is in the pipe has to be read, and a signal handler may have written it.
            state.isWatched = state.work.isEmpty && !state.isSignalled
            return state.isWatched
        }
        guard mustWait else { return false }
        _ = BriefWait.wait { hasWork.load(ordering: .acquiring) }
        return state.withLock { state in
            state.isWatched = false
            return !state.work.isEmpty
        }
    }

    /// Takes the queued work; more may arrive at once.
    ///
    /// - `isWoken`: Whether something is in the pipe.
    static func takeWork(isWoken: Bool = true) -> [Work] {
        state.withLock { state in
            if isWoken || state.isSignalled { state.wakeUp?.clear() }
            state.isSignalled = false
            hasWork.store(false, ordering: .relaxed)
            let work = state.work
            state.work = []
            return work
        }
    }

    /// Puts back what a bounded batch left over, in front.
    static func putBack(_ rest: ArraySlice<Work>) {
        let (mustWake, wakeUp) = state.withLock { state in
            state.work.insert(contentsOf: rest, at: 0)
            hasWork.store(true, ordering: .releasing)
            defer { state.isSignalled = true }
            return (!state.isSignalled, state.wakeUp)
        }
        if mustWake { wake(wakeUp) }
    }

    // MARK: Start and end

    /// Begins to start Python, unless that has been done.
    static func begin(_ configuration: PythonConfiguration) throws {
        let mustStart = try state.withLock { state in
            switch state.phase {
            case .idle:
                state.configuration = configuration
                begin(&state)
                return true
            case .starting, .running:
                guard state.configuration ?? PythonConfiguration() == configuration else {
                    throw AmaruError(
                        .alreadyStarted,
                        """
                        Python was already started with another configuration, perhaps by the \
                        first use of PythonActor: call Python.start(_:) before anything else.
                        """
                    )
                }
                return false
            case .ended(let error):
                throw error
            }
        }
        if mustStart { InterpreterThread.start() }
    }

    /// Starts Python and waits until it runs.
    static func start(_ configuration: PythonConfiguration) async throws {
        try begin(configuration)
        try await withCheckedThrowingContinuation { continuation in
            let result: Result<Void, any Error>? = state.withLock { state in
                switch state.phase {
                case .idle, .starting:
                    state.startWaiters.append(continuation)
                    return nil
                case .running:
                    return .success(())
                case .ended(let error):
                    return .failure(error)
                }
            }
            if let result { continuation.resume(with: result) }
        }
    }

    static var configuration: PythonConfiguration {
        state.withLock { $0.configuration ?? PythonConfiguration() }
    }

    /// Refuses to wait for the Python thread after the end, which may have given it up.
    static func refuseAfterEnd() throws {
        if hasEnded { throw notRunning() }
    }

    /// Whether the start has failed, or Python was shut down.
    static var hasEnded: Bool {
        state.withLock { state in
            if case .ended = state.phase { return true }
            return false
        }
    }

    /// Says whether Python has started and not ended, from any thread.
    static var isRunning: Bool {
        state.withLock { state in
            if case .running = state.phase { return true }
            return false
        }
    }

    // MARK: From the Python thread

    static func adoptThread() {
        thread = pthread_self()
        amaru_set_isolated(1)
    }

    static func didStart() {
        amaru_set_attached(1)
        amaru_set_enterable(1)
        resumeStartWaiters(phase: .running, with: .success(()))
    }

    static func didFail(_ error: AmaruError) {
        resumeStartWaiters(phase: .ended(error), with: .failure(error))
    }

    /// Lets nobody in any more; what is queued runs, and finds that out.
    static func didEnd() {
        amaru_set_enterable(0)
        let error = AmaruError(.notRunning, "Python was shut down; it cannot be started again.")
        resumeStartWaiters(phase: .ended(error), with: .failure(error))
    }

    private static func resumeStartWaiters(phase: Phase, with result: Result<Void, any Error>) {
        let waiters = state.withLock { state in
            state.phase = phase
            defer { state.startWaiters = [] }
            return state.startWaiters
        }
        for waiter in waiters { waiter.resume(with: result) }
    }

    /// Sends a signal to the Python thread.
    static func signalThread(_ signal: Int32) {
        if let thread { pthread_kill(thread, signal) }
    }
}
