// A conversation with all of its turns: a tree.
// SPDX-License-Identifier: Apache-2.0

/// A conversation, its turns, and the branch that it is on.
package struct WholeConversation: Sendable, Equatable {
    package var conversation: Conversation
    /// All turns, those of other branches too, in the order that they began.
    package var turns: [StoredTurn]
    /// The parts of a turn's log that are not its answer, if they were asked for.
    package var notes: [Int64: [StoredEvent]] = [:]

    package init(conversation: Conversation, turns: [StoredTurn]) {
        self.conversation = conversation
        self.turns = turns
    }

    /// The turns from the first one to the head.
    package var branch: [StoredTurn] { path(to: conversation.head) }

    /// The turns from the first one to a turn.
    package func path(to last: Int64?) -> [StoredTurn] {
        let known = Dictionary(turns.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var path: [StoredTurn] = []
        var next = last
        // A file that others have written may lead in a circle.
        while let id = next, let turn = known[id], path.count < turns.count {
            path.append(turn)
            next = turn.parent
        }
        return path.reversed()
    }

    /// The last turn of each branch, in the order that they began.
    package var ends: [StoredTurn] {
        let parents = Set(turns.compactMap(\.parent))
        return turns.filter { !parents.contains($0.id) }
    }

    /// The turns, parents first, with new numbers in place of those that are taken.
    mutating func freeIDs(isTaken: (Int64) -> Bool) {
        var names: [Int64: Int64] = [:]
        for turn in turns where isTaken(turn.id) { names[turn.id] = StoredTurn.newID() }
        guard !names.isEmpty else { return }
        turns = turns.map { turn in
            let parent = turn.parent.map { names[$0] ?? $0 }
            return turn.moved(to: names[turn.id] ?? turn.id, below: parent)
        }
        conversation.head = conversation.head.map { names[$0] ?? $0 }
        notes = Dictionary(
            notes.map { (names[$0.key] ?? $0.key, $0.value) },
            uniquingKeysWith: { first, _ in first }
        )
    }

    /// Whether every parent comes before its turns, and the head is one of them.
    package var isTree: Bool {
        var seen: Set<Int64> = []
        for turn in turns {
            guard turn.parent.map(seen.contains) ?? true, seen.insert(turn.id).inserted else {
                return false
            }
        }
        return conversation.head.map(seen.contains) ?? true
    }
}

extension StoredTurn {
    func moved(to id: Int64, below parent: Int64?) -> StoredTurn {
        var turn = StoredTurn(
            id: id,
            parent: parent,
            question: question,
            model: model,
            at: started
        )
        turn.server = server
        turn.files = files
        turn.answer = answer
        turn.state = state
        turn.reason = reason
        turn.promptTokens = promptTokens
        turn.completionTokens = completionTokens
        turn.ended = ended
        return turn
    }
}
