// One message of the user, and everything that comes of it.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment

/// One message and its answer: written by a script, read by the screen and any number of others.
///
/// ```swift
/// for try await event in session.send("Who was Amaru?") { … }
/// ```
///
/// Iterating a turn reads as its owner: from the start, each event, with texts that have gathered
/// merged. What the owner has not taken is bounded, and writers wait: in the end the server waits
/// on its socket. Cancelling the owner's task, or leaving the loop early, cancels the turn. ``viewer(from:)`` reads along
/// without any of this.
///
/// A turn ends exactly once, by the script, the user, a fault or the host; what is added
/// afterwards is dropped. All methods may be called on any thread.
public final class Turn: Sendable {
    fileprivate struct State {
        var log: TurnLog
        var watch: ScriptWatch?
        var isClaimed = false
        var isDelivered = false
        var owner: TurnLog.ReaderID?
        /// What each reader that found nothing waits for, and all writers.
        var news: [TurnLog.ReaderID: AsyncValue<Void>] = [:]
        var room: AsyncValue<Void>?
        var written: EscapeFilter
        var thought: EscapeFilter
        var cleaned = EscapeFilter()
        var marksEscapes: Bool
    }

    /// The files that the user has sent with the message.
    public let attachments: [Attachment]

    private let state: Lock<State>
    private let onCancel: @Sendable (Turn) -> Void
    /// What was said before, if the script is to forget what it remembers of that.
    let history: [ChatExchange]?
    /// The Python task that the user's cancel reaches.
    let task = PythonSlot()
    /// The attachments as Python's objects, once a script has asked for them.
    let files = PythonSlot()

    /// Creates a turn.
    ///
    /// - `isOwned`: Whether writers wait for the owner before it begins to read.
    /// - `history`: What was said before, if the script is to forget what it remembers of that.
    /// - `marksEscapes`: Whether symbols show what is removed from texts.
    init(
        attachments: [Attachment] = [],
        limits: TurnLog.Limits = TurnLog.Limits(),
        isOwned: Bool = true,
        history: [ChatExchange]? = nil,
        marksEscapes: Bool = false,
        onCancel: @escaping @Sendable (Turn) -> Void = { _ in }
    ) {
        var log = TurnLog(limits: limits)
        let owner = isOwned ? log.addReader(.owner) : nil
        let filter = EscapeFilter(marksRemoved: marksEscapes)
        state = Lock(
            State(
                log: log,
                owner: owner,
                written: filter,
                thought: filter,
                marksEscapes: marksEscapes
            )
        )
        self.history = history
        self.attachments = attachments
        self.onCancel = onCancel
    }

    /// Bytes that the slowest required reader has not taken.
    var unread: Int { state.withLock { $0.log.unread } }

    /// How the turn ended, once it has.
    public var end: TurnEnd? { state.withLock { $0.log.end } }

    /// Whether the script ends the turn itself, and so needs no watching.
    var isClaimed: Bool { state.withLock { $0.isClaimed } }

    /// Whether the script has been given the message.
    var isDelivered: Bool { state.withLock { $0.isDelivered } }

    // MARK: Writing

    /// Adds an event; returns false when the turn has ended.
    ///
    /// - Throws: ``ChatFailure`` when readers are many mebibytes behind and the writer does not
    ///   wait for them.
    @discardableResult
    public func add(_ event: TurnEvent) throws(ChatFailure) -> Bool {
        try state.withLock { state throws(ChatFailure) in
            guard !state.log.isOverfull else { throw Self.overfull }
            if case .display = event { state.watch?.shown() }
            let event = state.filtered(event)
            if event == .text("") || event == .reasoning("") { return state.log.end == nil }
            let wakes = state.log.add(event)
            state.wake(wakes)
            return wakes != nil
        }
    }

    private static let overfull = ChatFailure(
        code: "overflow",
        message: "the readers of this turn are too far behind",
        remedy: "await turn.drain() between pieces of the answer"
    )

    /// Waits until readers have taken enough, the turn has ended, or the task is cancelled.
    public func drain() async {
        let room: AsyncValue<Void>? = state.withLock { state in
            guard state.log.mustWait() else { return nil }
            let room = state.room ?? AsyncValue()
            state.room = room
            return room
        }
        try? await room?.wait()
    }

    /// Ends the turn; returns false when it had ended before.
    @discardableResult
    func end(_ end: TurnEnd) -> Bool {
        state.withLock { state in
            let wakes = state.log.finish(end)
            if wakes != nil { state.watch = nil }
            state.wake(wakes)
            return wakes != nil
        }
    }

    /// Ends the turn as cancelled, at once, and then has Python stop.
    ///
    /// - Returns: False when it had ended before.
    @discardableResult
    public func cancel() -> Bool {
        guard end(.cancelled) else { return false }
        onCancel(self)
        return true
    }

    /// Returns text without terminal escape sequences, for code that reads it before it is added.
    ///
    /// The text may come in pieces, cut anywhere.
    public func clean(_ text: String) -> String { state.withLock { $0.cleaned.feed(text) } }

    // MARK: The script

    /// The script ends the turn itself.
    func claim() {
        state.withLock { state in
            state.isClaimed = true
            state.watch = nil
        }
    }

    /// Marks the message as given to the script, which is watched until it claims the turn.
    ///
    /// - Returns: False if the turn has ended already.
    func deliver(_ limits: ScriptWatch.Limits) -> Bool {
        state.withLock { state in
            guard state.log.end == nil else { return false }
            state.isDelivered = true
            state.watch = ScriptWatch(limits: limits)
            return true
        }
    }

    /// Observes a script without turns of its own; returns whether to go on observing.
    func observe(isBusy: Bool, isReady: Bool, at time: Duration) -> Bool {
        let (isWatched, verdict) = state.withLock { state in
            let verdict = state.watch?.observe(isBusy: isBusy, isReady: isReady, at: time)
            return (state.watch != nil, verdict)
        }
        switch verdict {
        case nil: return isWatched
        case .answered: end(.finished(reason: "stop"))
        case .unanswered(let limit): end(.failed(Self.unanswered(limit)))
        }
        return false
    }

    private static func unanswered(_ limit: Duration) -> ChatFailure {
        // Without a fraction of zero.
        let seconds = "\(limit / .seconds(1))".replacing(#/\.0$/#, with: "")
        return ChatFailure(
            code: "unanswered",
            message: "the script has shown nothing for \(seconds) s, and nothing is in flight",
            remedy: "fix it, or allow more time with --idle-timeout"
        )
    }

    // MARK: Reading

    /// Reads along from a position, without delaying anybody.
    ///
    /// - Parameter position: The number of the first event to read.
    /// - Returns: The events from there on.
    public func viewer(from position: Int = 0) -> TurnEvents {
        reader(.viewer, from: position)
    }

    /// Reads every event; writers wait for this reader as they do for the owner.
    public func requiredReader(from position: Int = 0) -> TurnEvents {
        reader(.required, from: position)
    }

    private func reader(_ role: TurnLog.Role, from position: Int) -> TurnEvents {
        TurnEvents(self, state.withLock { $0.log.addReader(role, from: position) }, owns: false)
    }

    /// The next events of a reader; nil at the end.
    fileprivate func take(_ reader: TurnLog.ReaderID) async throws -> [TurnEvent]? {
        while true {
            let (taken, news) = state.withLock { state in
                let (taken, wakes) = state.log.take(reader)
                state.wake(wakes)
                guard case .wait = taken else { return (taken, AsyncValue<Void>?.none) }
                let news = state.news[reader] ?? AsyncValue()
                state.news[reader] = news
                return (taken, news)
            }
            switch taken {
            case .events(let events): return events
            case .end(.failed(let failure)): throw failure
            case .end: return nil
            case .wait: try await news?.wait()
            }
        }
    }

    fileprivate func leave(_ reader: TurnLog.ReaderID) {
        state.withLock { state in state.wake(state.log.removeReader(reader)) }
    }
}

extension Turn.State {
    /// The event as readers may see it.
    fileprivate mutating func filtered(_ event: TurnEvent) -> TurnEvent {
        switch event {
        case .text(let text): .text(written.feed(text))
        case .reasoning(let text): .reasoning(thought.feed(text))
        case .toolCall(let name, let arguments):
            .toolCall(name: EscapeFilter.clean(name), arguments: EscapeFilter.clean(arguments))
        case .display(let text): .display(whole(text))
        case .notice(let text): .notice(EscapeFilter.clean(text))
        case .attachment(let file):
            .attachment(
                Attachment(
                    name: EscapeFilter.clean(file.name),
                    mediaType: EscapeFilter.clean(file.mediaType),
                    bytes: file.bytes
                )
            )
        case .retrying(let reason, let delay, let attempt, let attempts):
            .retrying(
                reason: EscapeFilter.clean(reason),
                delay: delay,
                attempt: attempt,
                attempts: attempts
            )
        case .usage, .skipped: event
        }
    }

    private func whole(_ text: String) -> String {
        var filter = EscapeFilter(marksRemoved: marksEscapes)
        return filter.feed(text)
    }

    /// Wakes whom a change of the log wakes.
    fileprivate mutating func wake(_ wakes: TurnLog.Wakes?) {
        guard let wakes else { return }
        for reader in wakes.readers { news.removeValue(forKey: reader)?.set(()) }
        guard wakes.writers else { return }
        room?.set(())
        room = nil
    }
}

extension Turn: AsyncSequence {
    /// Reads as the turn's owner; for one task.
    public func makeAsyncIterator() -> TurnEvents.Iterator {
        let owner = state.withLock { state in
            let owner = state.owner ?? state.log.addReader(.owner)
            state.owner = owner
            return owner
        }
        return TurnEvents(self, owner, owns: true).makeAsyncIterator()
    }
}

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
            try await Task.sleep(until: lastTaken + Self.pace, clock: .continuous)
        }

        /// Whether the user has cancelled what the owner still had to show.
        private var isDiscarded: Bool {
            membership.owns && membership.turn.end == .cancelled
        }
    }
}
