// Locks: written by what pip resolves, installed with their digests compared.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.serialized, .timeLimit(.minutes(5))) struct EnvironmentLockTests {
    private let shop: WheelShop
    private let file: URL

    init() throws {
        shop = try WheelShop()
        file = shop.folder.url.appending(path: "app/pylock.chat.toml")
        try shop.folder.write("", to: "app/chat.py")
    }

    @Test(
        "The name of a lock is one that PEP 751 knows",
        arguments: [
            ("/a/chat.py", false, "/a/pylock.chat.toml"),
            ("/a/b.c.py", false, "/a/pylock.b-c.toml"),
            ("/a/noend", false, "/a/pylock.noend.toml"), ("/a/app", true, "/a/app/pylock.toml"),
        ]
    )
    func names(path: String, isFolder: Bool, name: String) {
        #expect(EnvironmentLock.file(for: URL(filePath: path), isFolder: isFolder).path == name)
    }

    /// Makes two wheels, of which one needs the other, and locks them from an index.
    private func lock(_ change: (inout EnvironmentRequest) -> Void = { _ in }) async throws -> (
        index: ScriptedServer, builder: EnvironmentBuilder, request: EnvironmentRequest
    ) {
        try await shop.makeWheel("amaru_base", "1.0")
        try await shop.makeWheel("amaru_top", "1.0", requires: ["amaru-base>=1"])
        let index = ScriptedServer.packages(in: shop.folder.url)
        try await index.start()
        var request = shop.request(["Amaru_Top"])
        change(&request)
        let builder = shop.builder(index: index)
        #expect(try await builder.writeLock(of: request, to: file) == 2)
        return (index, builder, request)
    }

    @Test func `A lock has what PEP 751 demands, and is what is installed from then on`()
        async throws
    {
        let (index, builder, request) = try await lock()
        let problems = try await shop.run(shop.interpreter.path, Self.validator, file.path)
        #expect(problems == ["amaru-base 1.0", "amaru-top 1.0"])
        #expect(try shop.environments() == [], "what resolved is gone")

        // Newer versions change nothing.
        try await shop.makeWheel("amaru_base", "2.0")
        let lock = try await builder.lock(at: file, for: request)
        #expect(lock.stale == nil)
        #expect(lock.names == ["amaru-base", "amaru-top"])
        let made = try await builder.environment(for: lock, with: shop.interpreter)
        let program = "import amaru_base, amaru_top; print(amaru_base.version)"
        #expect(try await shop.run(made, program) == ["1.0"])
        #expect(builder.cached.first?.requirements == ["amaru-top", "locked"])

        // The second time, neither a server nor a process is needed.
        await index.shutDown()
        let offline = EnvironmentBuilder(cacheFolder: shop.cache, environment: ["PATH": "/no"])
        let again = try await offline.lock(at: file, for: request)
        #expect(try await offline.environment(for: again, with: shop.interpreter) == made)
        #expect(offline.existing(for: again, with: shop.interpreter) == made)
    }

    @Test func `A file with another digest is refused with its name`() async throws {
        let (index, builder, request) = try await lock()
        try await shop.makeWheel("amaru_base", "1.0", files: ["more.py": "evil = True"])
        let lock = try await builder.lock(at: file, for: request)
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: lock, with: shop.interpreter)
        }
        await index.shutDown()
        #expect(error?.code == .damagedDownload)
        #expect(error?.message.contains("amaru-base") == true)
        #expect(error?.message.contains("DO NOT MATCH THE HASHES") == true)
        #expect(error?.message.contains(shop.cache.path) == false, "\(error?.message ?? "")")
        #expect(try shop.environments() == [])
    }

    @Test func `A lock fits what it was made for`() async throws {
        let needs = try shop.folder.write("amaru-base\n", to: "requirements.txt")
        let (index, builder, request) = try await lock { request in
            request.requirementFiles = [needs.path]
            request.requiresPython = ">=3.11"
            request.limits.constraints = ["amaru-base<9"]
        }
        await index.shutDown()
        func stale(_ request: EnvironmentRequest) async throws -> String? {
            try await builder.lock(at: file, for: request).stale
        }
        #expect(try await stale(request) == nil)
        var other = request
        other.requirements = ["amaru-top"]
        #expect(try await stale(other) == nil, "another spelling of the same")
        other.requirements = ["amaru-top>=1"]
        #expect(try await stale(other)?.contains("made for other packages") == true)
        other = request
        other.requiresPython = ">=3.12"
        #expect(try await stale(other) != nil)
        other = request
        other.limits = ResolutionLimits()
        #expect(try await stale(other) != nil)
        other = request
        other.indexes.extra = ["https://example.org/simple"]
        #expect(try await stale(other) != nil)
        try shop.folder.write("amaru-base<2\n", to: "requirements.txt")
        #expect(try await stale(request) != nil)

        // Of another machine.
        let text = try String(contentsOf: file, encoding: .utf8)
        let changed = text.replacing("platform = \"", with: "platform = \"other-")
        #expect(changed != text)
        try changed.write(to: file, atomically: true, encoding: .utf8)
        try shop.folder.write("amaru-base\n", to: "requirements.txt")
        #expect(try await stale(request) != nil)
    }

    @Test(
        "A lock that was edited has what is asked for, or says what it lacks",
        arguments: [
            ("name = \"amaru-base\"", "name = \"amaru-other\"", "amaru-base is not in it"),
            ("\nversion = \"1.0\"", "\nversion = \"0.9\"", "amaru-base 0.9, and amaru-base>=1"),
            ("\nversion = \"1.0\"", "", "does not say which amaru-base"),
            ("\nversion = \"1.0\"", "\nversion = \"1.1\"", nil),
        ] as [(String, String, String?)]
    )
    func edited(words: String, others: String, reason: String?) async throws {
        let (index, builder, request) = try await lock { request in
            request.requirements = ["amaru-top", "amaru-base>=1"]
        }
        await index.shutDown()
        let text = try String(contentsOf: file, encoding: .utf8)
        let changed = text.replacing(words, with: others)
        #expect(changed != text, "\(text)")
        try changed.write(to: file, atomically: true, encoding: .utf8)
        let stale = try await builder.lock(at: file, for: request).stale
        #expect(stale?.contains(reason ?? "none") == reason.map { _ in true }, "\(stale ?? "")")
    }

    @Test func `Files of this machine are named by their paths`() async throws {
        try await shop.makeWheel("amaru_base", "1.0")
        try FileManager.default.copyItem(
            at: shop.folder.url.appending(path: "amaru_base-1.0-py3-none-any.whl"),
            to: shop.folder.url.appending(path: "app/amaru_base-1.0-py3-none-any.whl")
        )
        let wheel = "\(shop.folder.path)/app/amaru_base-1.0-py3-none-any.whl"
        try await shop.builder().writeLock(of: shop.request([wheel]), to: file)
        let text = try String(contentsOf: file, encoding: .utf8)
        #expect(text.contains("path = \"amaru_base-1.0-py3-none-any.whl\""), "\(text)")
        let lock = try await shop.builder().lock(at: file, for: shop.request([wheel]))
        let made = try await shop.builder().environment(for: lock, with: shop.interpreter)
        #expect(try await shop.run(made, "import amaru_base; print(1)") == ["1"])
    }

    static let faultyLocks: [(String, String)] = [
        ("", "'lock-version' is missing"), ("lock-version = '2.0'", "'2.0' is not known"),
        ("lock-version = '1.0'", "'packages' is missing"), ("x = ", "line 1: this is not TOML"),
        (head + "name = \"a", "line 3: this is not TOML"), ("packages = 1", "'lock-version'"),
        ("lock-version = '1.0'\npackages = 1", "packages is not an array"),
        ("lock-version = '1.0'\npackages = ['a']", "packages[0] is not a table"),
        (head + "version = '1'", "line 2: packages[0].name is missing"),
        (head + "name = 3", "line 2: packages[0].name is not a string"),
        (
            head + "name = 'a'\n[[packages]]\nname = 'b'\nwheels = [{url = 3}]",
            "line 4: packages[1].wheels[0].url is not a string"
        ),
        (head + "name = 'a'\nsdist = {url = 'x', hashes = 1}", "sdist.hashes is not a table"),
        ("lock-version = '1.0'\npackages = []\ntool = 3  # [tool.amaru]", "tool is not a table"),
        (head + "name = 'a'\nwheels = []", "a: it has no file"),
        (
            head + "name = 'a b'\n" + wheel("https://h/a.whl"),
            "'a b' is not the normalised name"
        ),
        (head + "name = 'a'\n" + wheel("https://h/a.whl --pre"), "is not the URL of a file"),
        (head + "name = 'a'\n" + wheel("ftp://h/a.whl"), "is not the URL of a file"),
        (head + "name = 'a'\narchive = {url = 'https://h/a.whl', hashes = {}}", "no valid SHA"),
        (made(""), "'requirements' is missing"),
        (made("requirements = [nan]"), "requirements is not a list of strings"),
        (made("requirements = []\nindexes = [2026-01-01]"), "tool.amaru.indexes is not a list"),
        (made("requirements = []\nrequires-python = 2026-01-01"), "requires-python is not a"),
    ]

    @Test("A lock that cannot be used is refused with its fault", arguments: faultyLocks)
    func faults(text: String, words: String) async throws {
        let isWhole = text.isEmpty || text.contains("[tool.amaru]")
        let own = isWhole ? "" : "\n[tool.amaru]\nrequirements = []\n"
        try shop.folder.write(text + own, to: "app/pylock.chat.toml")
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().lock(at: file, for: shop.request([]))
        }
        #expect(error?.code == .staleLock)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }

    private static func made(_ table: String) -> String {
        "lock-version = '1.0'\npackages = []\n[tool.amaru]\n\(table)\n"
    }

    private static let head = "lock-version = '1.0'\n[[packages]]\n"

    private static func wheel(_ url: String) -> String {
        "wheels = [{url = '\(url)', hashes = {sha256 = '\(String(repeating: "0", count: 64))'}}]"
    }

    /// Prints each package of a lock, after the keys that PEP 751 requires were checked.
    private static let validator = """
        import sys, tomllib
        from urllib.parse import urlsplit
        with open(sys.argv[1], "rb") as file:
            lock = tomllib.load(file)
        assert lock["lock-version"] == "1.0"
        assert isinstance(lock["created-by"], str) and lock["created-by"]
        assert isinstance(lock["requires-python"], str)
        assert all(isinstance(one, str) for one in lock["environments"])
        assert set(lock) <= {
            "lock-version", "environments", "requires-python", "created-by", "packages", "tool",
        }
        for package in lock["packages"]:
            assert package["name"] == package["name"].lower().replace("_", "-")
            assert sum(key in package for key in ("wheels", "sdist", "archive")) == 1
            for wheel in package["wheels"]:
                assert ("url" in wheel) != ("path" in wheel)
                assert wheel["name"].endswith(".whl")
                assert urlsplit(wheel["url"]).scheme == "http"
                assert len(wheel["hashes"]["sha256"]) == 64
            print(package["name"], package["version"])
        """
}
