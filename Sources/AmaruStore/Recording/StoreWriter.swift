// The store on threads of its own: nobody waits for the disk who does not want to.
// SPDX-License-Identifier: Apache-2.0

import Amaru
package import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Performs jobs on a store, one after another, and opens it for the first one.
///
/// A file that is damaged, or not ours, is left as it is: nothing is written any more. One that
/// cannot be written for a while, such as on a full disk, can still be read, and what is to be
/// written waits. A database that several servers share may be gone for a while: what is asked
/// meanwhile fails at once, and what is to be written waits for it.
package final class StoreWriter: Sendable {
    package typealias Job = @Sendable (ConversationStore) throws(StoreError) -> Void

    struct Entry {
        enum Kind {
            /// Cannot wait while the store does not answer.
            case asking
            /// Waits while the store cannot be written.
            case writing
            /// Finds out whether the store can be written.
            case probing
        }

        let job: Job
        let done = AsyncValue<Void>()
        let kind: Kind
        /// The turn that it writes of, if it is one.
        var turn: Int64?
        var isLasting: Bool { kind != .asking }
    }

    /// What the user has to know of the file.
    package enum News: Sendable, Equatable {
        /// It cannot be written now, and what is to be written waits.
        case outage(StoreError)
        /// What has waited is written, all of it or what there was room for.
        case recovery(isWhole: Bool)
        /// Nothing is written any more, after some was or from the beginning.
        case failure(StoreError, hasWritten: Bool)
    }

    /// What the user knows of it.
    enum Told { case nothing, outage, failure }

    struct State {
        var jobs: [Entry] = []
        /// What could not be written to a file yet, in its order.
        var waiting: [Entry] = []
        /// The turns that were dropped of it, whose rest is not written either.
        var dropped: Set<Int64> = []
        /// Whether the operator, and the user, know that some was dropped.
        var hasDropped = false
        var hasLost = false
        var hasWritten = false
        /// How long until writing to the file is tried again.
        var pause = Duration.milliseconds(100)
        /// Whether that is about to happen.
        var isRetrying = false
        var isRunning = false
        var isUsed = false
        /// Whether nobody waits any longer for what cannot be written.
        var isEnding = false
        var isOver = false
        var failure: StoreError?
        var told = Told.nothing
        /// Why the store cannot be written now.
        var outage: StoreError?
        /// Why nothing is heard of the other servers, while the database answers.
        var silence: StoreError?
        /// What the operator was told last.
        var lastReport = ""
    }

    /// The connection, which one thread at a time uses.
    private final class Connection: @unchecked Sendable {
        // Safe because only the thread that performs jobs touches it, and there is one at most.
        var store: ConversationStore?
    }

    let path: String
    private let open: @Sendable () throws(StoreError) -> ConversationStore
    /// Tells the operator how the store is.
    private let tell: @Sendable (String) -> Void
    let state = Lock(State())
    private let connection = Connection()

    /// Whether other servers answer turns of the same store.
    package let isShared: Bool

    /// Makes a writer; the file is not touched yet.
    ///
    /// - `report`: Called with a line when the file cannot be written, and when it can again.
    package init(path: String, report: @escaping @Sendable (String) -> Void = { _ in }) {
        self.path = path
        isShared = false
        tell = report
        open = { () throws(StoreError) in try ConversationStore(creating: path) }
    }

    /// Makes a writer to a database that several servers share; it is not connected to yet.
    ///
    /// - `replica`: What this server is called among them.
    /// - `report`: Called with a line when the database goes, and when it is back.
    package init(
        _ place: PostgresPlace,
        as replica: String,
        report: @escaping @Sendable (String) -> Void
    ) {
        path = place.description
        isShared = true
        tell = report
        open = { () throws(StoreError) in try ConversationStore(place, as: replica) }
    }

    /// How long events gather before they are written: elsewhere they may be waited for.
    var pace: Duration { isShared ? .milliseconds(40) : .milliseconds(250) }

    /// What has changed since it was asked for last; nil if nothing has.
    package func takeNews() -> News? {
        state.withLock { state in
            switch (state.told, state.failure, state.outage) {
            case (.nothing, let failure?, _), (.outage, let failure?, _):
                state.told = .failure
                return .failure(failure, hasWritten: state.hasWritten)
            case (.nothing, nil, let outage?):
                state.told = .outage
                return .outage(outage)
            case (.outage, nil, nil):
                defer { (state.told, state.hasLost) = (.nothing, false) }
                return .recovery(isWhole: !state.hasLost)
            default:
                return nil
            }
        }
    }

    /// Whether nothing is written any more.
    package var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// Why nothing can be written now, as far as is known.
    package var fault: StoreError? { state.withLock { $0.failure ?? $0.outage } }

    /// Whether the store answers and can be written, and other servers are heard.
    package var isUp: Bool { fault == nil && state.withLock { $0.silence == nil } }

    /// Adds a job; returns what is set when it has been performed or given up.
    ///
    /// - `turn`: What it writes of, so that all or nothing more of it is written.
    @discardableResult
    package func add(of turn: Int64? = nil, _ job: @escaping Job) -> AsyncValue<Void> {
        add(Entry(job: job, kind: .writing, turn: turn))
    }

    @discardableResult
    func add(_ entry: Entry) -> AsyncValue<Void> {
        let mustStart = state.withLock { state in
            let isRefused = isShared && state.outage != nil && !entry.isLasting
            guard state.failure == nil, !isRefused else {
                entry.done.set(())
                return false
            }
            state.jobs.append(entry)
            state.isUsed = true
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard mustStart else { return entry.done }
        do {
            try startThread("amaru-store") { [self] in performAll() }
        } catch {
            let detail = "\(error)"
            fail(with: StoreError(code: .other, number: 0, path: path, detail: detail))
            state.withLock { $0.isRunning = false }
        }
        return entry.done
    }

    /// Asks the store something, after what is to be written before.
    ///
    /// - Returns: Nil if nothing is written any more, or the store cannot be read.
    package func read<Value: Sendable>(
        _ body: @escaping @Sendable (ConversationStore) throws(StoreError) -> Value
    ) async -> Value? {
        try? await perform(body)
    }

    /// Asks or changes the store, after what is to be written before.
    ///
    /// - Throws: Why that is not possible now.
    package func perform<Value: Sendable>(
        _ body: @escaping @Sendable (ConversationStore) throws(StoreError) -> Value
    ) async throws(StoreError) -> Value {
        let found = Lock<Result<Value, StoreError>?>(nil)
        let isShared = isShared
        let job: Job = { store throws(StoreError) in
            do throws(StoreError) {
                let value = try body(store)
                found.withLock { $0 = .success(value) }
            } catch {
                found.withLock { $0 = .failure(error) }
                // What cannot be read in a file says nothing of what can be written.
                if isShared { throw error }
            }
        }
        _ = await add(Entry(job: job, kind: .asking)).waitRegardlessOfCancellation()
        if let result = found.withLock({ $0 }) { return try result.get() }
        let failure = state.withLock { $0.failure ?? $0.outage }
        throw failure ?? StoreError(code: .gone, number: 0, path: path, detail: "")
    }

    /// Notes why the other servers are not heard, or that they are.
    func noteSilence(_ error: StoreError?) {
        let wasSilent = state.withLock { state in
            defer { state.silence = error }
            return state.silence != nil
        }
        if let error, !wasSilent { report("\(error). Nothing is heard of the other servers") }
        if error == nil, wasSilent { report("the other servers are heard again") }
    }

    /// Finds out whether the database still answers on this writer's own connection.
    func check() {
        let ask: Job = { store throws(StoreError) in try store.database.run("SELECT 1") }
        add(Entry(job: ask, kind: .asking))
    }

    private func performAll() {
        while let entry = next() {
            guard isShared else {
                performInFile(entry)
                continue
            }
            if let error = failure(of: entry.job, writes: entry.isLasting) { handle(error, entry) }
            entry.done.set(())
        }
    }

    /// - `job`: What to do with the store; nil to find out whether it answers.
    func failure(of job: Job?, writes: Bool) -> StoreError? {
        do throws(StoreError) {
            let store = try opened(toWrite: writes)
            try job?(store)
            return nil
        } catch {
            return error
        }
    }

    /// The store; a file that cannot be written is opened to read, for those who only read.
    private func opened(toWrite: Bool) throws(StoreError) -> ConversationStore {
        if toWrite, connection.store?.isReadOnly == true { connection.store = nil }
        if let store = connection.store { return store }
        let store: ConversationStore
        do throws(StoreError) { store = try open() } catch {
            guard !isShared, !toWrite, error.mayPass else { throw error }
            noteOutage(error)
            guard let readable = try ConversationStore.toRead(at: path) else { throw error }
            store = readable
        }
        connection.store = store
        return store
    }

    private func next() -> Entry? {
        state.withLock { state in
            guard !state.jobs.isEmpty else {
                state.isRunning = false
                return nil
            }
            return state.jobs.removeFirst()
        }
    }

    func fail(with error: StoreError) {
        let dropped = state.withLock { state in
            state.failure = state.failure ?? error
            defer { (state.jobs, state.waiting) = ([], []) }
            return state.waiting + state.jobs
        }
        for entry in dropped { entry.done.set(()) }
        report("\(error). Nothing is kept any more")
    }

    // MARK: A database that goes, and comes back

    func report(_ line: String) {
        let isNew = state.withLock { state in
            defer { state.lastReport = line }
            return state.lastReport != line
        }
        if isNew { tell(line) }
    }

    private func handle(_ error: StoreError, _ entry: Entry) {
        guard Self.passes(error, entry) else { return report("\(error)") }
        connection.store = nil
        // What was connected a while ago may have been cut off: only another connection tells.
        guard let error = failure(of: entry.job, writes: true) else { return }
        guard Self.passes(error, entry) else { return report("\(error)") }
        let dropped = state.withLock { state in
            state.outage = error
            defer { state.jobs.removeAll { !$0.isLasting } }
            return state.jobs.filter { !$0.isLasting }
        }
        for entry in dropped + (entry.isLasting ? [] : [entry]) { entry.done.set(()) }
        report("\(error). Answers go on; they are written when it is back")
        waitForReturn(entry)
    }

    /// Whether a failure says only that the database cannot do it now.
    ///
    /// For what is to be written, also that another program has changed it: nothing is lost while
    /// that is put right.
    private static func passes(_ error: StoreError, _ entry: Entry) -> Bool {
        switch error.code {
        case .gone: true
        case .busy, .newer, .foreign: entry.isLasting
        default: false
        }
    }

    private func waitForReturn(_ entry: Entry) {
        var pause: UInt32 = 100_000
        while !state.withLock({ $0.isOver }) {
            usleep(pause)
            pause = min(pause * 2, 2_000_000)
            connection.store = nil
            let error = failure(of: entry.isLasting ? entry.job : nil, writes: true)
            if let error, Self.passes(error, entry) { continue }
            if let error { report("\(error)") }
            state.withLock { $0.outage = nil }
            report("\(path) is back")
            return
        }
    }

    // MARK: End

    /// Waits for those that still add jobs, and until all jobs are done, at most this long.
    ///
    /// The file is not closed: to write its journal back takes a while, which the next process that
    /// closes it, or a later turn, can do as well.
    package func finish(behind others: Task<Void, Never>? = nil, within limit: Duration) async {
        guard state.withLock({ $0.isUsed }) else { return }
        state.withLock { $0.isEnding = true }
        if !isShared { tryToWrite() }
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
        state.withLock { state in
            state.isOver = true
            // However slow the disk is, it is said that the end was not written.
            if !isShared, state.failure == nil { state.failure = state.outage }
        }
    }
}
