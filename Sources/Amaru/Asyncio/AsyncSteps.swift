// The steps of one Swift iteration, each taken by a task of its own.
// SPDX-License-Identifier: Apache-2.0

/// A Swift iterator that tasks advance one after the other.
final class AsyncSteps<Base: AsyncSequence & Sendable>: @unchecked Sendable
where Base.Element: Sendable {
    private enum Stage {
        case idle
        case stepping
        /// Stopped during a step, which then drops the iterator.
        case stopping
        case stopped
    }

    private let stage = Lock(Stage.idle)
    /// Safe because only who moved `stage` out of `idle` touches it, until it moves it back.
    private var iterator: Base.AsyncIterator?

    init(_ base: Base) {
        iterator = base.makeAsyncIterator()
    }

    /// Advances; nil at the end, and after ``stop()``.
    func next() async throws -> Base.Element? {
        let mayStep = stage.withLock { stage in
            guard stage == .idle else { return false }
            stage = .stepping
            return true
        }
        guard mayStep else { return nil }
        defer { endStep() }
        return try await iterator?.next(isolation: nil)
    }

    private func endStep() {
        let isStopped = stage.withLock { stage in
            defer { stage = stage == .stopping ? .stopped : .idle }
            return stage == .stopping
        }
        if isStopped { iterator = nil }
    }

    /// Lets go of the iterator, which ends its source.
    func stop() {
        let mayDrop = stage.withLock { stage in
            let isIdle = stage == .idle
            stage = isIdle || stage == .stopped ? .stopped : .stopping
            return isIdle
        }
        if mayDrop { iterator = nil }
    }
}
