// What is kept of conversations: values.
// SPDX-License-Identifier: Apache-2.0

/// A conversation without its turns.
package struct Conversation: Sendable, Equatable {
    package let id: String
    package var title: String
    /// The model that was asked last.
    package var model: String
    /// The script that conversed; nil for the chat that is built in.
    package var script: String?
    /// Its owner; nil for the user of the machine.
    package var owner: String?
    package var server = ""
    package var system = ""
    /// Seconds since 1970.
    package var created: Double
    package var changed: Double
    /// The turn that the next one follows.
    package var head: Int64?

    package init(id: String = newID(), title: String, model: String, at time: Double) {
        self.id = id
        self.title = title
        self.model = model
        (created, changed) = (time, time)
    }

    init(
        id: String,
        title: String,
        model: String,
        script: String?,
        created: Double,
        changed: Double
    ) {
        self.id = id
        self.title = title
        self.model = model
        self.script = script
        self.created = created
        self.changed = changed
    }
}

/// The conversations that a user may see: those of one owner, with one script.
package struct ConversationScope: Sendable, Hashable {
    /// Nil for the user of the machine.
    package var owner: String?
    /// Nil for the chat that is built in.
    package var script: String?

    package init(owner: String?, script: String?) {
        self.owner = owner
        self.script = script
    }

    /// Whether a conversation is in the scope.
    package func contains(_ conversation: Conversation) -> Bool {
        conversation.owner == owner && conversation.script == script
    }
}

/// A question, and what came of it.
package struct StoredTurn: Sendable, Equatable {
    package enum State: String, Sendable {
        case running, finished
        /// The user has stopped it.
        case stopped
        /// The process has ended under it.
        case interrupted
        case failed
    }

    package let id: Int64
    /// The turn that it follows; nil for the first one.
    package let parent: Int64?
    package let question: String
    /// What the client calls the request, so that a repeated one makes no second turn; unique.
    package var request: String?
    package var answer = ""
    package var model: String
    /// The base URL that was asked; empty for the model on this machine, and if it is not known.
    package var server = ""
    /// The files that went with the question.
    package var files: [StoredFile] = []
    package var state = State.running
    /// The model's reason to end, or what failed.
    package var reason = ""
    package var promptTokens: Int?
    package var completionTokens: Int?
    package var started: Double
    package var ended: Double?

    package init(
        id: Int64 = newID(),
        parent: Int64?,
        question: String,
        model: String,
        at time: Double
    ) {
        self.id = id
        self.parent = parent
        self.question = question
        self.model = model
        started = time
    }

    /// A number that no other turn has, and that JavaScript can hold.
    package static func newID() -> Int64 { Int64.random(in: 1..<(1 << 53)) }
}

/// An entry of a turn's log.
package struct StoredEvent: Sendable, Equatable {
    package let seq: Int
    package let kind: String
    /// Text; for what has several parts a JSON object.
    package let data: String
    package let time: Double

    package init(seq: Int, kind: String, data: String, time: Double) {
        self.seq = seq
        self.kind = kind
        self.data = data
        self.time = time
    }
}

// Identifiers.
extension Conversation {
    /// Digits and lower-case letters that are not mistaken for each other.
    private static let alphabet = Array("23456789abcdefghjkmnpqrstuvwxyz")
    private static let length = 10

    /// An identifier that no other conversation has; a digit among its first letters tells it from
    /// a word.
    package static func newID() -> String {
        var letters = (0..<length).compactMap { _ in alphabet.randomElement() }
        letters[Int.random(in: 0..<4)] = alphabet.prefix(8).randomElement() ?? "2"
        return String(letters)
    }

    /// Whether a word may be the beginning of an identifier, and is hardly anything else.
    package static func isID(_ word: String) -> Bool {
        (4...length).contains(word.count) && word.allSatisfy { alphabet.contains($0) }
            && word.prefix(4).contains { $0.isNumber }
    }

    /// Whether a short word may be the beginning of an identifier, and is no number.
    package static func mayBeginID(_ word: String) -> Bool {
        word.allSatisfy { alphabet.contains($0) } && word.contains { $0.isNumber }
            && word.contains { $0.isLetter }
    }

    /// Whether a word looks like the beginning of an identifier, perhaps with a typing error in it
    /// if it has more than three characters.
    package static func resemblesID(_ word: String) -> Bool {
        if word.count == 3 { return mayBeginID(word) }
        return (4...length + 1).contains(word.count) && word.contains { $0.isNumber }
            && word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber) }
    }
}

// Titles.
extension Conversation {
    private static let titleLength = 60

    /// The beginning of a first message, on one line, cut between two words.
    package static func title(of message: String) -> String {
        // No more of it than may be needed: it may hold megabytes.
        let words = message.prefix(1000).split(whereSeparator: \.isWhitespace)
        var title = ""
        for word in words {
            let longer = title.isEmpty ? String(word) : "\(title) \(word)"
            if longer.count > titleLength {
                return title.isEmpty ? word.prefix(titleLength) + "…" : title + " …"
            }
            title = longer
        }
        return title
    }
}
