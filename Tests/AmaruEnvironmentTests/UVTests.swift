// Environments made by the real uv, from wheels of a folder.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.serialized, .timeLimit(.minutes(5))) struct UVTests {
    private let shop: WheelShop
    private let variables: [String: String]

    init() async throws {
        shop = try WheelShop()
        variables = try await shop.variables(.uv)
        try await shop.makeWheel("amaru_one", "1.0")
        try await shop.makeWheel("amaru_two", "2.0", requires: ["amaru-one"])
    }

    private func builder(_ further: [String: String] = [:]) -> EnvironmentBuilder {
        EnvironmentBuilder(cacheFolder: shop.cache, environment: variables.merging(further) { $1 })
    }

    private static let installed = """
        from importlib.metadata import distributions
        print(*sorted(d.metadata["Name"] for d in distributions()))
        """

    @Test func `It installs once, with dependencies, for the Python that is linked`() async throws {
        let log = Log()
        let made = try await builder().environment(for: shop.request(["amaru-two"])) { log.add($0) }
        #expect(try await shop.run(made, Self.installed) == ["amaru_one amaru_two"])
        #expect(log.lines.contains { $0.contains("Installed 2 packages") }, "\(log.lines)")
        let version = "import platform; print(platform.python_version())"
        #expect(try await shop.run(made, version) == [shop.interpreter.version])
        let offline = EnvironmentBuilder(cacheFolder: shop.cache, environment: ["PATH": "/nowhere"])
        #expect(try await offline.environment(for: shop.request(["amaru-two"])) == made)
    }

    @Test func `What pip was told holds: no index is asked`() async throws {
        // On the index, but not in the folder.
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder().environment(for: shop.request(["six"]))
        }
        #expect(error?.message.contains("uv could not install six") == true, "\(error as Any)")
        #expect(try shop.environments() == [])
    }

    @Test func `Limits on versions are kept to`() async throws {
        try await shop.makeWheel("amaru_one", "0.5")
        var request = shop.request(["amaru-two"])
        request.limits.constraints = ["amaru-one<1"]
        // Of a folder's files it is not known since when they are there.
        request.limits.excludeNewer = "2030-01-01"
        let made = try await builder().environment(for: request)
        let version = "from importlib.metadata import version; print(version('amaru_one'))"
        #expect(try await shop.run(made, version) == ["0.5"])

        request.limits.excludeNewer = "yesterdy"
        let odd = await #expect(throws: EnvironmentError.self) {
            try await builder().environment(for: request)
        }
        #expect(odd?.message.contains("yesterdy") == true, "\(odd as Any)")
        request.limits.unsupported = ["resolution"]
        let unread = await #expect(throws: EnvironmentError.self) {
            try await builder().environment(for: request)
        }
        #expect(unread?.message.hasPrefix("tool.uv.resolution is not supported") == true)
    }

    @Test func `Changes add, replace and remove`() async throws {
        var change = EnvironmentChange()
        change.requirements = ["amaru-two"]
        let first = try await builder().environment(after: change, with: shop.interpreter)
        #expect(try await shop.run(first, Self.installed) == ["amaru_one amaru_two"])
        change = EnvironmentChange()
        (change.base, change.removals) = (first.root.path, ["amaru-two"])
        let second = try await builder().environment(after: change, with: shop.interpreter)
        #expect(try await shop.run(second, Self.installed) == ["amaru_one"])
    }

    @Test func `A lock's digests are compared`() async throws {
        let index = ScriptedServer.packages(in: shop.folder.url)
        try await index.start()
        let file = shop.folder.url.appending(path: "app/pylock.toml")
        try shop.folder.write("", to: "app/main.py")
        let online = ["PIP_NO_INDEX": "", "PIP_INDEX_URL": index.url + "/simple"]
        let builder = builder(online)
        #expect(try await builder.writeLock(of: shop.request(["amaru-two"]), to: file) == 2)
        let lock = try await builder.lock(at: file, for: shop.request(["amaru-two"]))
        let made = try await builder.environment(for: lock, with: shop.interpreter)
        #expect(try await shop.run(made, Self.installed) == ["amaru_one amaru_two"])

        // Another wheel of the same name and version.
        try await shop.makeWheel("amaru_one", "1.0", padding: 1)
        try FileManager.default.removeItem(at: shop.cache)
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: lock, with: shop.interpreter)
        }
        #expect(error?.message.lowercased().contains("hash") == true, "\(error as Any)")
        #expect(try shop.environments() == [])
    }
}
