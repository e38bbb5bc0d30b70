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
        #expect(EnvironmentUse.claim(marker.path) == nil)
        #expect(try await !shop.builder().remove(cached))
        #expect(FileManager.default.fileExists(atPath: marker.path))

        EnvironmentUse.end(made)
        #expect(try await !shop.builder().remove(cached), "the other process uses it still")
        user.closeStandardInput()
        _ = try await user.exitStatus()
        do {
            let claim = try #require(EnvironmentUse.claim(marker.path))
            #expect(!EnvironmentUse.begin(made), "one that is being removed counts as missing")
            withExtendedLifetime(claim) {}
        }
        #expect(try await shop.builder().remove(cached))
        #expect(!EnvironmentUse.begin(made))
        #expect(shop.builder().cached.isEmpty)
        #expect(try shop.environments().isEmpty)
    }

    @Test func `An environment that is being made is neither listed nor removed`() async throws {
        let shop = try WheelShop()
        let made = try await shop.builder().environment(for: shop.request([]))
        EnvironmentUse.end(made)
        let cached = try #require(shop.builder().cached.first)
        let lock = try #require(try FileLock.acquireIfFree(at: made.root.path + ".lock"))
        #expect(try await !shop.builder().remove(cached))
        withExtendedLifetime(lock) {}
    }
}
