// What a reader of a turn gets.
// SPDX-License-Identifier: Apache-2.0

/// The events of a turn, as one reader gets them.
///
/// The sequence ends with the turn. It throws the ``ChatFailure`` of a turn that failed, and
/// `CancellationError` when the reading task is cancelled.
public struct TurnEvents: AsyncSequence, Sendable {
    /// Leaves the turn when the last copy goes.
    fileprivate final class Membership: Sendable {
        let turn: Turn
        let reader: TurnLog.ReaderID
        let owns: Bool

        init(_ turn: Turn, _ reader: TurnLog.ReaderID, _ owns: Bool) {
            self.turn = turn
            self.reader = reader
            self.owns = owns
        }

        deinit {
            // An owner that stops reading early wants no more, as when its task is cancelled.
            if owns { turn.cancel() } else { turn.leave(reader) }
        }
    }

    fileprivate let membership: Membership

    init(_ turn: Turn, _ reader: TurnLog.ReaderID, owns: Bool) {
        membership = Membership(turn, reader, owns)
    }

    /// Starts to read.
    public func makeAsyncIterator() -> Iterator { Iterator(membership: membership) }

    /// The reader's place.
    public struct Iterator: AsyncIteratorProtocol {
        /// The time in which events that come in quick succession gather.
        private static let pace = Duration.milliseconds(5)

        fileprivate let membership: Membership
        private var batch: ArraySlice<TurnEvent> = []
        private var lastTaken: ContinuousClock.Instant?
        private var isRushed = false

        fileprivate init(membership: Membership) { self.membership = membership }

        /// Waits for the next event; nil at the end of the turn.
        ///
        /// - Throws: The ``ChatFailure`` of a turn that failed; `CancellationError`.
        public mutating func next() async throws -> TurnEvent? {
            if let event = batch.popFirst(), !isDiscarded { return event }
            do {
                try await gather()
                batch = try await membership.turn.take(membership.reader)?[...] ?? []
                let now = ContinuousClock.now
                isRushed = lastTaken.map { now - $0 < Self.pace } ?? false
                lastTaken = now
            } catch is CancellationError {
                if membership.owns { membership.turn.cancel() }
                throw CancellationError()
            }
            return batch.popFirst()
        }

        /// Waits for more, and returns all that is there; nil at the end of the turn.
        ///
        /// - Throws: As `next()`.
        package mutating func nextBatch() async throws -> [TurnEvent]? {
            guard let first = try await next() else { return nil }
            defer { batch = [] }
            return [first] + batch
        }

        /// Lets more events come, when the last ones came fast: to wake for each costs more than it
        /// does to show it.
        private func gather() async throws {
            guard isRushed, let lastTaken, membership.turn.end == nil else { return }
            let next = lastTaken + Self.pace
            guard membership.owns else {
                return try await Task.sleep(until: next, clock: .continuous)
            }
            try await membership.turn.pause(until: next)
        }

        /// Whether the user has cancelled what the owner still had to show.
        private var isDiscarded: Bool {
            membership.owns && membership.turn.end == .cancelled
        }
    }
}
