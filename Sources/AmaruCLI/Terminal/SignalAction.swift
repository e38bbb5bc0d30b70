// Signal dispositions, the same on Linux and Darwin.
// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

typealias SignalHandler = @convention(c) (Int32) -> Void

/// What a process does with a signal.
///
/// Handlers only, never "ignore": an ignored signal stays ignored in every program that this one
/// starts, a handler does not.
struct SignalAction {
    var action = sigaction()

    /// A handler; interrupted system calls are resumed.
    ///
    /// - Parameter blocking: signals kept away while it runs.
    init(_ handler: @escaping SignalHandler, blocking: [Int32] = []) {
        #if canImport(Glibc)
            action.__sigaction_handler.sa_handler = handler
        #else
            action.__sigaction_u.__sa_handler = handler
        #endif
        action.sa_flags = Int32(SA_RESTART)
        sigemptyset(&action.sa_mask)
        for signal in blocking { sigaddset(&action.sa_mask, signal) }
    }

    /// The default.
    init() {
        sigemptyset(&action.sa_mask)
    }

    /// What the process does now.
    init(current signal: Int32) {
        sigaction(signal, nil, &action)
    }

    /// Makes this the process' action and returns the former one.
    @discardableResult
    func install(for signal: Int32) -> SignalAction {
        var former = SignalAction()
        withUnsafePointer(to: action) { _ = sigaction(signal, $0, &former.action) }
        return former
    }

    /// The handler's address; 0 for the default.
    var address: UInt {
        #if canImport(Glibc)
            unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
        #else
            unsafeBitCast(action.__sigaction_u.__sa_handler, to: UInt.self)
        #endif
    }
}
