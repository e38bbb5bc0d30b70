// One of several servers that share a database.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Keeps the lease of a server, listens to what the others do, and reads the logs of their turns.
///
/// It has a thread and a connection of its own. PostgreSQL notifies it of changes; since nothing is
/// notified while the connection is gone, it looks every second too.
package final class Replica: Sendable {
    /// What has become of another server's turn.
    package enum News: Sendable {
        /// More of its log.
        case log([StoredEvent])
        /// It has ended.
        case end(StoredTurn.State, reason: String, at: Double?)
        /// There is no such turn any more.
        case removed
    }

    /// What is called on the thread, and must not wait.
    package struct Handler: Sendable {
        let stop, remove: @Sendable (Int64) -> Void
        let resume: @Sendable () -> Void

        /// - `stop`: A turn of this server is to be stopped.
        /// - `remove`: A turn was removed, of whichever server.
        /// - `resume`: Removals are told from now on; those before may not have been.
        package init(
            stop: @escaping @Sendable (Int64) -> Void,
            remove: @escaping @Sendable (Int64) -> Void,
            resume: @escaping @Sendable () -> Void
        ) {
            (self.stop, self.remove, self.resume) = (stop, remove, resume)
        }
    }

    private struct Mirror {
        var next: Int
        let take: @Sendable (News) -> Void
    }

    private struct State {
        var mirrors: [Int64: Mirror] = [:]
        var isOver = false
    }

    private static let (tick, renewal) = (Duration.seconds(1), Duration.seconds(3))
    private static let sweep = Duration.seconds(3600)
    /// In microseconds.
    private static let pause: UInt32 = 500_000

    /// A name that no other server has.
    package let name: String
    /// Writes the turns of this server.
    package let writer: StoreWriter
    private let place: PostgresPlace
    private let state = Lock(State())

    /// Makes a server of a database, which it does not connect to yet.
    ///
    /// - `report`: Called with a line when the database goes, and when it is back.
    package init(_ place: PostgresPlace, report: @escaping @Sendable (String) -> Void) {
        self.place = place
        name = Conversation.newID()
        writer = StoreWriter(place, as: name, report: report)
    }

    /// Begins to listen.
    ///
    /// - Throws: `PosixError` if no thread can be started.
    package func start(_ handler: Handler) throws {
        try startThread("amaru-replica") { [self] in run(handler) }
    }

    /// Stops listening, within a second.
    package func end() { state.withLock { $0.isOver = true } }

    /// Reads a turn of another server, until it ends.
    ///
    /// - `seq`: The first entry of its log that is not known.
    /// - `take`: Called with what is new, the end or removal last.
    package func follow(
        _ turn: Int64,
        from seq: Int,
        _ take: @escaping @Sendable (News) -> Void
    ) {
        state.withLock { $0.mirrors[turn] = Mirror(next: seq, take: take) }
    }

    // MARK: The thread

    private var isOver: Bool { state.withLock { $0.isOver } }

    private func run(_ handler: Handler) {
        // The others may have been cut off too, and could not renew their leases.
        var patience = Duration.zero
        var failures = 0
        while !isOver {
            do throws(StoreError) {
                try listen(handler, patience) { failures = 0 }
            } catch {
                patience = .seconds(PostgresEngine.lease)
                failures += 1
                // Which says so, if the writer's own connection does not work either.
                writer.check()
                usleep(Self.pause)
                if failures > 2, writer.isUp { writer.noteSilence(error) }
            }
        }
    }

    /// - `success`: Called each time that the database has answered all of it.
    private func listen(
        _ handler: Handler,
        _ patience: Duration,
        _ success: () -> Void
    ) throws(StoreError) {
        let engine = try PostgresEngine(place, as: name)
        let store = ConversationStore(engine)
        try engine.database.script("LISTEN amaru_turn")
        handler.resume()
        let start = ContinuousClock.now
        var (tick, renewal, sweep) = (start, start, start)
        var (lastTick, marking) = (start, start + patience)
        while !isOver {
            if .now >= tick {
                tick = .now + Self.tick
                if .now >= renewal {
                    renewal = .now + Self.renewal
                    _ = try engine.becomeWriter()
                }
                if .now >= sweep {
                    sweep = .now + Self.sweep
                    try engine.sweep()
                }
                // Where the database stood still, the others could not renew their leases.
                if lastTick.duration(to: .now) > Self.renewal {
                    marking = .now + .seconds(PostgresEngine.lease)
                }
                lastTick = .now
                if .now >= marking { try engine.finishInterrupted() }
                try obey(handler, store)
                for turn in state.withLock({ Array($0.mirrors.keys) }) { try read(turn, store) }
                success()
                writer.noteSilence(nil)
            }
            let found = Set(
                try engine.database.notifications(within: ContinuousClock.now.duration(to: tick))
            )
            if found.contains(where: { $0.hasPrefix("t") }) { try obey(handler, store) }
            for turn in Set(found.compactMap { Int64($0.dropFirst()) }) { try read(turn, store) }
            for name in found where name.hasPrefix("d") {
                if let turn = Int64(name.dropFirst()) { handler.remove(turn) }
            }
        }
    }

    private func obey(_ handler: Handler, _ store: ConversationStore) throws(StoreError) {
        let stopped = try store.database.rows(
            "SELECT id FROM turn WHERE writer = ? AND stop AND \(store.engine.isOpen)",
            .text(name),
            as: { $0.integer(0) }
        )
        for turn in stopped { handler.stop(turn) }
    }

    /// Reads what is new of a turn that is followed.
    private func read(_ turn: Int64, _ store: ConversationStore) throws(StoreError) {
        guard let mirror = state.withLock({ $0.mirrors[turn] }) else { return }
        // First how it stands: nothing is added behind its end.
        let end = try store.database.rows(
            "SELECT state, reason, ended FROM turn WHERE id = ?",
            .integer(turn),
            as: { row in (row.text(0), row.text(1), row.optionalReal(2)) }
        ).first
        let log = try store.log(of: turn, from: mirror.next)
        if let last = log.last {
            state.withLock { $0.mirrors[turn]?.next = last.seq + 1 }
            mirror.take(.log(log))
        }
        guard end?.0 != StoredTurn.State.running.rawValue else { return }
        state.withLock { $0.mirrors[turn] = nil }
        guard let end else { return mirror.take(.removed) }
        let outcome = StoredTurn.State(rawValue: end.0) ?? .interrupted
        mirror.take(.end(outcome, reason: end.1, at: end.2))
    }
}
