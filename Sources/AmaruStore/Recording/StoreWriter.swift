// The store on threads of its own: nobody waits for the disk who does not want to.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruEnvironment

/// Performs jobs on a store, one after another, and opens it for the first one.
///
/// The first failure is reported once; from then on nothing is written, so that what is in the
/// file stays as it is.
package final class StoreWriter: Sendable {
    package typealias Job = @Sendable (ConversationStore) throws(StoreError) -> Void

    private struct State {
        var jobs: [(job: Job, done: AsyncValue<Void>)] = []
        var isRunning = false
        var isUsed = false
        var failure: StoreError?
        var isFailureReported = false
    }

    /// The connection, which one thread at a time uses.
    private final class Connection: @unchecked Sendable {
        // Safe because only the thread that performs jobs touches it, and there is one at most.
        var store: ConversationStore?
    }

    private let path: String
    private let state = Lock(State())
    private let connection = Connection()

    /// Makes a writer; the file is not touched yet.
    package init(path: String) {
        self.path = path
    }

    /// What made the writer give up, the first time that it is asked for.
    package func takeFailure() -> StoreError? {
        state.withLock { state in
            guard let failure = state.failure, !state.isFailureReported else { return nil }
            state.isFailureReported = true
            return failure
        }
    }

    /// Whether nothing is written any more.
    package var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Adds a job; returns what is set when it has been performed or given up.
    @discardableResult
    package func add(_ job: @escaping Job) -> AsyncValue<Void> {
        let done = AsyncValue<Void>()
        let mustStart = state.withLock { state in
            guard state.failure == nil else {
                done.set(())
                return false
            }
            state.jobs.append((job, done))
            state.isUsed = true
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return done }
        do {
            try startThread("amaru-store") { [self] in performAll() }
        } catch {
            let detail = "\(error)"
            fail(with: StoreError(code: .other, number: 0, path: path, detail: detail))
            state.withLock { $0.isRunning = false }
        }
        return done
    }

    /// Asks the store something, after what is to be written before.
    ///
    /// - Returns: Nil if nothing is written any more, or the store cannot be read.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (ConversationStore) throws(StoreError) -> Value
    ) async -> Value? {
        let found = Lock<Value?>(nil)
        let done = add { store throws(StoreError) in
            // What cannot be read says nothing of what can be written.
            let value = try? body(store)
            found.withLock { $0 = value }
        }
        _ = await done.waitRegardlessOfCancellation()
        return found.withLock { $0 }
    }

    private func performAll() {
        while let (job, done) = next() {
            do {
                let store = try connection.store ?? ConversationStore(creating: path)
                connection.store = store
                try job(store)
            } catch let error as StoreError {
                fail(with: error)
            } catch {
                preconditionFailure("a job throws errors of the store only")
            }
            done.set(())
        }
    }

    private func next() -> (Job, AsyncValue<Void>)? {
        state.withLock { state in
            guard !state.jobs.isEmpty else {
                state.isRunning = false
                return nil
            }
            let (job, done) = state.jobs.removeFirst()
            return (job, done)
        }
    }

    private func fail(with error: StoreError) {
        let dropped = state.withLock { state in
            state.failure = state.failure ?? error
            defer { state.jobs = [] }
            return state.jobs
        }
        for (_, done) in dropped { done.set(()) }
    }

    /// Waits for those that still add jobs, and until all jobs are done, at most this long.
    ///
    /// The file is not closed: to write its journal back takes a while, which the next process that
    /// closes it, or a later turn, can do as well.
    package func finish(behind others: Task<Void, Never>? = nil, within limit: Duration) async {
        guard state.withLock({ $0.isUsed }) else { return }
        let done = AsyncValue<Void>()
        Task { [self] in
            await others?.value
            // Not before: a turn whose writer holds no lock counts as cut off.
            try? await add { store in store.resign() }.wait()
            done.set(())
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask { try? await done.wait() }
            group.addTask { try? await Task.sleep(for: limit) }
            await group.next()
            group.cancelAll()
        }
    }
}
