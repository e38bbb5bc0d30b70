// What a Ctrl-C is for.
// SPDX-License-Identifier: Apache-2.0

/// What a Ctrl-C does, by what the program is doing: a state machine without signals.
struct InterruptState {
    /// What the program does when an interrupt comes; it gets the interrupt's number.
    typealias Handler = @Sendable (Int) -> Void

    private var handler: Handler?
    private var count = 0

    /// A Ctrl-C came; returns what to do.
    ///
    /// One that comes while nothing handles it counts for what begins next.
    mutating func interrupted() -> (Handler, Int)? {
        count += 1
        return handler.map { ($0, count) }
    }

    /// Something begins that an interrupt ends; returns what to do if one has come already.
    mutating func begin(_ handler: @escaping Handler) -> (Handler, Int)? {
        self.handler = handler
        return count > 0 ? (handler, count) : nil
    }

    mutating func end() { self = InterruptState() }
}
