// Entries of the cache: complete, or removed.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite struct CacheEntryTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func entry(_ name: String) -> CacheEntry {
        CacheEntry(folder: folder.url, name: name, markerSuffix: ".complete")
    }

    func fill(_ name: String) async throws {
        let entry = entry(name)
        try await entry.fill(unless: { false }, onWait: {}) { work in
            #expect(FileManager.default.fileExists(atPath: work.folder.path))
            try folder.write("", to: "\(name).complete")
        }
    }

    var files: Set<String> {
        get throws { Set(try FileManager.default.contentsOfDirectory(atPath: folder.path)) }
    }

    @Test func `A filled entry is left with its lock and without the temporary folder`()
        async throws
    {
        try await fill("a")
        #expect(try files == ["a.complete", "a.lock"])
    }

    @Test func `A failure removes all that was made`() async throws {
        await #expect(throws: TestFailure.self) {
            try await entry("a").fill(unless: { false }, onWait: {}) { work in
                try folder.write("", to: "a/half-made")
                try Data().write(to: work.folder.appending(path: "download"))
                throw TestFailure()
            }
        }
        #expect(try files == ["a.lock"])
    }

    @Test func `The next process removes what a dead one left of any entry`() async throws {
        try folder.write("", to: ".work-half/download")
        try folder.write("", to: "half/file")
        try folder.write("", to: ".work-full/download")
        try folder.write("", to: "full/file")
        try folder.write("", to: "full.complete")
        try await fill("a")
        #expect(try files == ["a.complete", "a.lock", "full", "full.complete", "full.lock"])
    }

    @Test func `What a living process fills stays`() async throws {
        let lock = try await FileLock.acquire(at: folder.path + "/other.lock") {}
        try folder.write("", to: ".work-other/download")
        try folder.write("", to: "other/file")
        try await fill("a")
        #expect(try files == ["a.complete", "a.lock", "other", ".work-other", "other.lock"])
        withExtendedLifetime(lock) {}
    }

    @Test func `Strays are removed, and nothing that is complete or in use`() async throws {
        try await fill("a")
        for path in [".work-half/download", "half/file", "lone.lock", "old/complete", "busy/x"] {
            try folder.write("", to: path)
        }
        let lock = try await FileLock.acquire(at: folder.path + "/busy.lock") {}
        try await CacheEntry.removeStrays(in: folder.url, markerSuffix: ".complete")
        #expect(try files == ["a.complete", "a.lock", "busy", "busy.lock"])
        withExtendedLifetime(lock) {}
        #expect(try await entry("a").discard())
        #expect(try files == ["busy", "busy.lock"])
    }

    @Test func `A lock whose file was removed does not count`() async throws {
        let path = folder.path + "/x.lock"
        let first = try #require(try FileLock.acquireIfFree(at: path))
        first.removeFile()
        let second = try #require(try FileLock.acquireIfFree(at: path))
        #expect(try FileLock.acquireIfFree(at: path) == nil)
        withExtendedLifetime((first, second)) {}
    }
}

private struct TestFailure: Error {}
