// Turns that are written down while they stream.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruHTTP
import AmaruTesting
import Foundation
import Testing

@testable import AmaruChat
@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct TurnRecorderTests {
    let place: StorePlace
    let writer: StoreWriter
    let vault = SecretVault()

    init() throws {
        place = try StorePlace()
        writer = StoreWriter(path: place.path)
    }

    private func record(
        _ turn: Turn,
        _ question: String = "question",
        until ended: AsyncValue<Void> = AsyncValue()
    ) -> Task<Void, Never> {
        TurnRecorder(writer, vault: vault).record(
            turn,
            as: StoredTurn(parent: nil, question: question, model: "", at: 1),
            in: Conversation(title: question, model: "", at: 1),
            model: { "small" },
            until: ended
        )
    }

    private func kept() throws -> StoredTurn? {
        guard let store = try ConversationStore.existing(at: place.path),
            let id = try store.latest(isBuiltIn: true)
        else { return nil }
        return try store.load(id)?.turns.first
    }

    @Test func `An answer is in the store before its turn has ended`() async throws {
        let turn = Turn(isOwned: false)
        let recording = record(turn)
        try turn.add(.text("Hello"))
        var answer = ""
        // The suite's limit ends this if it never comes.
        while answer.isEmpty {
            answer = try kept()?.answer ?? ""
            await Task.yield()
        }
        #expect(answer == "Hello")
        #expect(try kept()?.state == .running)
        try turn.add(.text(", world"))
        turn.end(.finished(reason: "stop"))
        await recording.value
        let whole = try #require(try kept())
        #expect(whole.answer == "Hello, world")
        #expect(whole.state == .finished)
        #expect(whole.model == "small")
    }

    @Test(arguments: [
        (TurnEnd.cancelled, StoredTurn.State.stopped, ""),
        (
            .failed(ChatFailure(code: "x", message: "it broke", remedy: "again")), .failed,
            "it broke: again"
        ),
        (.exited(3), .stopped, "the script ended the program with 3"),
        (.finished(reason: "length"), .finished, "length"),
    ])
    func `The end is kept with what there was of the answer`(
        _ end: TurnEnd,
        _ state: StoredTurn.State,
        _ reason: String
    ) async throws {
        let turn = Turn(isOwned: false)
        try turn.add(.text("part"))
        try turn.add(.usage(prompt: 3, completion: 4))
        turn.end(end)
        await record(turn).value
        let kept = try #require(try kept())
        #expect(kept.answer == "part")
        #expect(kept.state == state)
        #expect(kept.reason == reason)
        #expect(kept.promptTokens == 3)
    }

    @Test func `The log is numbered, and has what is no text`() async throws {
        let turn = Turn(isOwned: false)
        let events: [TurnEvent] = [
            .reasoning("hm"), .text("x"), .toolCall(name: "f\"", arguments: "{\"x\":\n1}"),
            .text("y"), .notice("careful"), .display("reply"),
        ]
        for event in events { try turn.add(event) }
        turn.end(.finished(reason: "stop"))
        await record(turn).value
        let id = try #require(try kept()).id
        let store = try #require(try ConversationStore.existing(at: place.path))
        let log = try store.log(of: id)
        #expect(log.map(\.seq) == Array(0..<6))
        #expect(
            log.map(\.kind) == ["reasoning", "text", "tool_call", "text", "notice", "display"]
        )
        let call = try JSONDecoder().decode([String: String].self, from: Data(log[2].data.utf8))
        #expect(call == ["name": "f\"", "arguments": "{\"x\":\n1}"])
        #expect(TurnEvent(log[2]) == .toolCall(name: "f\"", arguments: "{\"x\":\n1}"))
        #expect(try store.log(of: id, from: 4).map(\.data) == ["careful", "reply"])
    }

    @Test func `No key is in the file, in whatever spelling and pieces, and no placeholder`()
        async throws
    {
        let key = "sk-never-kept/by+store-42"
        let placeholder = vault.add(key, for: try HTTPOrigin(parsing: "https://example.org"))
        let encoded = key.utf8.map { "%" + String($0, radix: 16) }.joined()
        let basic = Data("me:\(key)".utf8).base64EncodedString()
        let turn = Turn(isOwned: false)
        let recording = record(turn, "my key is \(key) \(placeholder)")
        for text in [key, encoded, basic, placeholder, "end"] {
            for character in text { try turn.add(.text(String(character))) }
            try turn.add(.text(" "))
            try turn.add(.reasoning(text))
            try turn.add(.notice(text))
            try turn.add(.display(text))
            try turn.add(.toolCall(name: text, arguments: text))
            // What comes later is in another piece.
            await writer.add { _ in }.waitRegardlessOfCancellation()
        }
        turn.end(.failed(ChatFailure(code: "x", message: "with \(key)", remedy: placeholder)))
        await recording.value
        let answer = try #require(try kept()).answer
        #expect(answer.contains("end"))
        let parts = [
            key, "store-42", placeholder, SecretVault.placeholderPrefix, String(encoded.suffix(24)),
            String(basic.dropFirst(8).prefix(16)),
        ]
        for part in parts { #expect(try !place.holds(part), "\(part): \(answer)") }
    }

    @Test func `A store that cannot be opened is said once, and the turn goes on`() async throws {
        try place.folder.write("no database, but more than nothing", to: "amaru/conversations.db")
        for _ in 0..<2 {
            let turn = Turn(isOwned: false)
            try turn.add(.text("answer"))
            turn.end(.finished(reason: "stop"))
            await record(turn).value
        }
        guard case .failure(let error, hasWritten: false)? = writer.takeNews() else {
            throw CancellationError()
        }
        #expect(error.code == .damaged && writer.takeNews() == nil)
        await writer.finish(within: .seconds(1))
    }

    @Test func `A turn whose process has ended is marked, one whose process runs is not`()
        async throws
    {
        let turn = Turn(isOwned: false)
        let recording = record(turn)
        try turn.add(.text("partial"))
        while try kept()?.answer != "partial" { await Task.yield() }
        // The lock of the writer is still held here: nobody may end its turn.
        #expect(try kept()?.state == .running)
        let folder = place.folder.url.appending(path: "amaru/writers")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(names.count == 1)
        // A process that is gone leaves a file that nobody holds a lock of.
        for name in names { try FileManager.default.removeItem(at: folder.appending(path: name)) }
        let marked = try #require(try kept())
        #expect(marked.state == .interrupted)
        #expect(marked.answer == "partial")
        turn.end(.finished(reason: "stop"))
        await recording.value
        #expect(try kept()?.state == .interrupted)
        let found = try ConversationStore.existing(at: place.path)?.search(["partial"], atMost: 1)
        #expect(found?.count == 1)
    }
}
