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

    /// Runs `body` as the call `id`, on the Python thread.
    static func within<Value>(_ id: CallID, _ body: () throws -> Value) rethrows -> Value {
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

    private static func notify() {
        // https://docs.python.org/3/c-api/exceptions.html#c.PyErr_SetInterrupt: needs no GIL. It
        // only sets a flag; the signal gets the thread out of a system call to look at it.
        PyErr_SetInterrupt()
        Interpreter.wakeBlockedCall()
    }

    /// Interrupts the innermost call that is running, else the step that the event loop is in.
    static func interruptCurrent() {
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

    /// Makes SIGURG interrupt system calls, unless the program has a handler of its own.
    static func prepareSignals() {
        var current = sigaction()
        sigaction(SIGURG, nil, &current)
        #if canImport(Glibc)
            let handler = current.__sigaction_handler.sa_handler
        #else
            let handler = current.__sigaction_u.__sa_handler
        #endif
        guard handler == nil else { return }
        var action = sigaction()
        #if canImport(Glibc)
            action.__sigaction_handler.sa_handler = { _ in }
        #else
            action.__sigaction_u.__sa_handler = { _ in }
        #endif
        // Without SA_RESTART, or the system call would go on.
        action.sa_flags = 0
        sigaction(SIGURG, &action, nil)
    }

    /// Runs `body`, which sets Python's SIGINT handler, and gives the signal back to the program.
    static func keepingSIGINT<Value: ~Copyable>(_ body: () throws -> Value) rethrows -> Value {
        var action = sigaction()
        sigaction(SIGINT, nil, &action)
        defer { sigaction(SIGINT, &action, nil) }
        return try body()
    }
}
