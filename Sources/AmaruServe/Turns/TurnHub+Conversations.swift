// The conversations of an owner.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruEnvironment
import AmaruHTTP
package import AmaruStore

extension TurnHub {
    /// The longest title that a client may give.
    private static let titleLength = 200
    /// How long the end of an answer is waited for.
    private static let patience = Duration.seconds(5)

    /// Whether what this process knows is newer than what its file has.
    private var isWritingLate: Bool { store.map { !$0.isShared && !$0.isUp } ?? false }

    /// Makes a conversation, which is listed once something is said in it.
    ///
    /// - Throws: ``HubError``.
    package func addConversation(owner: String) async throws(HubError) -> String {
        var made = Conversation(title: "", model: configuration.model, at: TurnRecorder.now)
        let scope = scope(of: owner)
        (made.owner, made.script) = (scope.owner, scope.script)
        (made.server, made.system) = (configuration.server, configuration.system)
        keep(WholeConversation(conversation: made, turns: []))
        if store?.isShared == true {
            try await write { [made] store throws(StoreError) in try store.add(made) }
        }
        return made.id
    }

    /// The conversations that were changed last, or in which all words occur.
    ///
    /// - Parameters:
    ///   - words: What to look for; nothing for all.
    ///   - time: Only those that were changed before this.
    ///   - count: How many to return.
    ///   - owner: The user whose conversations are listed.
    /// - Returns: Those, and whether there are more.
    /// - Throws: ``HubError``.
    package func conversations(
        with words: [String] = [],
        before time: Double? = nil,
        atMost count: Int,
        owner: String
    ) async throws(HubError) -> (found: [Conversation], areMore: Bool) {
        let scope = scope(of: owner)
        let kept: [Conversation]? = try await read { store throws(StoreError) in
            guard !words.isEmpty else {
                return try store.list(in: scope, before: time, atMost: count + 1)
            }
            return try store.search(words, in: scope, atMost: count + 1).map(\.conversation)
        }
        var all = kept ?? []
        if kept == nil || isWritingLate {
            let own =
                words.isEmpty
                ? shelf.list(in: scope, before: time) : shelf.search(words, in: scope)
            let names = Set(own.map(\.id))
            all = (own + all.filter { !names.contains($0.id) }).sorted { $0.changed > $1.changed }
        }
        return (Array(all.prefix(count)), all.count > count)
    }

    /// A conversation with all of its turns.
    ///
    /// - Throws: ``HubError`` if it does not exist, or belongs to another owner.
    package func whole(_ id: String, owner: String) async throws(HubError) -> WholeConversation {
        var found = shelf[id]
        if let kept = try await read({ store throws(StoreError) in try store.load(id) }) {
            // One that has turns and is not in the store has been removed.
            let isNew = found?.turns.isEmpty == true
            if found == nil || !isWritingLate { found = kept ?? (isNew ? found : nil) }
            if let kept = found { found = await finishAbandoned(kept) }
        }
        guard var whole = found, scope(of: owner).contains(whole.conversation),
            !removing.contains(id)
        else { throw .unknown }
        // What was said a moment ago is not written yet.
        for turn in shelf[id]?.turns ?? [] where live[turn.id] != nil {
            if !whole.turns.contains(where: { $0.id == turn.id }) { whole.turns.append(turn) }
        }
        for index in whole.turns.indices {
            if let turn = own(whole.turns[index].id) { whole.turns[index].take(turn) }
        }
        return whole
    }

    /// A conversation of the file, whose turns are ended if the programs that answered them are
    /// gone.
    private func finishAbandoned(_ whole: WholeConversation) async -> WholeConversation {
        guard let store, !store.isShared, whole.turns.contains(where: isAbandoned) else {
            return whole
        }
        let id = whole.conversation.id
        do throws(StoreError) {
            let ended = try await store.perform { store throws(StoreError) in
                try store.finishInterrupted()
                return try store.load(id)
            }
            return ended ?? whole
        } catch {
            guard [.full, .unwritable].contains(error.code) else { return whole }
            // A program is gone, which cannot be written now. One that is not cannot write either.
            var whole = whole
            for index in whole.turns.indices where isAbandoned(whole.turns[index]) {
                whole.turns[index].state = .interrupted
            }
            return whole
        }
    }

    private func isAbandoned(_ turn: StoredTurn) -> Bool {
        turn.state == .running && live[turn.id] == nil
    }

    /// The offered model of a name; nil for the chat's own.
    ///
    /// - Throws: ``HubError`` for a name that is not offered.
    func asked(_ name: String?) throws(HubError) -> HubConfiguration.Offer? {
        guard let name, ![configuration.backend.model, configuration.model].contains(name) else {
            return nil
        }
        if let offer = configuration.offers.first(where: { $0.name == name }) { return offer }
        throw HubError(
            .model,
            "the model \(name) is not offered here",
            remedy: "choose another one"
        )
    }

    /// What clients call the model that has answered last in a conversation.
    nonisolated func modelName(in whole: WholeConversation) -> String {
        let model = whole.branch.last?.model ?? whole.conversation.model
        let server = whole.branch.last?.server ?? whole.conversation.server
        // That of the chat itself may have several names.
        if model == configuration.model, server.isEmpty || server == configuration.server {
            return configuration.backend.model ?? model
        }
        let offer = configuration.offers.first {
            $0.model == model && (server.isEmpty || $0.server == server)
        }
        // One that is not offered here must not be taken for the chat's own of the same name.
        return offer?.name ?? (model == configuration.model ? "\(model) (\(server))" : model)
    }

    /// The conversation that a turn is in.
    func conversation(of turn: Int64) async throws(HubError) -> String? {
        let kept: String?? = try await read { store throws(StoreError) in
            try store.conversation(of: turn)
        }
        return (kept ?? nil) ?? shelf.conversation(of: turn)
    }

    /// Where to read those turns of one conversation that are over.
    ///
    /// - Throws: ``HubError``.
    package func answers(to turns: [StoredTurn]) async throws(HubError) -> [Int64: FollowedTurn] {
        let over = turns.filter { $0.state != .running }
        var answers: [Int64: FollowedTurn] = [:]
        for turn in over { answers[turn.id] = own(turn.id).map { .live($0) } }
        let others = over.filter { answers[$0.id] == nil }
        let logs = try await read { store throws(StoreError) in
            try others.map { turn throws(StoreError) in try store.log(of: turn.id) }
        }
        for (index, turn) in others.enumerated() {
            answers[turn.id] = .stored(turn, logs?[index] ?? [])
        }
        return answers
    }

    /// A file of an answer, by how many came before it.
    ///
    /// - Throws: ``HubError`` if it does not exist, or the answer's files are no longer kept.
    func file(_ number: Int, of turn: Int64, owner: String) async throws -> Attachment {
        guard case .live(let live) = try await source(of: turn, owner: owner) else {
            throw HubError.forgotten
        }
        guard let file = live.turn.file(number) else { throw HubError.unknown }
        return file
    }

    /// Renames a conversation.
    ///
    /// - Throws: ``HubError``.
    package func rename(_ id: String, to title: String, owner: String) async throws(HubError) {
        let words = title.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        guard !words.isEmpty, words.count <= Self.titleLength else {
            throw HubError(.invalid, "a title has 1 to \(Self.titleLength) characters")
        }
        var whole = try await whole(id, owner: owner)
        let clean = TextRedactor.clean(words, of: configuration.vault)
        whole.conversation.title = clean
        keep(whole)
        try await write { store throws(StoreError) in try store.setTitle(of: id, to: clean) }
    }

    /// Shows the newest branch that a turn is on.
    ///
    /// - Throws: ``HubError``.
    package func show(_ turn: Int64, in id: String, owner: String) async throws(HubError) {
        var whole = try await whole(id, owner: owner)
        guard whole.turns.contains(where: { $0.id == turn }) else { throw .unknown }
        let head = whole.end(below: turn)
        whole.conversation.head = head
        keep(whole)
        let time = whole.conversation.changed
        try await write { store throws(StoreError) in
            try store.setHead(of: id, to: head, at: time)
        }
    }

    /// Stops what is answered in a conversation, and removes it for good.
    ///
    /// - Throws: ``HubError``.
    package func remove(_ id: String, owner: String) async throws(HubError) {
        _ = try await whole(id, owner: owner)
        // What waits to be written would bring it back.
        if isWritingLate, store?.hasFailed == false { throw .unwritable }
        removing.insert(id)
        defer { removing.remove(id) }
        let turns = live.values.filter { $0.conversation == id && !$0.isMirror }
        for turn in turns { turn.turn.cancel() }
        // Nothing is written of them afterwards; a shared store takes nothing of what is missing.
        if store?.isShared != true {
            for turn in turns {
                try? await abandonable(within: Self.patience) { try await turn.isSettled.wait() }
            }
        }
        // Other servers stop what they answer in it when they are notified.
        if let store, !store.hasFailed {
            do throws(StoreError) {
                _ = try await store.perform { store throws(StoreError) in try store.delete([id]) }
            } catch {
                throw store.isShared ? HubError.unavailable : HubError.unwritable
            }
        }
        for turn in turns { forget(turn.id) }
        shelf.remove(id)
    }
}
