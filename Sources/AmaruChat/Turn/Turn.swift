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
    struct State {
        var log: TurnLog
        var watch: ScriptWatch?
        var isClaimed = false
        var isDelivered = false
        var isStopped = false
        var question: Question
        var owner: TurnLog.ReaderID?
        /// What each reader that found nothing waits for, and all writers.
        var news: [TurnLog.ReaderID: AsyncValue<Void>] = [:]
        var room: AsyncValue<Void>?
        /// Set when the owner has shown all that was added; nil if that is not waited for.
        var shown: AsyncValue<Void>?
        /// Set to end the owner's pause between two readings.
        var pause: AsyncValue<Void>?
        var filter: EventFilter
        var cleaned: EscapeFilter
    }

    /// The files that the user has sent with the message.
    public let attachments: [Attachment]

    let state: Lock<State>
    private let onCancel: @Sendable (Turn) -> Void
    /// Called when the script has claimed the turn, and when it has ended.
    private let onStep: @Sendable () -> Void
    /// What the turn answers.
    struct Question {
        var text = ""
        /// What was said before, if the script is to forget what it remembers of that.
        var history: [ChatExchange]?
        /// What a client of the chat-completions protocol has sent, if it is one that asks.
        var request: ChatRequest?
    }

    /// Whether the question is let go of when the turn ends, of which many are kept.
    private let isForgetful: Bool
    /// The model that is to answer, of those of the configuration; nil for the chat's own.
    let model: String?
    /// The Python task that the user's cancel reaches.
    let task = PythonSlot()
    /// The attachments as Python's objects, once a script has asked for them.
    let files = PythonSlot()
    /// The request's messages and options, once a script has asked for them.
    let requestedMessages = PythonSlot()
    let requestedOptions = PythonSlot()

    /// Creates a turn.
    ///
    /// - `isOwned`: Whether writers wait for the owner before it begins to read.
    /// - `isForgetful`: Whether the question is let go of when the turn ends.
    /// - `model`: The model that is to answer; nil for the chat's own.
    /// - `marksEscapes`: Whether symbols show what is removed from texts.
    init(
        attachments: [Attachment] = [],
        limits: TurnLog.Limits = TurnLog.Limits(),
        isOwned: Bool = true,
        question: Question = Question(),
        isForgetful: Bool = false,
        model: String? = nil,
        marksEscapes: Bool = false,
        onCancel: @escaping @Sendable (Turn) -> Void = { _ in },
        onStep: @escaping @Sendable () -> Void = {}
    ) {
        var log = TurnLog(limits: limits)
        let owner = isOwned ? log.addReader(.owner) : nil
        let filter = EventFilter(marksEscapes: marksEscapes)
        let cleaned = EscapeFilter(marksRemoved: marksEscapes)
        state = Lock(
            State(log: log, question: question, owner: owner, filter: filter, cleaned: cleaned)
        )
        self.isForgetful = isForgetful
        self.model = model
        self.attachments = attachments
        self.onStep = onStep
        self.onCancel = onCancel
    }

    /// Creates a turn that no session of this process has opened.
    package static func remote(
        attachments: [Attachment] = [],
        isOwned: Bool = true,
        onCancel: @escaping @Sendable (Turn) -> Void = { _ in }
    ) -> Turn {
        Turn(attachments: attachments, isOwned: isOwned, onCancel: onCancel)
    }

    /// Bytes that the slowest required reader has not taken.
    var unread: Int { state.withLock { $0.log.unread } }

    /// How the turn ended, once it has.
    public var end: TurnEnd? { state.withLock { $0.log.end } }

    /// Bytes that all events take, those that are no longer kept included.
    package var size: Int { state.withLock { $0.log.total } }

    /// Bytes that the events take without what files hold.
    package var textSize: Int { state.withLock { $0.log.total - $0.log.fileSize } }

    /// A file of the answer, by how many came before it; nil if there are not so many.
    package func file(_ number: Int) -> Attachment? {
        state.withLock { number < $0.log.files.count ? $0.log.files[number] : nil }
    }

    /// Whether the script ends the turn itself, and so needs no watching.
    var isClaimed: Bool { state.withLock { $0.isClaimed } }

    /// Whether the script has been given the message.
    package var isDelivered: Bool { state.withLock { $0.isDelivered } }

    /// Whether the turn has ended without the script, which is to stop.
    var isStopped: Bool { state.withLock { $0.isStopped } }

    var question: Question { state.withLock { $0.question } }
    var history: [ChatExchange]? { question.history }
    var request: ChatRequest? { question.request }

    // MARK: Writing

    /// Adds an event; returns false when the turn has ended.
    ///
    /// - Throws: ``ChatFailure``: `overflow` when readers are many mebibytes behind and the writer
    ///   does not wait for them, `file_limit` when the answer would have more than 1000 files, or
    ///   more than 16 MiB in them.
    @discardableResult
    public func add(_ event: TurnEvent) throws(ChatFailure) -> Bool {
        try state.withLock { state throws(ChatFailure) in
            guard state.log.end == nil else { return false }
            guard !state.log.isOverfull else { throw Self.overfull }
            if case .attachment(let file) = event { try state.log.check(file) }
            if case .display = event { state.watch?.shown() }
            let event = state.filter.filtered(event)
            if event == .text("") || event == .reasoning("") { return true }
            state.wake(state.log.add(event))
            return true
        }
    }

    /// Adds a file to the answer; returns false when the turn has ended.
    ///
    /// - Throws: ``FileLimitError``, a `ValueError` in Python, if the files of the answer would be
    ///   too many or too large; as ``add(_:)``.
    func attach(_ file: Attachment) throws -> Bool {
        do throws(ChatFailure) {
            return try add(.attachment(file))
        } catch  where error.code == ChatFailure.fileLimitCode {
            throw FileLimitError(description: error.message)
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
    package func end(_ end: TurnEnd) -> Bool {
        guard finish(end) else { return false }
        onStep()
        return true
    }

    private func finish(_ end: TurnEnd, isStopped: Bool = false) -> Bool {
        let isFirst = state.withLock { state in
            let wakes = state.log.finish(end)
            if wakes != nil { (state.watch, state.isStopped) = (nil, isStopped) }
            state.wake(wakes)
            return wakes != nil
        }
        guard isFirst, isForgetful else { return isFirst }
        state.withLock { $0.question = Question(history: $0.question.history.map { _ in [] }) }
        (requestedMessages.objects, requestedOptions.objects) = ([], [])
        return true
    }

    /// Ends the turn as cancelled, at once, and then has Python stop.
    ///
    /// - Returns: False when it had ended before.
    @discardableResult
    public func cancel() -> Bool { stop(.cancelled) }

    /// Ends the turn as failed, at once, and then has Python stop.
    @discardableResult
    package func cancel(because failure: ChatFailure) -> Bool { stop(.failed(failure)) }

    private func stop(_ end: TurnEnd) -> Bool {
        guard finish(end, isStopped: true) else { return false }
        // First: the turn that `onStep` lets in waits for what is to be stopped.
        onCancel(self)
        onStep()
        return true
    }

    /// Returns text without terminal escape sequences, for code that reads it before it is added.
    ///
    /// The text may come in pieces, cut anywhere.
    public func clean(_ text: String) -> String { state.withLock { $0.cleaned.feed(text) } }

    // MARK: The script

    /// The script ends the turn itself.
    func claim() {
        let isNew = state.withLock { state in
            defer { state.isClaimed = true }
            state.watch = nil
            return !state.isClaimed
        }
        if isNew { onStep() }
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
}

extension Turn.State {
    /// Wakes whom a change of the log wakes.
    mutating func wake(_ wakes: TurnLog.Wakes?) {
        guard let wakes else { return }
        for reader in wakes.readers { news.removeValue(forKey: reader)?.set(()) }
        if log.end != nil { noteShown() }
        guard wakes.writers else { return }
        room?.set(())
        room = nil
    }

    /// Whether the turn goes on, and the owner has not shown all that was added.
    var hasUnshown: Bool {
        guard log.end == nil, let owner else { return false }
        return !log.isWaiting(owner)
    }

    /// Lets those go on who wait until all is shown.
    mutating func noteShown() {
        shown?.set(())
        shown = nil
    }
}
