// Conversations of several owners, and requests that are known again.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Testing

@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct OwnedConversationTests {
    let store: ConversationStore
    let place: StorePlace

    init() throws {
        place = try StorePlace()
        store = try place.open()
    }

    private func begin(
        _ question: String,
        owner: String?,
        script: String? = nil,
        request: String? = nil,
        at time: Double
    ) throws -> (conversation: String, turn: Int64) {
        var conversation = Conversation(title: question, model: "m", at: time)
        (conversation.owner, conversation.script) = (owner, script)
        var turn = StoredTurn(parent: nil, question: question, model: "m", at: time)
        turn.request = request
        try store.begin(turn, in: conversation)
        return (conversation.id, turn.id)
    }

    @Test func `A scope has the conversations of one owner with one script, the newest first`()
        throws
    {
        let first = try begin("serpent one", owner: "a", at: 1).conversation
        let second = try begin("serpent two", owner: "a", at: 2).conversation
        let mine = try begin("serpent mine", owner: nil, at: 3).conversation
        let scripted = try begin("serpent script", owner: "a", script: "/s", at: 4)
        try store.end(
            scripted.turn,
            as: .finished,
            reason: "",
            model: "",
            usage: nil,
            at: 5
        )
        let scope = ConversationScope(owner: "a", script: nil)
        #expect(try store.list(in: scope, before: nil, atMost: 9).map(\.id) == [second, first])
        #expect(try store.list(in: scope, before: nil, atMost: 1).map(\.id) == [second])
        #expect(try store.list(in: scope, before: 2, atMost: 9).map(\.id) == [first])
        let local = ConversationScope(owner: nil, script: nil)
        #expect(try store.list(in: local, before: nil, atMost: 9).map(\.id) == [mine])
        // By the index, and by looking through the texts.
        for word in ["serp", "erpen"] {
            let own = try store.search([word], in: local, atMost: 9)
            #expect(own.map(\.conversation.id) == [mine])
            let script = ConversationScope(owner: "a", script: "/s")
            let found = try store.search([word], in: script, atMost: 9)
            #expect(found.map(\.conversation.id) == [scripted.conversation])
        }
        let whole = try #require(try store.load(scripted.conversation)).conversation
        #expect(whole.owner == "a")
        #expect(ConversationScope(owner: "a", script: "/s").contains(whole))
        #expect(!scope.contains(whole) && !local.contains(whole))
    }

    @Test func `A request is kept with its turn, and taken once`() throws {
        let (conversation, turn) = try begin("x", owner: nil, request: "r", at: 1)
        #expect(try store.load(conversation)?.turns.first?.request == "r")
        #expect(try store.conversation(of: turn) == conversation)
        #expect(try store.conversation(of: turn + 1) == nil)
        #expect(throws: StoreError.self) { try begin("y", owner: nil, request: "r", at: 2) }
    }

    @Test func `A title is changed, and a turn that was removed takes no more events`() throws {
        let (conversation, turn) = try begin("x", owner: nil, at: 1)
        try store.setTitle(of: conversation, to: "other")
        #expect(try store.load(conversation)?.conversation.title == "other")
        let event = StoredEvent(seq: 0, kind: "text", data: "a", time: 1)
        try store.append([event], to: turn)
        #expect(try store.log(of: turn) == [event])
        try store.delete([conversation])
        try store.append([StoredEvent(seq: 1, kind: "text", data: "b", time: 2)], to: turn)
        #expect(try store.log(of: turn).isEmpty)
    }

    @Test func `A turn whose process goes while the store is open can be marked`() throws {
        let other = try place.open()
        let conversation = Conversation(title: "t", model: "m", at: 1)
        let turn = StoredTurn(parent: nil, question: "q", model: "m", at: 1)
        try other.begin(turn, in: conversation)
        try store.finishInterrupted()
        #expect(try store.load(conversation.id)?.turns.first?.state == .running)
        other.resign()
        try store.finishInterrupted()
        #expect(try store.load(conversation.id)?.turns.first?.state == .interrupted)
    }

    @Test func `What is asked comes after what is to be written, and fails alone`() async throws {
        let writer = StoreWriter(path: place.path)
        let turn = StoredTurn(parent: nil, question: "q", model: "m", at: 1)
        let conversation = Conversation(title: "t", model: "m", at: 1)
        writer.add { store throws(StoreError) in try store.begin(turn, in: conversation) }
        let found = await writer.read { store throws(StoreError) in
            try store.conversation(of: turn.id)
        }
        #expect(found == .some(conversation.id))
        let failed: Int? = await writer.read { _ throws(StoreError) in
            throw StoreError(code: .other, number: 0, path: "", detail: "")
        }
        #expect(failed == nil)
        #expect(!writer.hasFailed)
    }
}
