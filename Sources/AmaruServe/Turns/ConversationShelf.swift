// Conversations in memory, for when there is no store.
// SPDX-License-Identifier: Apache-2.0

import AmaruStore

/// The conversations that were used last, up to a number and a size.
struct ConversationShelf {
    private let count: Int
    private let bytes: Int
    /// The one that was used last is last.
    private var all: [WholeConversation] = []

    init(count: Int, bytes: Int) {
        self.count = count
        self.bytes = bytes
    }

    subscript(id: String) -> WholeConversation? { all.last { $0.conversation.id == id } }

    /// The conversation that a turn is in.
    func conversation(of turn: Int64) -> String? {
        all.last { $0.turns.contains { $0.id == turn } }?.conversation.id
    }

    /// Adds or replaces a conversation, and forgets the oldest ones beyond the limits.
    mutating func put(_ whole: WholeConversation) {
        remove(whole.conversation.id)
        all.append(whole)
        var size = all.reduce(0) { $0 + $1.size }
        while all.count > 1, all.count > count || size > bytes {
            // Of the user who fills the shelf, if there is another one than what is put.
            let owner = whole.conversation.owner
            let own = all.dropLast().firstIndex { $0.conversation.owner == owner }
            size -= all.remove(at: own ?? all.startIndex).size
        }
    }

    mutating func change(_ id: String, _ body: (inout WholeConversation) -> Void) {
        guard var whole = self[id] else { return }
        body(&whole)
        put(whole)
    }

    mutating func remove(_ id: String) { all.removeAll { $0.conversation.id == id } }

    /// The conversations that have turns, the one that was changed last first.
    func list(in scope: ConversationScope, before time: Double?) -> [Conversation] {
        all.filter { scope.contains($0.conversation) && !$0.turns.isEmpty }.map(\.conversation)
            .filter { $0.changed < time ?? .infinity }.sorted { $0.changed > $1.changed }
    }

    /// Those with a turn in which all words occur.
    func search(_ words: [String], in scope: ConversationScope) -> [Conversation] {
        list(in: scope, before: nil).filter { conversation in
            self[conversation.id]?.turns.contains { turn in
                let text = "\(turn.question)\n\(turn.answer)".lowercased()
                return words.allSatisfy { text.contains($0.lowercased()) }
            } ?? false
        }
    }
}

extension WholeConversation {
    /// What it takes in memory, in bytes.
    fileprivate var size: Int {
        turns.reduce(256) { $0 + $1.question.utf8.count + $1.answer.utf8.count + 256 }
    }

    /// The other answers to a turn's question, and the other questions in its place.
    func versions(of turn: StoredTurn) -> (answers: [Int64], questions: [Int64]) {
        let all = turns.filter { $0.parent == turn.parent }
        var newest: [(question: String, id: Int64)] = []
        for other in all {
            if let index = newest.firstIndex(where: { $0.question == other.question }) {
                newest[index].id = other.id
            } else {
                newest.append((other.question, other.id))
            }
        }
        return (
            all.filter { $0.question == turn.question }.map(\.id),
            newest.map { $0.question == turn.question ? turn.id : $0.id }
        )
    }

    /// The last turn of the newest branch that a turn is on.
    func end(below turn: Int64) -> Int64 {
        var end = turn
        // A file that others have written may lead in a circle.
        for _ in turns {
            guard let next = turns.last(where: { $0.parent == end }) else { break }
            end = next.id
        }
        return end
    }
}
