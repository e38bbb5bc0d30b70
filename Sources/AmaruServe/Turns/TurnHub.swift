// Conversations and turns as things that clients name, and that outlive them.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
import AmaruStore

/// Owns the turns of all clients: a client that leaves stops nothing, and one that comes back goes
/// on where it was.
///
/// ```swift
/// let hub = TurnHub(configuration)
/// let id = try await hub.addConversation(owner: "local")
/// let message = NewTurn(message: "Who was Amaru?", request: "1")
/// let (turn, _) = try await hub.begin(message, in: id, owner: "local")
/// let source = try await hub.source(of: turn, owner: "local")
/// ```
///
/// Each answer is read to its end and kept, whether or not a client watches. What belongs to
/// another owner is refused as if it did not exist.
package actor TurnHub {
    let configuration: HubConfiguration
    let store: StoreWriter?
    private let recorder: TurnRecorder?
    var shelf: ConversationShelf
    /// The turns that are open, and those that have ended last.
    var live: [Int64: LiveTurn] = [:]
    /// The live turns that have ended, the oldest first.
    private var ended: [Int64] = []
    private var requests: [RequestKey: Task<Int64, any Error>] = [:]
    /// The conversations that are being removed.
    var removing: Set<String> = []
    private var isEnding = false
    private var shares: FairShare

    package init(_ configuration: HubConfiguration) {
        self.configuration = configuration
        store = configuration.store
        recorder = store.map { TurnRecorder($0, vault: configuration.vault) }
        let limits = configuration.limits
        shelf = ConversationShelf(count: limits.conversations, bytes: limits.conversationBytes)
        shares = FairShare(of: limits.openTurns)
    }

    func scope(of owner: String) -> ConversationScope {
        // What the user of the machine has said in a terminal is theirs here too.
        ConversationScope(
            owner: owner == AccessTokens.singleOwner ? nil : owner,
            script: configuration.script
        )
    }

    // MARK: Turns that are kept

    /// Opens a turn in a conversation; the same request again returns the same turn.
    ///
    /// - Returns: The turn, and whether it is new.
    /// - Throws: ``HubError``.
    package func begin(
        _ new: NewTurn,
        in conversation: String,
        owner: String
    ) async throws -> (turn: Int64, isNew: Bool) {
        let key = RequestKey(owner: owner, conversation: conversation, name: new.request)
        if let making = requests[key] { return (try await making.value, false) }
        let isNew = Outcome()
        let making = Task { try await make(new, key, isNew) }
        requests[key] = making
        do {
            let id = try await making.value
            // A turn of another server may be removed without a word to this one.
            if own(id) == nil { requests[key] = nil }
            return (id, isNew.value)
        } catch {
            requests[key] = nil
            throw error
        }
    }

    private func make(_ new: NewTurn, _ key: RequestKey, _ isNew: Outcome) async throws -> Int64 {
        // Another server may have moved the head, or may not have written yet that its turn has
        // ended.
        for _ in 0..<Self.attempts {
            if let made = try await tryToMake(new, key, isNew) { return made }
            try? await Task.sleep(for: Self.pause)
        }
        throw HubError.isAnswered
    }

    private static let (attempts, pause) = (10, Duration.milliseconds(100))

    /// Opens a turn; nil if another server has done something in its place.
    private func tryToMake(
        _ new: NewTurn,
        _ key: RequestKey,
        _ isNew: Outcome
    ) async throws -> Int64? {
        var whole = try await whole(key.conversation, owner: key.owner)
        if let known = whole.turns.first(where: { $0.request == key.stored }) { return known.id }
        guard !isEnding else { throw HubError.ending }
        guard !removing.contains(key.conversation) else { throw HubError.unknown }
        // Nothing is awaited from here on: two messages at once must not both go on from one turn.
        // In a shared store the reservation sees to that.
        let parent = try parent(of: new, in: whole)
        let asked = try asked(new.model)
        let model = asked?.model ?? configuration.model
        let now = TurnRecorder.now
        var stored = StoredTurn(parent: parent, question: new.message, model: model, at: now)
        stored.request = key.stored
        stored.server = asked?.server ?? configuration.server
        (whole.conversation.model, whole.conversation.server) = (model, stored.server)
        let question = ServedQuestion(
            question: new.message,
            history: whole.path(to: parent).filter { !$0.answer.isEmpty }.map {
                ChatExchange(question: $0.question, answer: $0.answer)
            },
            attachments: new.attachments,
            model: asked?.name
        )
        if whole.turns.isEmpty, whole.conversation.title.isEmpty {
            whole.conversation.title = Conversation.title(of: new.message)
        }
        if let recorder, store?.isShared == true {
            let isNext = new.place == .head
            let known = try await reserve(stored, in: whole.conversation, isNext, recorder)
            guard known == stored.id else { return known }
        }
        let turn: Turn
        do throws(HubError) {
            turn = try shared(by: key.owner) { () throws(HubError) in
                guard !isEnding else { throw .ending }
                return try open(question, in: key.conversation)
            }
        } catch {
            if store?.isShared == true { recorder?.withdraw(stored, from: whole.conversation) }
            throw error
        }
        whole.turns.append(stored)
        (whole.conversation.head, whole.conversation.changed) = (stored.id, now)
        keep(whole)
        let opened = LiveTurn(stored, turn, in: key.conversation, key)
        live[stored.id] = opened
        isNew.value = true
        let recording = recorder?.record(
            turn,
            as: stored,
            in: whole.conversation,
            model: { model },
            until: opened.ended,
            at: { opened.endTime }
        )
        follow(opened, recording)
        return stored.id
    }

    private func parent(of new: NewTurn, in whole: WholeConversation) throws -> Int64? {
        var parent: Int64?
        switch new.place {
        case .head:
            parent = whole.conversation.head
            let isDouble = live.values.contains {
                $0.isOpen && !$0.isMirror && $0.conversation == whole.conversation.id
                    && $0.parent == parent
            }
            if isDouble { throw HubError.isAnswered }
        case .beginning: parent = nil
        case .after(let turn):
            guard whole.turns.contains(where: { $0.id == turn }) else { throw HubError.unknown }
            parent = turn
        }
        if let parent, own(parent)?.isOpen == true { throw HubError.isAnswered }
        return parent
    }

    /// Reads a turn as its owner, so that it is answered whether or not anybody watches.
    private func follow(_ opened: LiveTurn, _ recording: Task<Void, Never>?) {
        let limit = configuration.limits.turn
        Task.detached { [self] in
            do {
                for try await _ in opened.turn where opened.turn.textSize > limit {
                    opened.turn.cancel(because: Self.tooLong)
                }
            } catch {
                // A turn's failure is its end, which viewers are told.
            }
            opened.noteEnd()
            await hasEnded(opened)
            await recording?.value
            opened.isSettled.set(())
        }
    }

    private static let tooLong = ChatFailure(
        code: "too_long",
        message: "the answer is too long to be kept",
        remedy: "ask for less at once"
    )

    private func hasEnded(_ opened: LiveTurn) {
        let now = TurnRecorder.now
        shelf.change(opened.conversation) { whole in
            whole.conversation.changed = now
            guard let index = whole.turns.firstIndex(where: { $0.id == opened.id }) else { return }
            whole.turns[index].take(opened)
        }
        ended.append(opened.id)
        forgetOldest()
    }

    private func forgetOldest() {
        let limits = configuration.limits
        var size = ended.reduce(0) { $0 + (live[$1]?.turn.size ?? 0) }
        while let oldest = ended.first, ended.count > limits.endedTurns || size > limits.endedBytes
        {
            size -= live[oldest]?.turn.size ?? 0
            forget(oldest)
        }
    }

    /// Forgets the log of a turn; the store has it, or the shelf has its text.
    func forget(_ id: Int64) {
        ended.removeAll { $0 == id }
        if let turn = live.removeValue(forKey: id) { requests[turn.request] = nil }
    }

    /// Where to read a turn, whichever server answers it.
    ///
    /// - Throws: ``HubError``.
    package func source(of id: Int64, owner: String) async throws -> FollowedTurn {
        if let turn = live[id] {
            guard turn.owner == owner else { throw HubError.unknown }
            return .live(turn)
        }
        guard let place = try await conversation(of: id),
            let turn = try await whole(place, owner: owner).turns.first(where: { $0.id == id })
        else { throw HubError.unknown }
        if turn.state == .running, let replica = configuration.replica {
            return .live(try await mirror(turn, in: place, owner: owner, replica))
        }
        let log = try await read { store throws(StoreError) in try store.log(of: id) }
        return .stored(turn, log ?? [])
    }

    /// Stops a turn, whichever server answers it; one that has ended stays as it is.
    ///
    /// - Throws: ``HubError`` if the turn does not exist, or only another program can stop it.
    package func stop(_ id: Int64, owner: String) async throws {
        switch try await source(of: id, owner: owner) {
        case .live(let turn) where !turn.isMirror: turn.turn.cancel()
        case _ where store?.isShared == true:
            _ = try await read { store throws(StoreError) in try store.requestStop(of: id) }
        case .stored(let turn, _) where turn.state == .running: throw HubError.answeredElsewhere
        default: break
        }
    }

    /// Opens a turn within the share of a user.
    ///
    /// - Throws: ``HubError`` if the user has as many as are left for others.
    func shared(by owner: String, _ open: () throws(HubError) -> Turn) throws(HubError) -> Turn {
        guard shares.allows(owner) else { throw .busy }
        let turn = try open()
        shares.take(for: owner) { [weak turn] in turn.map { $0.end == nil } ?? false }
        return turn
    }

    // MARK: Turns that are not kept

    /// Opens a turn that is not kept; its reader owns it.
    ///
    /// - `conversation`: The conversation that it belongs to, if any.
    /// - Throws: ``HubError`` if too many messages wait.
    nonisolated func open(
        _ question: ServedQuestion,
        in conversation: String?
    ) throws(HubError) -> Turn {
        let key = configuration.key()
        let turn = configuration.backend.send(question, key: key, in: conversation)
        if case .failed(let failure) = turn.end, failure.code == "busy" { throw .busy }
        return turn
    }

    // MARK: End

    /// Ends all turns as interrupted, and waits until that is written, at most this long.
    package func end(within limit: Duration) async {
        isEnding = true
        configuration.replica?.end()
        let open = live.values.filter { $0.isOpen && !$0.isMirror }
        for turn in open { turn.turn.cancel(because: Self.interrupted) }
        let settled = Task { for turn in open { try? await turn.isSettled.wait() } }
        await store?.finish(behind: settled, within: limit)
        settled.cancel()
    }

    static let interrupted = ChatFailure(
        code: TurnRecorder.interruption,
        message: "the server was stopped while this was being answered",
        remedy: "send the message again"
    )
}

/// Whether a turn was made; touched by the hub alone.
private final class Outcome: @unchecked Sendable {
    // Safe because the hub's actor writes it before, and reads it after, the task that it waits for.
    var value = false
}
