// Interrupts that reach the call they are meant for and no other.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// The identity of one synchronous stretch of Python code.
struct CallID: Sendable, Hashable {
    private let number: UInt64
    private static let last = Lock<UInt64>(0)

    static func next() -> CallID {
        let number = last.withLock { last in
            last += 1
            return last
        }
        return CallID(number: number)
    }
}

/// Delivers KeyboardInterrupt to one call.
///
/// CPython knows one interrupt flag for the whole process, and looks at it at the next chance:
/// without more, an interrupt that comes a moment too late strikes whatever runs next. So each
/// carries the identity of its call, and the signal handler drops it where that call is over.
enum Interrupts {
    private enum Target: Equatable {
        case call(CallID)
        /// Whatever step of a task the event loop is in.
        case step
    }

    /// What an interrupt that was just noticed is for; the numbers are the runtime's.
    enum Claim: Int {
        case nothing = 0
        case call = 1
        case step = 2
    }

    private struct State {
        var active: [CallID] = []
        var pending: Target?
    }

    private static let state = Lock(State())

    /// Runs `body` as the call `id`.
    ///
    /// On another thread than Python's it only runs `body`: interrupts do not reach it there, and
    /// the calls of two threads do not end in the order of one stack.
    static func within<Value>(_ id: CallID, _ body: () throws -> Value) rethrows -> Value {
        guard Interpreter.isPythonThread else { return try body() }
        state.withLock { $0.active.append(id) }
        defer {
            state.withLock { state in
                state.active.removeLast()
                if state.pending == .call(id) { state.pending = nil }
            }
        }
        return try body()
    }

    /// The innermost call that is running.
    static var current: CallID? { state.withLock { $0.active.last } }

    static func isActive(_ id: CallID) -> Bool { state.withLock { $0.active.contains(id) } }

    /// Interrupts a call if it is running; from any thread.
    static func interrupt(_ id: CallID) {
        let isActive = state.withLock { state in
            guard state.active.contains(id) else { return false }
            state.pending = .call(id)
            return true
        }
        if isActive { notify() }
    }

    /// Makes the Python thread look at the interrupt, also out of a system call.
    ///
    /// The flag is set by the handler of a signal sent to that thread: on POSIX systems
    /// `PyErr_SetInterrupt` stops running bytecode only when Python's main thread calls it.
    private static func notify() {
        Interpreter.signalThread(SIGURG)
    }

    /// Interrupts the innermost call that is running, else the step that the event loop is in.
    static func interruptCurrent() {
        guard Interpreter.isRunning else { return }
        state.withLock { state in
            state.pending = state.active.last.map(Target.call) ?? .step
        }
        notify()
    }

    /// Says what the interrupt that was just noticed is for, and takes it.
    static func claim() -> Claim {
        state.withLock { state in
            switch state.pending {
            case .call(let id) where state.active.contains(id):
                state.pending = nil
                return .call
            case .step:
                state.pending = nil
                return .step
            case .call, nil:
                return .nothing
            }
        }
    }

    /// What SIGURG did before.
    ///
    /// Safe because it is written once, before the handler that reads it is installed.
    private nonisolated(unsafe) static var previousAction = sigaction()

    /// Makes SIGURG set Python's interrupt flag; a handler that the program has is called too.
    static func prepareSignals() {
        sigaction(SIGURG, nil, &previousAction)
        var action = sigaction()
        let handler: @convention(c) (Int32) -> Void = { signal in
            // Both are safe in a signal handler:
            // https://docs.python.org/3/c-api/exceptions.html#c.PyErr_SetInterrupt
            PyErr_SetInterrupt()
            Interrupts.callPrevious(signal)
        }
        #if canImport(Glibc)
            action.__sigaction_handler.sa_handler = handler
        #else
            action.__sigaction_u.__sa_handler = handler
        #endif
        // Without SA_RESTART, or a system call would go on.
        action.sa_flags = 0
        sigaction(SIGURG, &action, nil)
    }

    /// Ignores the signals of a broken pipe and of a full file, unless the program handles them.
    ///
    /// As `python` does, where Python code gets an OSError for each: here it would end the program.
    /// https://docs.python.org/3/library/signal.html#signal.SIGPIPE
    static func ignoreWriteSignals() {
        for signal in [SIGPIPE, SIGXFSZ] {
            var action = sigaction()
            sigaction(signal, nil, &action)
            #if canImport(Glibc)
                let isDefault = unsafeBitCast(action.__sigaction_handler, to: Int.self) == 0
            #else
                let isDefault = unsafeBitCast(action.__sigaction_u, to: Int.self) == 0
            #endif
            if isDefault { _ = PyOS_setsig(signal, SIG_IGN) }
        }
    }

    private static func callPrevious(_ signal: Int32) {
        guard previousAction.sa_flags & Int32(SA_SIGINFO) == 0 else { return }
        #if canImport(Glibc)
            let handler = previousAction.__sigaction_handler.sa_handler
        #else
            let handler = previousAction.__sigaction_u.__sa_handler
        #endif
        // SIG_DFL is nil and SIG_IGN is 1; SIGURG's default is to be ignored.
        if let handler, unsafeBitCast(handler, to: Int.self) != 1 { handler(signal) }
    }

    /// Runs `body`, which sets Python's SIGINT handler, and gives the signal back to the program.
    static func keepingSIGINT<Value: ~Copyable>(_ body: () throws -> Value) rethrows -> Value {
        var action = sigaction()
        sigaction(SIGINT, nil, &action)
        defer { sigaction(SIGINT, &action, nil) }
        return try body()
    }
}
