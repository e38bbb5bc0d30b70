// What the store keeps, finds, moves and forgets.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct ConversationStoreTests {
    let place: StorePlace

    init() throws { place = try StorePlace() }

    @Test func `What was said comes back as it was`() throws {
        let store = try place.open()
        let exchanges = [
            (question: "Who was Amaru?", answer: "A \"serpent\"\u{0}\n日本語 👩‍👩‍👧"),
            (question: "", answer: ""),
        ]
        let whole = try store.add(exchanges)
        let again = try #require(
            try ConversationStore.existing(at: place.path)?.load(whole.conversation.id)
        )
        #expect(again == whole)
        #expect(again.branch.map(\.question) == exchanges.map(\.question))
        #expect(again.branch.map(\.answer) == exchanges.map(\.answer))
        #expect(again.branch.map(\.state) == [.finished, .finished])
        #expect(again.branch.first?.completionTokens == 2)
        #expect(again.conversation.head == again.turns.last?.id)
    }

    @Test func `Only the user can read the file and its folder`() throws {
        let folder = place.folder.url.appending(path: "amaru")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        #expect(chmod(folder.path, 0o755) == 0)
        let store = try place.open()
        try store.add([("a", "b")])
        #expect(try place.permissions(of: "amaru") == 0o700)
        for name in ["conversations.db", "conversations.db-wal", "conversations.db-shm"] {
            #expect(try place.permissions(of: "amaru/\(name)") == 0o600, "\(name)")
        }
    }

    @Test func `The list is in the order of the last messages, and may be cut`() throws {
        let store = try place.open()
        for time in [3000.0, 1000, 2000] { try store.add([("at \(time)", "x")], at: time) }
        #expect(try store.list().map(\.title) == ["at 1000.0", "at 2000.0", "at 3000.0"])
        #expect(try store.list(atMost: 2).map(\.title) == ["at 2000.0", "at 3000.0"])
        #expect(try store.latest(isBuiltIn: true) == store.list().last?.id)
    }

    @Test func `An id is found by its beginning`() throws {
        let store = try place.open()
        let ids = try (0..<50).map { try store.add([("\($0)", "x")]).conversation.id }
        let id = try #require(ids.first)
        #expect(try store.identifiers(beginningWith: id) == [id])
        let alike = ids.filter { $0.hasPrefix(id.prefix(1)) }.sorted().prefix(5)
        #expect(try store.identifiers(beginningWith: String(id.prefix(1))) == Array(alike))
        for word in ["", "*", "?", "[a-z]", "'", "xyz-xyz"] {
            #expect(try store.identifiers(beginningWith: word) == [], "\(word)")
        }
        #expect(ids.allSatisfy(Conversation.isID))
        for word in ["hello", "What", "2nd", "a1b", "1234567890x", "a1b2 c"] {
            #expect(!Conversation.isID(word), "\(word)")
        }
        for word in [id.uppercased(), "\(id)x", "nosuchid00", "2024", "y2h"] {
            #expect(Conversation.resemblesID(word), "\(word)")
        }
        for word in ["hello", "1st", "MP3", "234", "abc", "3d", "1234567890xy", "a1b2 c", "größe2"]
        {
            #expect(!Conversation.resemblesID(word), "\(word)")
        }
    }

    @Test(arguments: [
        ("serp", 1), ("SERPENT", 1), ("serpent amaru", 1), ("resume", 1), ("日本", 1), ("本語", 1),
        ("100%", 1), ("other", 0), ("serpent other", 0), ("\"", 0), ("NEAR(", 0), ("a* OR", 0),
        ("-", 0), ("_", 0), ("erpen", 1),
    ])
    func `Words are found by their beginnings, and anywhere if that finds none`(
        _ words: String,
        _ count: Int
    ) throws {
        let store = try place.open()
        try store.add([("Who was Amaru?", "A serpent. résumé, 日本語 in 100% of cases")])
        try store.add([("Something else", "without any of it")])
        let parts = words.split(separator: " ").map(String.init)
        #expect(try store.search(parts, atMost: 10).count == count)
    }

    @Test func `What was deleted is neither found nor in the file`() throws {
        let store = try place.open()
        let secret = try store.add([("about xylophones", "xylophones are loud")])
        try store.add([("about drums", "drums are louder")])
        #expect(try place.holds("xylophones"))
        #expect(try store.delete([secret.conversation.id, "none"]) == 1)
        #expect(try store.search(["xylophones"], atMost: 1).isEmpty)
        #expect(try store.search(["drums"], atMost: 1).count == 1)
        #expect(try !place.holds("xylophone"))
        #expect(try store.deleteAll() == 1)
        #expect(try store.list().isEmpty)
    }

    @Test func `A conversation of thousands of turns is deleted`() throws {
        let store = try place.open()
        let conversation = Conversation(title: "long", model: "m", at: 1)
        var whole = WholeConversation(conversation: conversation, turns: [])
        for index in 0..<2500 {
            var turn = StoredTurn(
                parent: whole.turns.last?.id,
                question: "q\(index)",
                model: "m",
                at: Double(index)
            )
            turn.state = .finished
            whole.turns.append(turn)
        }
        whole.conversation.head = whole.turns.last?.id
        #expect(try store.insert(whole))
        #expect(try store.load(conversation.id)?.branch.count == 2500)
        #expect(try store.delete([conversation.id]) == 1)
        #expect(try store.database.number("SELECT count(*) FROM turn") == 0)
    }

    @Test func `A conversation that is there already is not added again`() throws {
        let store = try place.open()
        let whole = try store.add([("a", "b"), ("c", "d")])
        #expect(try !store.insert(whole))
        var copy = WholeConversation(
            conversation: Conversation(title: "copy", model: "m", at: 1),
            turns: whole.turns
        )
        copy.conversation.head = whole.conversation.head
        #expect(try store.insert(copy))
        let kept = try #require(try store.load(copy.conversation.id))
        #expect(kept.branch.map(\.question) == ["a", "c"])
        #expect(Set(kept.turns.map(\.id)).isDisjoint(with: whole.turns.map(\.id)))
        #expect(try store.load(whole.conversation.id) == whole)
    }

    @Test(arguments: [
        ("", ""), ("  one\n two ", "one two"),
        (
            String(repeating: "word ", count: 40),
            "word word word word word word word word word word word word …"
        ),
        (String(repeating: "x", count: 100), String(repeating: "x", count: 60) + "…"),
    ])
    func `A title is the beginning of the first message`(_ message: String, _ title: String) {
        #expect(Conversation.title(of: message) == title)
    }
}
