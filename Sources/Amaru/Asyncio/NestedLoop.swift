// Refuses what would deadlock while an event loop runs inside another.
// SPDX-License-Identifier: Apache-2.0

/// The case of `asyncio.run` inside synchronous code on the Python thread.
///
/// The home loop is then blocked, and with it the Python actor. A Swift function that the nested
/// loop awaits, and that needs the actor, would wait for ever: it gets an error instead.
enum NestedLoop {
    /// Where a Swift task was started, if it was from a nested loop.
    struct Origin: Sendable {
        let awaitable: SwiftAwaitable
        private let call: CallID?

        /// Notes the synchronous region that the loop is nested in; nil on a foreign thread, whose
        /// loop blocks nobody.
        init?(_ awaitable: SwiftAwaitable) {
            guard Interpreter.isPythonThread else { return nil }
            self.awaitable = awaitable
            call = Interrupts.current
        }

        var isBlocking: Bool {
            guard let call else { return true }
            return Interrupts.isActive(call)
        }
    }

    @TaskLocal static var origin: Origin?

    private static var error: AmaruError {
        AmaruError(
            .actorBusy,
            """
            This Swift function needs the Python actor, which is busy: it was awaited in an event \
            loop that runs inside synchronous code on the Python thread, such as asyncio.run(). \
            Await it in the main event loop, with top-level await.
            """
        )
    }

    /// Throws where entering the actor would wait for ever.
    static func refuseEntry() throws {
        if let origin, origin.isBlocking { throw error }
    }

    /// The tasks that were started from nested loops, by the address that their jobs have too.
    private static let tasks = Lock<[UInt: Origin]>([:])

    /// Runs the body of a task that a nested loop awaits.
    static func run<Value>(
        from origin: Origin?,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let origin else { return try await body() }
        let task = withUnsafeCurrentTask { task in
            // Safe because the struct is one pointer, to the task's object.
            task.map { unsafeBitCast($0, to: UInt.self) } ?? 0
        }
        tasks.withLock { $0[task] = origin }
        defer { tasks.withLock { $0[task] = nil } }
        return try await $origin.withValue(origin) { try await body() }
    }

    /// Fails the awaitable whose task hops to the actor; the hop itself cannot fail.
    ///
    /// The runtime enqueues a job without a current task, so its task locals cannot be read.
    static func refuseHop(of job: UnownedJob) {
        // Safe because the struct is one pointer, to the same object for a task's job.
        let task = unsafeBitCast(job, to: UInt.self)
        guard let origin = tasks.withLock({ $0[task] }), origin.isBlocking else { return }
        origin.awaitable.fail(error)
    }
}
