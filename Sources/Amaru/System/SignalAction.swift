// What a process does with a signal, the same on Linux and Darwin.
// SPDX-License-Identifier: Apache-2.0

// CPython's headers include the C library's, whose types Swift may therefore attribute to them.
internal import CAmaruPython

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A signal handler, which may do only what signal-safety(7) allows.
package typealias SignalHandler = @convention(c) (Int32) -> Void

/// What a process does with a signal.
///
/// Handlers only, never "ignore": an ignored signal stays ignored in every program that this one
/// starts, a handler does not.
package struct SignalAction {
    private var action = sigaction()

    /// Whether a system call goes on after the handler has run, or fails with `EINTR`.
    package enum SystemCalls {
        case restarted
        case interrupted
    }

    /// A handler.
    ///
    /// - `blocking`: The signals that are held back while it runs.
    package init(
        _ handler: @escaping SignalHandler,
        blocking: [Int32] = [],
        systemCalls: SystemCalls = .restarted
    ) {
        action.sa_flags = systemCalls == .restarted ? Int32(SA_RESTART) : 0
        sigemptyset(&action.sa_mask)
        for signal in blocking { sigaddset(&action.sa_mask, signal) }
        self.handler = handler
    }

    /// The default.
    package init() {
        sigemptyset(&action.sa_mask)
    }

    /// What the process does now.
    package init(current signal: Int32) {
        sigaction(signal, nil, &action)
    }

    /// Makes this the process's action and returns the former one.
    @discardableResult
    package func install(for signal: Int32) -> SignalAction {
        var former = SignalAction()
        withUnsafePointer(to: action) { _ = sigaction(signal, $0, &former.action) }
        return former
    }

    /// The handler's address; 0 for the default, 1 for a signal that is ignored.
    package var address: UInt { unsafeBitCast(rawHandler, to: UInt.self) }

    /// The handler; nil for the default, for an ignored signal, and for a handler of three arguments.
    package var handler: SignalHandler? {
        get { action.sa_flags & Int32(SA_SIGINFO) == 0 && address > 1 ? rawHandler : nil }
        set { rawHandler = newValue }
    }

    private var rawHandler: SignalHandler? {
        get {
            #if canImport(Glibc)
                action.__sigaction_handler.sa_handler
            #else
                action.__sigaction_u.__sa_handler
            #endif
        }
        set {
            #if canImport(Glibc)
                action.__sigaction_handler.sa_handler = newValue
            #else
                action.__sigaction_u.__sa_handler = newValue
            #endif
        }
    }
}
