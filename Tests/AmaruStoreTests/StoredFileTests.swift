// The files of questions, and stores of the version before them.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct StoredFileTests {
    let place: StorePlace

    init() throws { place = try StorePlace() }

    /// Adds turns of one conversation, each with files.
    private func add(_ all: [[StoredFile]], to store: ConversationStore) throws -> String {
        let conversation = Conversation(title: "files", model: "small", at: 1)
        var parent: Int64?
        for (index, files) in all.enumerated() {
            var turn = StoredTurn(
                parent: parent,
                question: "\(index)",
                model: "small",
                at: Double(index)
            )
            turn.files = files
            try store.begin(turn, in: conversation)
            parent = turn.id
        }
        return conversation.id
    }

    private func files(_ store: ConversationStore, _ id: String) throws -> [[StoredFile]] {
        var whole = try #require(try store.load(id))
        #expect(whole.turns.flatMap(\.files).allSatisfy { $0.bytes == nil })
        try store.fetchFiles(of: &whole.turns)
        return whole.turns.map(\.files)
    }

    @Test func `Files come back in order, and one that is sent again is kept once`() throws {
        let store = try place.open()
        let one = StoredFile(name: "a", mediaType: "text/plain", bytes: [0, 1, 255])
        let two = StoredFile(name: "b", mediaType: "image/png", bytes: [])
        let id = try add([[one, two], [two, one], []], to: store)
        #expect(try files(store, id) == [[one, two], [two, one], []])
        #expect(try store.database.number("SELECT count(*) FROM file") == 2)
        try store.delete([id])
        #expect(try store.database.number("SELECT count(*) FROM file") == 0)
        #expect(try store.database.number("SELECT count(*) FROM attachment") == 0)
    }

    @Test func `A file that another conversation has sent stays when one is deleted`() throws {
        let store = try place.open()
        let file = StoredFile(name: "a", mediaType: "text/plain", bytes: [1])
        let first = try add([[file]], to: store)
        let second = try add([[file]], to: store)
        try store.delete([first])
        #expect(try files(store, second) == [[file]])
    }

    @Test func `Of what is over the bounds the name and the size are kept`() throws {
        let store = try place.open()
        let large = StoredFile(
            name: "large",
            mediaType: "text/plain",
            bytes: Array(repeating: 1, count: StoredFile.bound + 1)
        )
        let rest = (0..<3).map { number in
            let bytes = Array(repeating: UInt8(number), count: StoredFile.bound)
            return StoredFile(name: "\(number)", mediaType: "text/plain", bytes: bytes)
        }
        let kept = try files(store, add([[large] + rest], to: store))[0]
        #expect(kept.map(\.name) == ["large", "0", "1", "2"])
        #expect(kept.map { $0.bytes?.count } == [nil, StoredFile.bound, StoredFile.bound, nil])
        #expect(kept.map(\.size) == [large.size] + rest.map(\.size))
    }

    // MARK: Older stores

    /// Makes a store of the first version, with one conversation.
    private func makeFirst() throws {
        try StoreFile(path: place.path).make()
        let database = try Database(place.path, for: .write)
        try database.script("PRAGMA journal_mode = WAL")
        try database.script(Schema.migrations[0])
        try database.script(
            """
            PRAGMA user_version = 1;
            PRAGMA application_id = \(Schema.application);
            INSERT INTO conversation
                (id, title, model, created, changed, head, server, system)
            VALUES ('2aaaaaaaaa', 'old', 'small', 1, 2, 1, 'http://one/v1', '');
            INSERT INTO turn (id, conversation, state, model, started, question, answer,
                prompt_tokens, completion_tokens)
            VALUES (1, '2aaaaaaaaa', 'finished', 'small', 1, 'who', 'a serpent', 3, 4);
            """
        )
    }

    @Test func `A store of the first version is brought up to date, with all that it has`() throws {
        try makeFirst()
        let store = try place.open()
        #expect(try store.database.number("PRAGMA user_version") == Schema.version)
        let whole = try #require(try store.load("2aaaaaaaaa"))
        #expect(whole.branch.map(\.answer) == ["a serpent"])
        #expect(whole.branch.map(\.server) == [""])
        #expect(try store.search(["serp"], atMost: 5).count == 1)
        // The server of a turn of then is that of the conversation.
        #expect(try store.usage().map(\.server) == ["http://one/v1"])
        let file = StoredFile(name: "a", mediaType: "text/plain", bytes: [1])
        #expect(try files(store, add([[file]], to: store)) == [[file]])
        #expect(try ConversationStore.existing(at: place.path)?.list().count == 2)
    }

    @Test func `A store of the first version that cannot be changed is read as it is`() throws {
        try makeFirst()
        let before = FileManager.default.contents(atPath: place.path)
        try check(try #require(try ConversationStore.toRead(at: place.path)))
        #expect(FileManager.default.contents(atPath: place.path) == before)
    }

    private func check(_ store: ConversationStore) throws {
        let whole = try #require(try store.load("2aaaaaaaaa"))
        #expect(whole.branch.map(\.answer) == ["a serpent"])
        #expect(whole.branch[0].files.isEmpty)
        #expect(try store.search(["serp"], atMost: 5).count == 1)
        #expect(try store.usage().map(\.prompt) == [3])
        #expect(try store.log(of: 1).isEmpty)
    }
}
