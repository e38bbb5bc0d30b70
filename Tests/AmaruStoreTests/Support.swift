// A store in a folder of its own, and files to look into.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation

@testable import AmaruStore

/// A place for a store that is removed with the value.
struct StorePlace {
    let folder: TemporaryFolder
    var path: String { folder.url.appending(path: "amaru/conversations.db").path }

    init() throws { folder = try TemporaryFolder() }

    func open() throws -> ConversationStore { try ConversationStore(creating: path) }

    /// Whether any file of the store holds a text.
    func holds(_ text: String) throws -> Bool {
        let place = folder.url.appending(path: "amaru")
        let names = try FileManager.default.subpathsOfDirectory(atPath: place.path)
        return names.contains { name in
            let contents = FileManager.default.contents(atPath: place.appending(path: name).path)
            return contents?.range(of: Data(text.utf8)) != nil
        }
    }

    func permissions(of name: String) throws -> Int? {
        let file = folder.url.appending(path: name).path
        return try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
    }
}

extension ConversationStore {
    /// Adds a conversation whose turns follow each other; returns it as it is kept.
    @discardableResult
    func add(
        _ exchanges: [(question: String, answer: String)],
        at time: Double = 1000
    ) throws -> WholeConversation {
        let title = Conversation.title(of: exchanges[0].question)
        let conversation = Conversation(title: title, model: "small", at: time)
        var parent: Int64?
        for (index, exchange) in exchanges.enumerated() {
            let now = time + Double(index)
            let turn = StoredTurn(
                parent: parent,
                question: exchange.question,
                model: "small",
                at: now
            )
            try begin(turn, in: conversation)
            let event = StoredEvent(seq: 0, kind: "text", data: exchange.answer, time: now)
            try append([event], to: turn.id)
            try end(
                turn.id,
                as: .finished,
                reason: "stop",
                model: "small",
                usage: (prompt: 1, completion: 2),
                at: now
            )
            parent = turn.id
        }
        guard let whole = try load(conversation.id) else { throw CancellationError() }
        return whole
    }
}
