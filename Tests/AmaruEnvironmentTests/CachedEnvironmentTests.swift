// The list of environments, and their removal.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite struct CachedEnvironmentTests {
    @Test func `What was made is listed with what it was made for, and can be removed`()
        async throws
    {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_one", "1.0")
        #expect(shop.builder().cached.isEmpty)
        let made = try await shop.builder().environment(for: shop.request(["amaru-one"]))
        let cached = try #require(shop.builder().cached.first)
        #expect(cached.root == made.root)
        #expect(cached.requirements == ["amaru-one"])
        #expect(cached.packages.contains("amaru_one 1.0"))
        #expect(cached.lastUsed.timeIntervalSinceNow > -600)

        // As another process, which has not begun to use it.
        let removal = """
            import fcntl, sys
            with open(sys.argv[1]) as marker:
                fcntl.flock(marker, fcntl.LOCK_SH | fcntl.LOCK_NB)
                print("used too", flush=True)
                sys.stdin.read()
            """
        let marker = made.marker
        let user = try ChildProcess(
            executable: shop.interpreter.path,
            arguments: ["-c", removal, marker.path],
            environment: [:],
            standardInput: .pipe
        )
        var lines = user.standardOutput.makeAsyncIterator()
        #expect(await lines.next() == "used too")
        #expect(CacheUse.claim(marker.path) == nil)
        #expect(try await !shop.builder().remove(cached))
        #expect(FileManager.default.fileExists(atPath: marker.path))

        CacheUse.end(made.marker.path)
        #expect(try await !shop.builder().remove(cached), "the other process uses it still")
        user.closeStandardInput()
        _ = try await user.exitStatus()
        do {
            let claim = try #require(CacheUse.claim(marker.path))
            #expect(!CacheUse.begin(made.marker.path), "one that is being removed is missing")
            withExtendedLifetime(claim) {}
        }
        #expect(try await shop.builder().remove(cached))
        #expect(!CacheUse.begin(made.marker.path))
        #expect(shop.builder().cached.isEmpty)
        #expect(try shop.environments().isEmpty)
    }

    @Test func `A script that runs is not removed, and neither is what is fetched`() async throws {
        let shop = try WheelShop()
        let builder = EnvironmentBuilder(cacheFolder: shop.cache, environment: [:])
        let script = try shop.folder.write("", to: "cache/scripts/digest/folder/main.py")
        #expect(script.path.hasPrefix(builder.scriptsFolder.path))
        #expect(builder.keepScript(at: script.path))
        #expect(!builder.keepScript(at: "/elsewhere/main.py"))
        let fetching = try builder.makeScriptFolder()
        try await builder.removeStrays(before: .distantFuture)
        #expect(FileManager.default.fileExists(atPath: script.path))
        #expect(FileManager.default.fileExists(atPath: fetching.path))
        builder.removeScriptFolder(fetching)
        #expect(!FileManager.default.fileExists(atPath: fetching.path))
        CacheUse.end(builder.scriptsFolder.path + "/digest")
        try await builder.removeStrays(before: .distantFuture)
        #expect(!FileManager.default.fileExists(atPath: script.path))
        #expect(!builder.keepScript(at: script.path))
    }

    @Test func `What a killed program has fetched goes when the next one fetches`() throws {
        let shop = try WheelShop()
        let builder = shop.builder()
        let places = ["old": -3600.0, "young": 0].map { name, age in
            (URL(filePath: "\(builder.scriptsFolder.path)/.fetching-\(name)"), age)
        }
        for (place, age) in places {
            try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
            try FileManager.default.setAttributes(
                [.modificationDate: Date(timeIntervalSinceNow: age)],
                ofItemAtPath: place.path
            )
        }
        builder.removeScriptFolder(try builder.makeScriptFolder())
        for (place, age) in places {
            #expect(FileManager.default.fileExists(atPath: place.path) == (age == 0))
        }
    }

    @Test func `An environment that is being made is neither listed nor removed`() async throws {
        let shop = try WheelShop()
        let made = try await shop.builder().environment(for: shop.request([]))
        CacheUse.end(made.marker.path)
        let cached = try #require(shop.builder().cached.first)
        // The shell that watched over the installation may not have ended yet.
        let lock = try await FileLock.acquire(at: made.root.path + ".lock", onWait: {})
        #expect(try await !shop.builder().remove(cached))
        withExtendedLifetime(lock) {}
    }
}
