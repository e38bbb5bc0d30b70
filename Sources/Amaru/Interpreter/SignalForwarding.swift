// Brings the signals that Python code handles to the Python thread.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A handler in front of CPython's own.
///
/// The system gives a signal of the process to any of its threads. CPython's handler sets a flag
/// there, and nothing more: a Python thread that waits in a system call, or for a lock, would not
/// look at it until that is over. Under `python` it is the only thread, and is woken.
enum SignalForwarding {
    typealias Handler = @convention(c) (Int32) -> Void

    private static let bound: Int32 = 128

    /// CPython's handlers, by signal.
    ///
    /// Safe because a place is written before the handler that reads it is installed. Memory of its
    /// own, since a handler may interrupt Swift's bookkeeping of a variable.
    private nonisolated(unsafe) static let handlers = {
        let memory = UnsafeMutablePointer<Handler?>.allocate(capacity: Int(bound))
        memory.initialize(repeating: nil, count: Int(bound))
        return memory
    }()

    /// The Python thread.
    ///
    /// Safe because it is written before any handler is installed, and in a forked child, by its
    /// only thread.
    private nonisolated(unsafe) static let home = {
        let memory = UnsafeMutablePointer<pthread_t>.allocate(capacity: 1)
        memory.initialize(to: pthread_self())
        return memory
    }()

    /// Makes the calling thread the one that signals are brought to.
    static func adoptThread() {
        home.pointee = pthread_self()
    }

    /// Puts the forwarding in front of the handler that CPython has just installed for a signal.
    static func adopt(_ signal: Int32) {
        guard signal > 0, signal < bound else { return }
        var action = sigaction()
        sigaction(signal, nil, &action)
        guard action.sa_flags & Int32(SA_SIGINFO) == 0, let handler = action.handler,
            address(handler) > 1, address(handler) != address(forward)
        else { return }
        handlers[Int(signal)] = handler
        action.handler = forward
        sigaction(signal, &action, nil)
    }

    /// The handler, which does what signal-safety(7) allows and nothing else.
    private static let forward: Handler = { signal in
        if pthread_equal(home.pointee, pthread_self()) != 0 {
            handlers[Int(signal)]?(signal)
        } else {
            pthread_kill(home.pointee, signal)
        }
    }

    /// SIG_DFL is 0 and SIG_IGN 1.
    private static func address(_ handler: Handler) -> Int {
        unsafeBitCast(handler, to: Int.self)
    }
}

extension sigaction {
    fileprivate var handler: SignalForwarding.Handler? {
        get {
            #if canImport(Glibc)
                __sigaction_handler.sa_handler
            #else
                __sigaction_u.__sa_handler
            #endif
        }
        set {
            #if canImport(Glibc)
                __sigaction_handler.sa_handler = newValue
            #else
                __sigaction_u.__sa_handler = newValue
            #endif
        }
    }
}
