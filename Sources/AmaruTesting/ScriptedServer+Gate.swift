// A door that a test opens.
// SPDX-License-Identifier: Apache-2.0

import AmaruHTTP
import NIOConcurrencyHelpers

/// A door that is closed until it is opened, once and for all.
///
/// What a test uses in place of a pause: the server waits at the gate, the test looks at what
/// happened so far, and opens it.
///
/// ```swift
/// let gate = Gate()
/// let server = ScriptedServer([.chunks(["first"], then: gate, ["second"])])
/// ```
public final class Gate: Sendable {
    private struct State {
        var isOpen = false
        var lastID = 0
        var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
    }

    private let state = NIOLockedValueBox(State())

    /// Makes a closed gate.
    public init() {}

    /// Lets through all that wait and all that come later.
    public func open() {
        let waiters = state.withLockedValue { state in
            state.isOpen = true
            defer { state.waiters = [:] }
            return state.waiters.values
        }
        for waiter in waiters { waiter.resume(returning: true) }
    }

    /// Returns when the gate is open.
    ///
    /// - Throws: `CancellationError` if the task is cancelled before.
    public func wait() async throws {
        let id = state.withLockedValue { state in
            state.lastID += 1
            return state.lastID
        }
        let isOpen = await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let answer: Bool? = state.withLockedValue { state in
                    if state.isOpen { return true }
                    if Task.isCancelled { return false }
                    state.waiters[id] = waiter
                    return nil
                }
                if let answer { waiter.resume(returning: answer) }
            }
        } onCancel: {
            let waiter = state.withLockedValue { $0.waiters.removeValue(forKey: id) }
            waiter?.resume(returning: false)
        }
        if !isOpen { throw CancellationError() }
    }
}
