// Files that are not what they should be: said, and left as they are.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruStore

@Suite(.timeLimit(.minutes(5))) struct DamagedStoreTests {
    let place: StorePlace

    init() throws { place = try StorePlace() }

    /// The error of a store that cannot be opened, and whose file must stay as it is.
    private func refusal() throws -> StoreError {
        let before = FileManager.default.contents(atPath: place.path)
        var errors: [StoreError] = []
        for open in [place.open, { try #require(try ConversationStore.existing(at: place.path)) }] {
            let error = #expect(throws: StoreError.self) { _ = try open() }
            errors.append(try #require(error))
        }
        #expect(FileManager.default.contents(atPath: place.path) == before)
        #expect(errors[0] == errors[1])
        return errors[0]
    }

    /// Changes the store's database directly, and closes it.
    private func changed(_ sql: String) throws {
        let store = try place.open()
        try store.add([("a", "b")])
        try store.database.script(sql)
    }

    @Test func `A store of a newer version is refused`() throws {
        try changed("PRAGMA user_version = 7")
        let error = try refusal()
        #expect(error.code == .newer)
        let versions = "its version is 7, this one knows \(Schema.version)"
        #expect("\(error)".contains(versions), "\(error)")
        #expect("\(error)".contains("use that version"), "\(error)")
    }

    @Test func `A database of another program is refused`() throws {
        try changed("PRAGMA application_id = 1")
        #expect(try refusal().code == .foreign)
    }

    @Test func `A file that is no database is refused`() throws {
        try changed("PRAGMA wal_checkpoint(TRUNCATE)")
        var contents = try #require(FileManager.default.contents(atPath: place.path))
        contents.replaceSubrange(0..<100, with: Data(repeating: 0x2A, count: 100))
        try contents.write(to: URL(filePath: place.path))
        #expect(try refusal().code == .damaged)
    }

    @Test func `A damaged page is an error, and no crash`() throws {
        try changed("PRAGMA wal_checkpoint(TRUNCATE)")
        var contents = try #require(FileManager.default.contents(atPath: place.path))
        for start in stride(from: 4096, to: contents.count, by: 4096) {
            contents.replaceSubrange(start..<start + 512, with: Data(repeating: 0xA5, count: 512))
        }
        try contents.write(to: URL(filePath: place.path))
        let error = #expect(throws: StoreError.self) {
            let store = try place.open()
            _ = try store.list().map { try store.load($0.id) }
            try store.add([("c", "d")])
        }
        #expect(error?.code == .damaged)
    }

    @Test func `A file that had no room for tables is no store to read`() throws {
        try StoreFile(path: place.path).make()
        #expect(try ConversationStore.toRead(at: place.path) == nil)
    }

    @Test func `An empty file becomes a store`() throws {
        try place.folder.write("", to: "amaru/conversations.db")
        let store = try place.open()
        #expect(try store.add([("a", "b")]).turns.count == 1)
    }

    @Test func `A path that leads through a file is refused`() throws {
        try place.folder.write("", to: "amaru")
        let error = #expect(throws: StoreError.self) { _ = try place.open() }
        #expect(error?.code == .unwritable)
        #expect(try ConversationStore.existing(at: place.path) == nil)
    }

    @Test func `A lock that another connection keeps is waited for, and then said`() throws {
        let store = try place.open()
        let other = try place.open()
        try other.database.script("BEGIN IMMEDIATE")
        try store.database.script("PRAGMA busy_timeout = 10")
        let error = #expect(throws: StoreError.self) { try store.add([("a", "b")]) }
        #expect(error?.code == .busy)
        try other.database.script("COMMIT")
        #expect(try store.add([("a", "b")]).turns.count == 1)
    }

    @Test func `A full database undoes what did not fit, and keeps the rest`() throws {
        let store = try place.open()
        let first = try store.add([("a", "b")])
        let pages = try store.database.number("PRAGMA page_count")
        try store.database.script("PRAGMA max_page_count = \(pages + 2)")
        let error = #expect(throws: StoreError.self) {
            try store.add([("c", String(repeating: "long ", count: 20_000))])
        }
        #expect(error?.code == .full)
        try store.database.script("PRAGMA max_page_count = 1000000")
        #expect(try store.load(first.conversation.id) == first)
        #expect(try store.add([("e", "f")]).turns.count == 1)
    }
}
