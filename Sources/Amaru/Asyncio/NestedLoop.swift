// Refuses what would wait for the Python thread while that waits for it.
// SPDX-License-Identifier: Apache-2.0

/// Swift work that Python code waits for, without serving the Python actor meanwhile.
///
/// In a loop that runs inside synchronous code on the Python thread, such as that of `asyncio.run`,
/// and in a blocking function called there, work that needs the actor would wait forever: it gets
/// an error instead. For another thread the Python thread may be waiting or not, which nothing
/// tells: work that such a thread waits for gets the error after a while.
package enum NestedLoop {
    /// How a Swift task was started.
    struct Origin: Sendable {
        private enum Waiting {
            /// The Python thread, as long as the call runs; forever without one.
            case pythonThread(CallID?)
            case otherThread
        }

        private let waiting: Waiting
        /// Gives the work up with an error, and cancels it.
        let fail: @Sendable (any Error) -> Void

        /// Notes the synchronous region that this thread's loop is nested in.
        init(fail: @escaping @Sendable (any Error) -> Void) {
            self.init(blocking: Interrupts.current, fail: fail)
        }

        /// Notes the call that blocks this thread.
        init(blocking call: CallID?, fail: @escaping @Sendable (any Error) -> Void) {
            waiting = Interpreter.isPythonThread ? .pythonThread(call) : .otherThread
            self.fail = fail
        }

        /// Whether the Python thread waits for the work.
        var isBlocking: Bool {
            switch waiting {
            case .pythonThread(let call): call.map(Interrupts.isActive) ?? true
            case .otherThread: false
            }
        }

        /// Whether the Python thread may wait for the work.
        var mayBeBlocking: Bool {
            if case .otherThread = waiting { return true }
            return isBlocking
        }
    }

    @TaskLocal static var origin: Origin?

    /// How long work that another thread waits for may wait for the Python thread.
    package static let patience = Lock(Duration.seconds(2))

    private static let error = AmaruError(
        .actorBusy,
        """
        This Swift function needs the Python actor, whose Python thread waits for it: the function \
        blocks, or was awaited in an event loop that runs inside synchronous code, such as \
        asyncio.run(). Await it in the main event loop, with top-level await.
        """
    )

    private static let workerError = AmaruError(
        .actorBusy,
        """
        This Swift function needs the Python actor, and the Python thread is not free: it may be \
        waiting for the thread that waits for this function. Await that thread instead, with \
        asyncio.to_thread() or loop.run_in_executor().
        """
    )

    /// Enters the actor by `body`.
    ///
    /// - Throws: ``AmaruError/Code/actorBusy`` where it would wait forever.
    static func entering<Value: Sendable>(
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard let origin, origin.mayBeBlocking else { return try await body() }
        if origin.isBlocking { throw error }
        // A child of the task that was started is not known by its address.
        return try await run(from: origin, body)
    }

    /// The tasks that Python code waits for, by the address that their jobs have too.
    private static let tasks = Lock<[UInt: Origin]>([:])

    /// Runs the body of a task that Python code waits for.
    static func run<Value>(
        from origin: Origin?,
        _ body: () async throws -> Value
    ) async rethrows -> Value {
        guard let origin else { return try await body() }
        let task = withUnsafeCurrentTask { task in
            // Safe because the struct is one pointer, to the task's object.
            task.map { unsafeBitCast($0, to: UInt.self) } ?? 0
        }
        let outer = tasks.withLock { $0.updateValue(origin, forKey: task) }
        defer { tasks.withLock { $0[task] = outer } }
        return try await $origin.withValue(origin) { try await body() }
    }

    /// The work of a task that hops to the actor; the hop itself cannot fail.
    ///
    /// The runtime enqueues a job without a current task, so its task locals cannot be read.
    static func work(of job: UnownedJob) -> Interpreter.Work {
        // Safe because the struct is one pointer, to the same object for a task's job.
        let task = unsafeBitCast(job, to: UInt.self)
        guard let origin = tasks.withLock({ $0[task] }), origin.mayBeBlocking else {
            return .job(job)
        }
        guard !origin.isBlocking else {
            origin.fail(error)
            return .job(job)
        }
        let watch = Task.detached {
            try await Task.sleep(for: patience.withLock { $0 })
            origin.fail(workerError)
        }
        return .call {
            watch.cancel()
            Interpreter.Work.job(job).perform()
        }
    }
}
