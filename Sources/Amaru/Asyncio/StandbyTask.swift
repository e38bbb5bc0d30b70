// A Swift task that stays for the next body after one that did not suspend.
// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// A task that runs one body after another at once, as long as none of them suspends.
///
/// Making a task costs as much as everything else that awaiting a Swift function takes. A body that
/// suspends keeps the task for itself, as if it had been made for that body, and the next start
/// makes another one. Only for bodies that inherit nothing: the task has no task-locals.
///
/// The task parks by hopping to this actor, whose executor keeps the job instead of running it.
actor StandbyTask: SerialExecutor {
    /// What the task does next.
    private struct Body: Sendable {
        let work: SwiftAwaitable.Work
        let awaitable: SwiftAwaitable
    }

    private enum Stage: UInt8, AtomicRepresentable {
        /// In a body, and the call that started it has not returned.
        case starting
        case parked
        /// In a body that suspended: the task ends with it.
        case keptByBody
    }

    private nonisolated let stage = Atomic(Stage.starting)
    /// Safe because it is written before the task counts as parked, and read by who resumes it.
    private nonisolated(unsafe) var job: UnownedJob?
    /// Safe because it is written while the task is parked, and taken when it is resumed.
    private nonisolated(unsafe) var body: Body?
    /// Safe because it is written once, before the task is parked for the first time.
    private nonisolated(unsafe) var task: Task<Void, Never>?

    /// The parked task, if there is one.
    ///
    /// Safe because it is touched on the Python thread only.
    private nonisolated(unsafe) static var spare: StandbyTask?

    /// Runs `work` on this thread, the Python thread, until it ends or suspends.
    ///
    /// - Returns: The task that goes on with it; nil if it has ended.
    static func start(
        _ work: @escaping SwiftAwaitable.Work,
        _ awaitable: SwiftAwaitable
    ) -> Task<Void, Never>? {
        let standby = spare ?? make()
        spare = nil
        standby.body = Body(work: work, awaitable: awaitable)
        repeat {
            standby.stage.store(.starting, ordering: .relaxed)
            standby.resume()
            let stage = standby.stage.exchange(.keptByBody, ordering: .acquiringAndReleasing)
            guard stage == .parked else { return standby.task }
            // A new task parks once more where it enters its actor, before it takes a body.
        } while standby.body != nil
        if standby.task?.isCancelled == true {
            // The body has cancelled its own task, which is no use to another.
            standby.resume()
        } else {
            spare = standby
        }
        return nil
    }

    private static func make() -> StandbyTask {
        let standby = StandbyTask()
        standby.assumeIsolated { $0.open() }
        return standby
    }

    /// Runs the parked task on this thread until it is parked again or suspends.
    private nonisolated func resume() {
        // Safe because the reference of the executor without identity, which is the pool's, is two
        // zeros: https://github.com/swiftlang/swift/blob/main/include/swift/ABI/Executor.h
        // There a body that is not isolated runs, so that it begins without a hop.
        let pool = unsafeBitCast((0, 0), to: UnownedSerialExecutor.self)
        job?.runSynchronously(on: pool)
    }

    /// Makes the task, which is parked from its beginning.
    private func open() {
        task = Task {
            while let body = body.take() { await body.work(body.awaitable) }
        }
    }

    // MARK: SerialExecutor

    nonisolated var unownedExecutor: UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    nonisolated func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        self.job = job
        let isParked = stage.compareExchange(
            expected: .starting,
            desired: .parked,
            ordering: .releasing
        ).exchanged
        // Finds no body, and ends.
        if !isParked { globalConcurrentExecutor.enqueue(job) }
    }

    /// The task is made on whatever thread starts the first body, and resumed on any.
    nonisolated func checkIsolated() {}
}
