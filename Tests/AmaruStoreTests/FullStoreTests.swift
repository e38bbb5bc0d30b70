// A file that cannot grow for a while.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import AmaruHTTP
import Testing

@testable import AmaruChat
@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct FullStoreTests {
    let place: StorePlace
    let writer: StoreWriter
    let lines = Lock<[String]>([])

    init() throws {
        place = try StorePlace()
        writer = StoreWriter(path: place.path) { [lines] line in
            lines.withLock { $0.append(line) }
        }
    }

    private func record(_ answer: String, after parent: Int64? = nil) throws -> Task<Void, Never> {
        let turn = Turn(isOwned: false)
        try turn.add(.text(answer))
        turn.end(.finished(reason: "stop"))
        return TurnRecorder(writer, vault: SecretVault()).record(
            turn,
            as: StoredTurn(parent: parent, question: "question", model: "", at: 1),
            in: Conversation(title: answer, model: "", at: 1),
            model: { nil },
            until: AsyncValue()
        )
    }

    /// Has the file grow up to so many pages; that it cannot shrink is SQLite's affair.
    private func limit(to pages: Int) async throws {
        _ = try await writer.perform { store throws(StoreError) in
            try store.database.script("PRAGMA max_page_count = \(pages)")
        }
    }

    private func untilFull() async { while writer.fault?.code != .full { await Task.yield() } }

    private var answers: [String] {
        get async throws {
            try await writer.perform { store throws(StoreError) in
                try store.database.rows("SELECT answer FROM turn", as: { $0.text(0) })
            }.sorted()
        }
    }

    @Test func `What a full disk does not take is written when it does, and read meanwhile`()
        async throws
    {
        await (try record("a")).value
        try await limit(to: 1)
        let long = String(repeating: "b", count: 50_000)
        let others = [try record(long), try record("c")]
        await untilFull()
        #expect(try await answers == ["a"])
        #expect(!writer.isUp && !writer.hasFailed)
        guard case .outage(let error)? = writer.takeNews() else { throw CancellationError() }
        #expect(error.code == .full && writer.takeNews() == nil)
        try await limit(to: 1_000_000)
        for other in others { await other.value }
        #expect(try await answers == ["a", long, "c"])
        while !writer.isUp { await Task.yield() }
        #expect(writer.takeNews() == .recovery(isWhole: true) && writer.takeNews() == nil)
        let said = lines.withLock { $0 }
        #expect(said.count == 2, "\(said)")
        #expect(said.first?.contains("cannot grow") == true)
        #expect(said.last?.hasSuffix("can be written again") == true)
    }

    @Test func `Only so much waits for a full disk`() async throws {
        await (try record("a")).value
        try await limit(to: 1)
        let recording = try record(String(repeating: "b", count: 50_000))
        await untilFull()
        // The suite's limit ends this if all of them wait.
        let long = String(repeating: "c", count: 50_000)
        let jobs = (0..<1000).map { _ in
            writer.add { store throws(StoreError) in
                let turn = StoredTurn(parent: nil, question: long, model: "", at: 1)
                try store.begin(turn, in: Conversation(title: "c", model: "", at: 1))
            }
        }
        try await jobs[0].wait()
        await writer.finish(within: .seconds(60))
        await recording.value
        #expect(writer.hasFailed)
        guard case .failure(_, hasWritten: true)? = writer.takeNews() else {
            throw CancellationError()
        }
    }

    @Test func `Of more than can wait, the newest is written`() async throws {
        await (try record("a")).value
        try await limit(to: 1)
        let recordings = [try record(String(repeating: "b", count: 50_000))]
        await untilFull()
        let later = try (0..<400).map { try record("\($0)") }
        while !lines.withLock({ $0.contains { $0.hasSuffix("the oldest of it is lost") } }) {
            await Task.yield()
        }
        guard case .outage? = writer.takeNews() else { throw CancellationError() }
        try await limit(to: 1_000_000)
        for recording in recordings + later { await recording.value }
        while !writer.isUp { await Task.yield() }
        #expect(writer.takeNews() == .recovery(isWhole: false))
        let titles = try await writer.perform { store throws(StoreError) in
            try store.list().map(\.title)
        }
        #expect(titles.contains("a") && titles.contains("399"), "\(titles)")
        #expect(titles.count < 400)
    }

    @Test func `The turn behind one that was not kept is the first`() async throws {
        await (try record("b", after: 7)).value
        let store = try #require(try ConversationStore.existing(at: place.path))
        let id = try #require(try store.latest(isBuiltIn: true))
        #expect(try store.load(id)?.turns.map(\.parent) == [nil])
    }
}
