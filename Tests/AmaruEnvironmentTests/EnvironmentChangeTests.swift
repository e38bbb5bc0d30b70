// Environments made from others, with the real interpreter and installer.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.serialized) struct EnvironmentChangeTests {
    private func change(_ requirements: [String], of base: PythonEnvironment? = nil)
        -> EnvironmentChange
    {
        var change = EnvironmentChange()
        change.base = base?.root.path ?? ""
        change.requirements = requirements
        return change
    }

    private static let versions = """
        from importlib.metadata import distributions
        print(*sorted(d.metadata["Name"] for d in distributions()
                      if d.metadata["Name"].startswith("amaru")))
        """

    @Test func `A change adds to a copy, and is found again without any process`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_one", "1.0")
        try await shop.makeWheel("amaru_two", "2.0", requires: ["amaru-one"])
        let builder = shop.builder()
        let first = try await builder.environment(
            after: change(["amaru-one"]),
            with: shop.interpreter
        )
        let next = change(["amaru-two"], of: first)
        #expect(builder.existing(after: next, with: shop.interpreter) == nil)
        let log = Log()
        let second = try await builder.environment(after: next, with: shop.interpreter) {
            log.add($0)
        }
        #expect(log.lines.contains { $0.contains("already satisfied: amaru-one") })
        #expect(try await shop.run(first, Self.versions) == ["amaru_one"])
        #expect(try await shop.run(second, Self.versions) == ["amaru_one amaru_two"])

        let offline = EnvironmentBuilder(cacheFolder: shop.cache, environment: ["PATH": "/nowhere"])
        #expect(offline.existing(after: next, with: shop.interpreter) == second)
        #expect(try await offline.environment(after: next, with: shop.interpreter) == second)
    }

    @Test func `The programs of a copy belong to it`() async throws {
        let shop = try WheelShop()
        // pip writes the interpreter's path in its place.
        try await shop.makeWheel("amaru_tool", "1.0", data: ["scripts/amaru-tool": "#!python\n"])
        try await shop.makeWheel("amaru_one", "1.0")
        let builder = shop.builder()
        let first = try await builder.environment(
            after: change(["amaru-tool"]),
            with: shop.interpreter
        )
        let second = try await builder.environment(
            after: change(["amaru-one"], of: first),
            with: shop.interpreter
        )
        let tool = second.root.appending(path: "bin/amaru-tool")
        let text = try String(contentsOf: tool, encoding: .utf8)
        #expect(text.hasPrefix("#!\(second.root.path)/bin/python"))
        #expect(FileManager.default.isExecutableFile(atPath: tool.path))
    }

    @Test func `Constraints hold, and a file stands in for its URL`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_one", "1.0")
        try await shop.makeWheel("amaru_one", "2.0")
        var limited = change(["amaru-one"])
        limited.constraints = ["amaru-one<2"]
        let builder = shop.builder()
        let old = try await builder.environment(after: limited, with: shop.interpreter)
        let version = "import amaru_one; print(amaru_one.version)"
        #expect(try await shop.run(old, version) == ["1.0"])

        limited.requirements = ["amaru-one>=2"]
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(after: limited, with: shop.interpreter)
        }
        #expect(error?.code == .unresolvable)
        #expect(builder.existing(after: limited, with: shop.interpreter) == nil)

        let url = "https://wheels.example/amaru_one-2.0-py3-none-any.whl"
        var fetched = change([url], of: old)
        fetched.files = [url: shop.folder.path + "/amaru_one-2.0-py3-none-any.whl"]
        let new = try await builder.environment(after: fetched, with: shop.interpreter)
        #expect(try await shop.run(new, version) == ["2.0"])
        fetched.files = [:]
        #expect(builder.existing(after: fetched, with: shop.interpreter) == new, "known by its URL")
    }

    @Test func `What stands in satisfies a dependency, and can be removed`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_needy", "1.0", requires: ["no-such-package-at-all"])
        var mock = EnvironmentChange()
        let info = "no_such_package_at_all-9.dist-info"
        mock.stands = [
            "\(info)/METADATA":
                "Metadata-Version: 2.1\nName: no-such-package-at-all\nVersion: 9\n",
            "\(info)/RECORD": "\(info)/METADATA,,\n\(info)/RECORD,,\n",
        ]
        let builder = shop.builder()
        let standing = try await builder.environment(after: mock, with: shop.interpreter)
        let needy = try await builder.environment(
            after: change(["amaru-needy"], of: standing),
            with: shop.interpreter
        )
        #expect(try await shop.run(needy, Self.versions) == ["amaru_needy"])

        var removal = change([], of: needy)
        removal.removals = ["amaru-needy", "no-such-package-at-all"]
        let bare = try await builder.environment(after: removal, with: shop.interpreter)
        #expect(try await shop.run(bare, Self.versions).joined() == "")
        #expect(try await shop.run(needy, Self.versions) == ["amaru_needy"], "the base stays")
    }

    @Test(
        "What would be an option, or a file elsewhere, is refused",
        arguments: [
            ("requirements", "--index-url=https://elsewhere.example"),
            ("constraints", "-r /etc/passwd"),
            ("removals", "--yes"),
            ("indexes", "file:///tmp"),
            ("indexes", "--proxy=http://elsewhere.example"),
        ]
    )
    func refusals(part: String, text: String) async throws {
        let shop = try WheelShop()
        var change = EnvironmentChange()
        switch part {
        case "requirements": change.requirements = [text]
        case "constraints": change.constraints = [text]
        case "removals": change.removals = [text]
        default: change.indexes.main = text
        }
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(after: change, with: shop.interpreter)
        }
        #expect(error?.code == .invalidRequirement)
        #expect(error?.message.contains(text) == true)
        #expect(try shop.environments().isEmpty)
    }

    @Test(
        "A file that stands in lies below site-packages",
        arguments: ["/etc/cron.d/x", "../x", "a/../../x"]
    )
    func refusedFile(path: String) async throws {
        let shop = try WheelShop()
        var change = EnvironmentChange()
        change.stands = [path: "text"]
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(after: change, with: shop.interpreter)
        }
        #expect(error?.code == .invalidRequirement)
    }

    @Test func `Changes that differ in one part lead to different environments`() throws {
        let interpreter = PythonInterpreterInfo(path: "/python", version: "3.11.2")
        var variants = [EnvironmentChange()]
        func add(_ edit: (inout EnvironmentChange) -> Void) {
            var variant = EnvironmentChange()
            edit(&variant)
            variants.append(variant)
        }
        add { $0.base = "/base" }
        add { $0.requirements = ["a"] }
        add { $0.requirements = ["a", "b"] }
        add { $0.requirements = ["b", "a"] }
        add { $0.constraints = ["a"] }
        add { $0.indexes.main = "a" }
        add { $0.indexes.extra = ["a"] }
        add { $0.removals = ["a"] }
        add { $0.stands = ["a": "b"] }
        add { $0.stands = ["a": "c"] }
        add { $0.dependencies = false }
        add { $0.prereleases = true }
        add { $0.reinstalls = true }
        #expect(Set(variants.map { $0.key(interpreter) }).count == variants.count)
    }
}
