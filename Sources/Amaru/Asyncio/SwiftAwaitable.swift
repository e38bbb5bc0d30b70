// Awaits Swift work in Python: a future that is already under way.
// SPDX-License-Identifier: Apache-2.0

internal import CAmaruPython
internal import Synchronization

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// A Swift result that a Python future receives, from a task or by a promise.
///
/// Only what the two sides race for is atomic: who is first to have a result (`isClaimed`), and
/// whether the starting call has made the future before that (`stage`). A task that does not
/// suspend has its result before there is a future, and costs neither a lock nor a hop.
@usableFromInline
final class SwiftAwaitable: @unchecked Sendable {
    @usableFromInline
    typealias Outcome = Result<any ConvertibleToPython & Sendable, any Error>

    /// What is awaited, which hands its result to the awaitable.
    @usableFromInline
    typealias Work = @concurrent @Sendable (SwiftAwaitable) async -> Void

    /// What the task and the call that started it agree on.
    private enum Stage: UInt8, AtomicRepresentable {
        /// The starting call has not returned yet: it takes the result itself.
        case starting
        case running
        case finished
    }

    /// How a result gets to the loop that waits for it.
    enum Way {
        /// With the jobs of the Python thread.
        case home
        case mailbox(LoopMailbox)
        /// To a loop that watches no files, which `call_soon_threadsafe` alone can wake.
        case otherThread(PythonObject)
    }

    /// Where a result goes that came later.
    struct Receiver {
        let future: PythonObject
        let way: Way
        let cancel: @Sendable () -> Void
    }

    private let stage = Atomic(Stage.starting)
    private let isClaimed = Atomic(false)
    private let isPending = Atomic(false)
    /// Safe because whoever set `isClaimed` writes it once, before `stage` says finished.
    private var outcome: Outcome?
    /// Safe because the starting call writes it once, before `stage` says running.
    private var receiver: Receiver?

    /// The thread whose call has started the task; that of a promise finishes nothing there.
    ///
    /// Safe because it is written before there is a task.
    private var startingThread: pthread_t?
    /// The result of a task that did not suspend (owned).
    ///
    /// Safe because the starting thread alone touches it.
    private var converted: PyPointer?

    /// What tracebacks show of the work.
    ///
    /// Safe because it is written before there is a task.
    private var frame: SwiftFrame?

    /// One that nobody uses any more, for the next start.
    ///
    /// Safe because it is touched with the GIL held only.
    private nonisolated(unsafe) static var spare: SwiftAwaitable?

    /// Makes one that nothing completes yet.
    init(frame: SwiftFrame?) {
        self.frame = frame
    }

    @usableFromInline
    deinit {
        endPending()
    }

    private static let count = Atomic(0)

    /// The number of awaitables whose future has not got its result.
    static var pendingCount: Int { count.load(ordering: .relaxed) }

    /// Takes the awaitable off the count, once.
    ///
    /// Not in `deinit` alone: what Python still holds of it may be collected much later.
    private func endPending() {
        guard isPending.exchange(false, ordering: .relaxed) else { return }
        Self.count.subtract(1, ordering: .relaxed)
    }

    // MARK: Start

    /// Starts `body` at once and returns the future of its result (new).
    ///
    /// - `signature`: The function whose frame tracebacks show for `body`.
    /// - Throws: What `body` throws before it suspends is in the future, not thrown.
    @inlinable
    @inline(__always)
    static func start<Value: ConvertibleToPython & Sendable>(
        _ gil: borrowing PythonGIL,
        for signature: FunctionSignature? = nil,
        _ body: @escaping @Sendable () async throws -> Value
    ) throws -> OwnedReference {
        try start(gil, signature) { await $0.finish(with: body) }
    }

    @usableFromInline
    static func start(
        _ gil: borrowing PythonGIL,
        _ signature: FunctionSignature?,
        _ work: @escaping Work
    ) throws -> OwnedReference {
        let loop = try EventLoop.current(gil)
        let isHome = !EventLoop.isNested(loop.pointer)
        var awaitable = spare ?? SwiftAwaitable(frame: nil)
        spare = nil
        awaitable.frame = signature?.frame
        awaitable.startingThread = pthread_self()
        // Runs here until it suspends first; one that never does costs no hop.
        let task: Task<Void, Never>?
        if isHome, inheritsNothing {
            task = StandbyTask.start(work, awaitable)
        } else {
            task = try ContextPairs.enteringSwift { awaitable.startTask(work, isHome: isHome) }
        }
        guard let value = awaitable.takeConverted() else {
            return try awaitable.future(of: loop, isHome: isHome, gil) { task?.cancel() }
        }
        let owned = OwnedReference(new: value)
        if isKnownUniquelyReferenced(&awaitable) { awaitable.keep() }
        return try RunningLoop.makeFuture(of: loop.pointer, result: owned.pointer)
    }

    /// Keeps the awaitable for the next start.
    private func keep() {
        stage.store(.starting, ordering: .relaxed)
        isClaimed.store(false, ordering: .relaxed)
        frame = nil
        Self.spare = self
    }

    /// Whether a task made here would have no task-locals: Python code in a step of the home loop
    /// calls, and no Swift code has called that.
    private static var inheritsNothing: Bool {
        guard EventLoop.isInStep, ContextPairs.isEmpty else { return false }
        return withUnsafeCurrentTask { task in
            // Comparing it with nil copies it.
            if case .none = task { true } else { false }
        }
    }

    /// Starts a task of its own, which knows if a loop inside synchronous code waits for it.
    private func startTask(_ work: @escaping Work, isHome: Bool) -> Task<Void, Never> {
        if isHome { return Task.immediate { @concurrent in await work(self) } }
        let origin = NestedLoop.Origin { self.giveUp($0) }
        return Task.immediate { @concurrent in
            await NestedLoop.run(from: origin) { await work(self) }
        }
    }

    // MARK: Results of the task

    /// Takes the result of `body`, which is converted here if the starting call waits for it.
    @inlinable
    @inline(__always)
    func finish<Value: ConvertibleToPython & Sendable>(with body: () async throws -> Value) async {
        do {
            let value = try await body()
            if isClaimedInStart() {
                endStart { try value.pythonReference(PythonGIL()).take() }
            } else {
                finish(.success(value))
            }
        } catch {
            finish(.failure(error))
        }
    }

    /// Whether the starting call waits for the result on this thread, and nobody was first.
    ///
    /// That thread holds the GIL until the call returns, and nobody has the future yet.
    @usableFromInline
    func isClaimedInStart() -> Bool {
        guard let startingThread, pthread_equal(startingThread, pthread_self()) != 0,
            stage.load(ordering: .relaxed) == .starting
        else { return false }
        return !isClaimed.exchange(true, ordering: .relaxed)
    }

    @inlinable
    @inline(__always)
    func endStart(_ convert: () throws -> PyPointer) {
        do {
            endStart(with: try convert(), nil)
        } catch {
            endStart(with: nil, error)
        }
    }

    @usableFromInline
    func endStart(with value: PyPointer?, _ error: (any Error)?) {
        converted = value
        if let error { outcome = .failure(error) }
        stage.store(.finished, ordering: .releasing)
    }

    private func takeConverted() -> PyPointer? {
        defer { converted = nil }
        return converted
    }

    /// Makes the future (new) that receives the result, once.
    ///
    /// - `cancel`: Called on the loop's thread when Python cancels the future.
    func future(
        _ gil: borrowing PythonGIL,
        cancel: @escaping @Sendable () -> Void
    ) throws -> OwnedReference {
        let loop = try EventLoop.current(gil)
        let isHome = !EventLoop.isNested(loop.pointer)
        return try future(of: loop, isHome: isHome, gil, cancel: cancel)
    }

    private func future(
        of loop: consuming OwnedReference,
        isHome: Bool,
        _ gil: borrowing PythonGIL,
        cancel: @escaping @Sendable () -> Void
    ) throws -> OwnedReference {
        let future = try RunningLoop.makeFuture(of: loop.pointer)
        try connect(cancel, future.pointer, loop, isHome: isHome, gil)
        return future
    }

    private func connect(
        _ cancel: @escaping @Sendable () -> Void,
        _ future: PyPointer,
        _ loop: consuming OwnedReference,
        isHome: Bool,
        _ gil: borrowing PythonGIL
    ) throws {
        if stage.load(ordering: .acquiring) == .starting {
            let way = isHome ? .home : try Self.way(to: loop)
            receiver = Receiver(
                future: PythonObject(OwnedReference(borrowed: future)),
                way: way,
                cancel: cancel
            )
            isPending.store(true, ordering: .relaxed)
            Self.count.add(1, ordering: .relaxed)
            try cancelWithFuture(future)
            if case .mailbox(let mailbox) = way { mailbox.expect(self, cancel: cancel) }
            let isRunning = stage.compareExchange(
                expected: .starting,
                desired: .running,
                ordering: .acquiringAndReleasing
            ).exchanged
            if isRunning { return }
            if case .mailbox(let mailbox) = way { mailbox.forget(self) }
        }
        if let outcome { try settle(outcome, future, isNew: true, gil) }
        // Where it was given up while it goes on; one that has ended does not mind.
        if case .failure = outcome { cancel() }
    }

    private static func way(to loop: consuming OwnedReference) throws -> Way {
        if let mailbox = try LoopMailbox.of(loop.pointer) { return .mailbox(mailbox) }
        return .otherThread(PythonObject(loop))
    }

    /// Lets a cancelled future cancel the work.
    private func cancelWithFuture(_ future: PyPointer) throws {
        // Weak: the future keeps its callback, and this keeps the future.
        let callback = try NativeFunction.make("cancel_swift_task") { [weak self] _, _, _ in
            self?.receiver?.cancel()
            return OwnedReference(borrowed: amaru_none())
        }
        _ = try Method.call(future, "add_done_callback", callback.pointer)
    }

    // MARK: Result

    /// Takes the result, on whichever thread the task ended.
    @usableFromInline
    func finish(_ result: Outcome) { _ = deliver(result) }

    /// Takes the result.
    ///
    /// - Returns: The receiver, where it is the first result and the starting call has returned.
    private func deliver(_ result: Outcome) -> Receiver? {
        guard !isClaimed.exchange(true, ordering: .relaxed) else { return nil }
        outcome = result
        let former = stage.exchange(.finished, ordering: .acquiringAndReleasing)
        guard former == .running, let receiver else { return nil }
        switch receiver.way {
        case .home:
            Interpreter.submit(.call { self.settleOnPythonThread(result, receiver) })
        case .mailbox(let mailbox):
            mailbox.post(
                LoopMailbox.Letter(
                    deliver: { [self] in
                        try settle(result, receiver.future.pointer, isNew: false, PythonGIL())
                    },
                    // A loop that has ended has nobody left who waits.
                    giveUp: { [self] in endPending() }
                ),
                for: self
            )
        case .otherThread(let loop):
            GILWorker.send { self.settle(result, receiver, on: loop) }
        }
        return receiver
    }

    /// Takes no result any more, since the future was cancelled.
    ///
    /// - Returns: Whether there was none yet.
    func abandon() -> Bool {
        guard !isClaimed.exchange(true, ordering: .relaxed) else { return false }
        endPending()
        if case .mailbox(let mailbox) = receiver?.way { mailbox.forget(self) }
        return true
    }

    /// Gives the future up with an error while the task goes on, cancelled.
    private func giveUp(_ error: any Error) {
        // Without a receiver the starting call cancels it.
        deliver(.failure(error))?.cancel()
    }

    private func settleOnPythonThread(_ result: Outcome, _ receiver: Receiver) {
        guard (try? Interpreter.requireRunning()) != nil else { return endPending() }
        try? settle(result, receiver.future.pointer, isNew: false, PythonGIL())
    }

    /// Hands the result to a loop that watches no files; with the GIL held.
    private func settle(_ result: Outcome, _ receiver: Receiver, on loop: PythonObject) {
        let gil = PythonGIL()
        let settle = try? NativeFunction.make("settle") { _, _, gil in
            try self.settle(result, receiver.future.pointer, isNew: false, gil)
            return OwnedReference(borrowed: amaru_none())
        }
        // A loop that has ended has nobody left who waits.
        let posted = settle.flatMap { try? Runtime.call(.futures, "post", [loop, $0], gil) }
        guard let posted, posted.pointer == amaru_true() else { return endPending() }
    }

    /// Sets the future's result (borrowed); one that is not new may be done, if it was cancelled.
    private func settle(
        _ result: Outcome,
        _ future: PyPointer,
        isNew: Bool,
        _ gil: borrowing PythonGIL
    ) throws {
        defer { endPending() }
        do {
            let value = try result.get().pythonReference(gil)
            if !isNew, try Method.call(future, "done").pointer == amaru_true() { return }
            _ = try Method.call(future, "set_result", value.pointer)
        } catch {
            ErrorTranslation.raise(error, gil, in: frame)
            guard let exception = amaru_take_exception() else { return }
            let owned = OwnedReference(new: exception)
            try Self.fail(future, with: owned.pointer, gil)
        }
    }

    private static func fail(
        _ future: PyPointer,
        with exception: PyPointer,
        _ gil: borrowing PythonGIL
    ) throws {
        let future = PythonObject(OwnedReference(borrowed: future))
        let exception = PythonObject(OwnedReference(borrowed: exception))
        _ = try Runtime.call(.futures, "fail", [future, exception], gil)
    }
}
