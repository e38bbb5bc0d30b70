// Brings results to event loops other than the home loop, without the GIL.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython

/// Where Swift leaves what an event loop is to do: the loop watches a pipe, and empties it.
///
/// A loop gets one with the first result that it waits for. It is the loop's as long as the loop
/// holds the callback: until `close()`, or until the loop itself is collected.
final class LoopMailbox: Sendable {
    /// What is to be done on the loop's thread with the GIL held, or given up if the loop has ended.
    struct Letter: Sendable {
        let deliver: @Sendable () throws -> Void
        let giveUp: @Sendable () -> Void
    }

    /// Closed when the last of its users lets go of it.
    private final class Pipe: Sendable {
        let wakeUp: WakeUp

        init() throws { wakeUp = try WakeUp() }

        deinit { wakeUp.close() }
    }

    private struct State {
        var letters: [Letter] = []
        /// What cancels the work of those that wait for a letter.
        var waiting: [ObjectIdentifier: @Sendable () -> Void] = [:]
        /// What the loop watches; nil after its end.
        var pipe: Pipe?
        /// Whether the pipe has been written to since it was emptied.
        var isSignalled = false
    }

    private static let all = Lock<[UInt: LoopMailbox]>([:])

    private let state: Lock<State>

    private init(_ pipe: Pipe) {
        state = Lock(State(pipe: pipe))
    }

    /// The mailbox of a loop (borrowed) that runs on this thread; nil where it watches no files.
    static func of(_ loop: PyPointer) throws -> LoopMailbox? {
        let address = UInt(bitPattern: loop)
        if let known = all.withLock({ $0[address] }) { return known }
        let pipe = try Pipe()
        let mailbox = LoopMailbox(pipe)
        let owner = Owner(mailbox, address)
        let callback = try NativeFunction.make("deliver") { _, _, _ in
            try owner.mailbox.deliver(pipe)
            return OwnedReference(borrowed: amaru_none())
        }
        let descriptor = Int(pipe.wakeUp.readEnd)
        let loop = PythonObject(OwnedReference(borrowed: loop))
        let isWatched = try Runtime.call(
            .futures,
            "watch",
            [loop, descriptor, callback],
            PythonGIL()
        )
        guard isWatched.pointer == amaru_true() else { return nil }
        all.withLock { $0[address] = mailbox }
        return mailbox
    }

    /// Held by the loop's callback alone.
    private final class Owner: Sendable {
        let mailbox: LoopMailbox
        private let address: UInt

        init(_ mailbox: LoopMailbox, _ address: UInt) {
            self.mailbox = mailbox
            self.address = address
        }

        deinit {
            LoopMailbox.all.withLock { all in
                if all[address] === mailbox { all[address] = nil }
            }
            mailbox.close()
        }
    }

    /// Notes who waits: a loop that ends cancels their work, and keeps neither it nor them alive.
    func expect(_ awaitable: SwiftAwaitable, cancel: @escaping @Sendable () -> Void) {
        state.withLock { $0.waiting[ObjectIdentifier(awaitable)] = cancel }
    }

    /// Nothing will come for it.
    func forget(_ awaitable: SwiftAwaitable) {
        state.withLock { _ = $0.waiting.removeValue(forKey: ObjectIdentifier(awaitable)) }
    }

    /// Leaves a letter for one that waits, on any thread.
    func post(_ letter: Letter, for awaitable: SwiftAwaitable) {
        let (pipe, mustWake) = state.withLock { state in
            state.waiting[ObjectIdentifier(awaitable)] = nil
            guard let pipe = state.pipe else { return (nil, false) as (Pipe?, Bool) }
            state.letters.append(letter)
            defer { state.isSignalled = true }
            return (pipe, !state.isSignalled)
        }
        guard let pipe else { return letter.giveUp() }
        if mustWake { pipe.wakeUp.signal() }
    }

    /// Delivers what is there; of several errors the first is thrown, when all is done.
    private func deliver(_ pipe: Pipe) throws {
        pipe.wakeUp.clear()
        let letters = state.withLock { state in
            state.isSignalled = false
            defer { state.letters = [] }
            return state.letters
        }
        var failure: (any Error)?
        for letter in letters {
            do { try letter.deliver() } catch { failure = failure ?? error }
        }
        if let failure { throw failure }
    }

    private func close() {
        let (letters, waiting) = state.withLock { state in
            state.pipe = nil
            defer { (state.letters, state.waiting) = ([], [:]) }
            return (state.letters, state.waiting)
        }
        for letter in letters { letter.giveUp() }
        for cancel in waiting.values { cancel() }
    }
}
