// A store in PostgreSQL.
// SPDX-License-Identifier: Apache-2.0

import Amaru
import AmaruEnvironment
import Foundation
import Testing

@testable import AmaruStore

@Suite struct PostgresPlaceTests {
    @Test(
        arguments: [
            ("postgresql://me@db:5433/chat?sslmode=require", "postgresql://me@db:5433/chat"),
            ("postgres://me:s3cret@db/chat", "postgres://me@db/chat"),
            ("postgresql://me:s3c?ret@db/chat", "postgresql://me@db/chat"),
            ("postgresql:///chat?host=/run&password=s3cret", "postgresql:///chat"),
            ("postgresql://one,two:5433/chat", "postgresql://one,two:5433/chat"),
            ("postgresql://:s3cret@db", "postgresql://db"),
        ]
    )
    func `A place is shown without its password`(url: String, shown: String) throws {
        let place = try #require(PostgresPlace(url))
        #expect("\(place)" == shown)
        let error = place.error(.gone, "no \(url.contains("?ret") ? "s3c?ret" : "s3cret"),\nno")
        #expect(error.detail.contains("s3c") == !url.contains("s3c"))
    }

    @Test(
        arguments: [
            "", "conversations.db", "mysql://db/chat", "postgresql:/db", "postgresql://me:a@b@db/x",
            "postgresql://me:a/b@db/x",
        ]
    )
    func `What libpq could read otherwise is no place`(url: String) {
        #expect(PostgresPlace(url) == nil)
    }

    @Test func `A library that is missing is named, with its package`() {
        let error = #expect(throws: StoreError.self) { try LibPQ(loading: ["libno.so.5"]) }
        #expect(error?.code == .noLibrary)
        #expect(error?.description.hasPrefix("libno.so.5 cannot be loaded: ") == true)
    }
}

@Suite(
    .timeLimit(.minutes(5)),
    .enabled(if: PostgresServer.programs != nil, "PostgreSQL is not installed")
)
struct PostgresStoreTests {
    let server: PostgresServer

    init() throws { server = try PostgresServer() }

    private func conversation(_ store: ConversationStore, owner: String? = nil) throws
        -> Conversation
    {
        var made = Conversation(title: "", model: "m", at: 1)
        made.owner = owner
        try store.add(made)
        return made
    }

    private func turn(_ name: String, after parent: Int64? = nil) -> StoredTurn {
        var made = StoredTurn(parent: parent, question: "question \(name)", model: "m", at: 2)
        made.request = name
        return made
    }

    @Test func `Values come back as they went`() throws {
        let connection = try PostgresConnection(server.place)
        let bytes = (0...255).map { UInt8($0) }
        let values: [SQLValue] = [
            .text("ü\0'?\\"), .text(""), .null, .integer(.min), .real(0.1), .real(.infinity),
            .blob(bytes), .blob([]),
        ]
        var count = 0
        try connection.each("SELECT ?, ?, ?, ?, ?, ?, ?, ?", values) { (row) throws(StoreError) in
            count += 1
            #expect(row.text(0) == "ü\u{FFFD}'?\\")
            #expect(row.optionalText(1) == "" && row.optionalText(2) == nil)
            #expect(row.integer(3) == .min && row.real(4) == 0.1 && row.real(5) == .infinity)
            #expect(row.bytes(6) == bytes && row.bytes(7) == [] && !row.isNull(7))
        }
        #expect(count == 1)
        let isNull = try connection.number("SELECT count(*) WHERE NULL::text IS ?", .null)
        #expect(isNull == 1)
        // An error leaves the connection as it was, and undoes a transaction.
        let error = #expect(throws: StoreError.self) {
            try connection.transaction { () throws(StoreError) in
                try connection.script("CREATE TABLE public.x (id INTEGER); SELECT 1 / 0")
            }
        }
        #expect(error?.code == .other && error?.detail.contains("22012") == true)
        #expect(try connection.number("SELECT count(to_regclass('public.x'))") == 0)
    }

    @Test func `Servers that start at once make the tables once`() async throws {
        try await withThrowingTaskGroup { [server] group in
            for number in 0..<4 {
                group.addTask {
                    try await blockingCall("test") { _ = try server.store(as: "\(number)") }
                }
            }
            try await group.waitForAll()
        }
        let connection = try PostgresConnection(server.place)
        #expect(try connection.number("SELECT count(*) FROM schema_version") == 1)
        try connection.script("UPDATE schema_version SET version = 1000")
        #expect(#expect(throws: StoreError.self) { _ = try server.store() }?.code == .newer)
        try connection.script("UPDATE schema_version SET version = 1; DROP TABLE attachment")
        #expect(#expect(throws: StoreError.self) { _ = try server.store() }?.code == .foreign)
        try connection.script("DROP TABLE schema_version")
        #expect(#expect(throws: StoreError.self) { _ = try server.store() }?.code == .foreign)
    }

    @Test func `A place in a conversation is had once`() throws {
        let (one, other) = (try server.store(as: "a"), try server.store(as: "b"))
        let made = try conversation(one)
        var titled = made
        titled.title = "title"
        let first = turn("1")
        #expect(try one.reserve(first, in: titled, isNext: true) == .begun)
        // Again, as after an answer that was lost.
        #expect(try one.reserve(first, in: titled, isNext: true) == .begun)
        #expect(try other.reserve(turn("1"), in: made, isNext: true) == .known(first.id))
        #expect(try other.reserve(turn("2"), in: made, isNext: true) == .moved)
        let next = turn("3", after: first.id)
        #expect(try other.reserve(next, in: made, isNext: true) == .answered)
        // Another beginning is another branch.
        #expect(try other.reserve(turn("4"), in: made, isNext: false) == .begun)
        try one.setHead(of: made.id, to: first.id, at: 3)
        try one.append(
            [StoredEvent(seq: 0, kind: "text", data: "answer", time: 4)],
            to: first.id
        )
        // What others have given up, and whose server is back.
        let connection = try PostgresConnection(server.place)
        try connection.run("UPDATE turn SET state = 'interrupted' WHERE id = ?", .integer(first.id))
        try one.end(first.id, as: .finished, reason: "", model: "m", usage: nil, at: 5)
        let loaded = try #require(try other.load(made.id))
        #expect(loaded.conversation.title == "title" && loaded.conversation.head == first.id)
        #expect(loaded.branch.map(\.answer) == ["answer"])
        #expect(loaded.branch.map(\.state) == [.finished])
        #expect(try other.reserve(next, in: made, isNext: true) == .begun)
        try other.withdraw(next, from: made.id)
        #expect(try one.load(made.id)?.conversation.head == first.id)
        #expect(try one.delete([made.id]) == 1)
        #expect(try other.reserve(next, in: made, isNext: true) == .unknown)
        try one.append([StoredEvent(seq: 1, kind: "text", data: "x", time: 4)], to: first.id)
        #expect(try one.log(of: first.id).isEmpty)
    }

    @Test func `A turn that others have gone on from is not taken back`() throws {
        let (one, other) = (try server.store(as: "a"), try server.store(as: "b"))
        let made = try conversation(one)
        let (first, connection) = (turn("1"), try PostgresConnection(server.place))
        #expect(try one.reserve(first, in: made, isNext: true) == .begun)
        // Its server has not heard that, and the others have given it up.
        try connection.run("UPDATE turn SET state = 'interrupted' WHERE id = ?", .integer(first.id))
        let next = turn("2", after: first.id)
        #expect(try other.reserve(next, in: made, isNext: true) == .begun)
        try one.withdraw(first, from: made.id)
        let loaded = try #require(try one.load(made.id))
        #expect(Set(loaded.turns.map(\.id)) == [first.id, next.id])
        #expect(loaded.conversation.head == next.id)
        #expect(try one.remaining(of: [first.id, -1]) == [first.id])
    }

    @Test func `What is written waits for a table that is not what it was`() async throws {
        let writer = StoreWriter(server.place, as: "a") { _ in }
        let (made, begun) = (Conversation(title: "t", model: "m", at: 1), turn("1"))
        let found = try await writer.perform { store throws(StoreError) in
            try store.add(made)
            return try store.reserve(begun, in: made, isNext: true)
        }
        #expect(found == .begun)
        let connection = try PostgresConnection(server.place)
        try connection.script("ALTER TABLE event RENAME TO former")
        let written = writer.add { store throws(StoreError) in
            try store.append([StoredEvent(seq: 0, kind: "text", data: "x", time: 1)], to: begun.id)
        }
        while writer.isUp { await Task.yield() }
        #expect(written.current == nil)
        try connection.script("ALTER TABLE former RENAME TO event")
        _ = try await written.wait()
        let log = try await writer.perform { store throws(StoreError) in
            try store.log(of: begun.id)
        }
        #expect(log.map(\.data) == ["x"])
        await writer.finish(within: .seconds(60))
    }

    @Test func `Conversations are listed, searched and shown as those of a file`() throws {
        let store = try server.store()
        let file = StoredFile(name: "a.png", mediaType: "image/png", bytes: [0, 255])
        var begun = turn("100% of_it")
        begun.files = [file]
        let (mine, hers) = (try conversation(store), try conversation(store, owner: "ann"))
        #expect(try store.reserve(begun, in: mine, isNext: true) == .begun)
        let (own, other) = (
            ConversationScope(owner: nil, script: nil), ConversationScope(owner: "ann", script: nil)
        )
        #expect(try store.list(in: own, before: nil, atMost: 9).map(\.id) == [mine.id])
        // Nothing was said in it.
        #expect(try store.list(in: other, before: nil, atMost: 9).isEmpty)
        #expect(try store.conversation(of: begun.id) == mine.id)
        for (words, count) in [(["QUEST", "100%"], 1), (["f_it"], 1), (["1_0"], 0), (["%"], 1)] {
            #expect(try store.search(words, in: own, atMost: 9).count == count)
            #expect(try store.search(words, in: other, atMost: 9).isEmpty)
        }
        var turns = try #require(try store.load(mine.id)).turns
        try store.fetchFiles(of: &turns)
        #expect(turns.map(\.files) == [[file]])
        #expect(try store.delete([mine.id, hers.id]) == 2)
        let connection = try PostgresConnection(server.place)
        #expect(try connection.number("SELECT count(*) FROM file") == 0)
    }

    @Test func `What is written waits for a database that is gone, and what is read does not`()
        async throws
    {
        let reports = Lock<[String]>([])
        let writer = StoreWriter(server.place, as: "a") { line in
            reports.withLock { $0.append(line) }
        }
        let made = Conversation(title: "t", model: "m", at: 1)
        let begun = turn("1")
        let found = try await writer.perform { store throws(StoreError) in
            try store.add(made)
            return try store.reserve(begun, in: made, isNext: true)
        }
        #expect(found == .begun && writer.isUp)
        server.stop()
        let written = writer.add { store throws(StoreError) in
            try store.append([StoredEvent(seq: 0, kind: "text", data: "x", time: 1)], to: begun.id)
        }
        while writer.isUp { await Task.yield() }
        let error = await #expect(throws: StoreError.self) {
            _ = try await writer.perform { store throws(StoreError) in try store.load(made.id) }
        }
        #expect(error?.code == .gone)
        #expect(written.current == nil)
        try server.start()
        _ = try await written.wait()
        while !writer.isUp { await Task.yield() }
        let log = try await writer.perform { store throws(StoreError) in
            try store.log(of: begun.id)
        }
        #expect(log.map(\.data) == ["x"])
        await writer.finish(within: .seconds(60))
        let said = reports.withLock { $0 }
        #expect(said.count == 2)
        #expect(said.first?.contains("cannot be reached") == true)
        #expect(said.last?.hasSuffix(" is back") == true)
    }
}
