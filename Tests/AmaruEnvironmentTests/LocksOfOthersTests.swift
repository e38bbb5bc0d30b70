// Locks that uv, pip and other programs have made.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

@Suite(.timeLimit(.minutes(5))) struct LocksOfOthersTests {
    private let shop: WheelShop
    private let file: URL

    init() throws {
        shop = try WheelShop()
        file = shop.folder.url.appending(path: "app/pylock.chat.toml")
    }

    private func lock(_ text: String, for requirements: [String]) async throws -> EnvironmentLock {
        try shop.folder.write(text, to: "app/pylock.chat.toml")
        return try await shop.builder().lock(at: file, for: shop.request(requirements))
    }

    @Test(arguments: TestedInstaller.allCases)
    func `What uv has locked is installed, with its digests compared`(
        _ installer: TestedInstaller
    ) async throws {
        try await shop.makeWheel("amaru_base", "1.0")
        let needs = ["amaru-base>=1", "amaru-absent; sys_platform == 'win32'"]
        try await shop.makeWheel("amaru_top", "1.0", requires: needs)
        try shop.folder.write("amaru-top\n", to: "app/requirements.in")
        let uv = try ChildProcess(
            executable: try await TestedInstaller.uv.path(in: shop).prefix { $0 != ":" } + "/uv",
            arguments: [
                "pip", "compile", "--no-index", "--find-links", shop.folder.path, "--no-cache",
                "--python", shop.interpreter.path, "--format", "pylock.toml", "-o", file.path,
                shop.folder.path + "/app/requirements.in",
            ],
            environment: ["PATH": "/usr/bin:/bin", "HOME": shop.folder.path]
        )
        let result = try await uv.output()
        try #require(result.status.isSuccess, "\(result.errors)")

        // Newer versions change nothing.
        try await shop.makeWheel("amaru_base", "2.0")
        let builder = shop.builder(try await shop.variables(installer))
        let lock = try await builder.lock(at: file, for: shop.request(["Amaru_Top>0"]))
        #expect(lock.stale == nil && lock.maker == "uv")
        #expect(lock.names == ["amaru-base", "amaru-top"])
        let made = try await builder.environment(for: lock, with: shop.interpreter)
        let program = "import amaru_base, amaru_top; print(amaru_base.version)"
        #expect(try await shop.run(made, program) == ["1.0"])
        #expect(builder.existing(for: lock, with: shop.interpreter) == made)

        try await shop.makeWheel("amaru_base", "1.0", files: ["more.py": "evil = True"])
        try FileManager.default.removeItem(at: shop.cache)
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: lock, with: shop.interpreter)
        }
        #expect(error?.code == .damagedDownload, "\(error as Any)")
        #expect(error?.message.contains("amaru-base") == true)
        #expect(try shop.environments().isEmpty)
    }

    private static let zeros = String(repeating: "0", count: 64)
    private static let hashes = "hashes = {sha256 = '\(zeros)'}"

    private static func wheel(_ tag: String) -> String {
        "{url = 'https://h/b/a-1.0-\(tag).whl', upload-time = 2026-10-02T23:06:54Z, \(hashes)}"
    }

    private static let head = "lock-version = '1.0'\ncreated-by = 'uv'\n"
    private static let package = head + "[[packages]]\nname = 'a'\nversion = '1.0'\n"

    /// As `pip lock` writes it.
    private static let pip = """
        lock-version = "1.0"
        created-by = "pip"

        [[packages]]
        name = "a"
        version = "1.0"

        [[packages.wheels]]
        name = "a-1.0-py3-none-any.whl"
        url = "https://h/b/a-1.0-py3-none-any.whl"

        [packages.wheels.hashes]
        sha256 = "\(zeros)"
        """

    private static let chosen: [(String, String?)] = [
        (pip, "a-1.0-py3-none-any.whl"),
        (package + "wheels = [\(wheel("py3-none-any"))]", "a-1.0-py3-none-any.whl"),
        // The most special one, and the highest build, whatever comes first.
        (
            package + "wheels = [\(wheel("py31-none-any")), \(wheel("py2.py3-none-any")), "
                + "\(wheel("cp27-cp27m-any"))]",
            "a-1.0-py2.py3-none-any.whl"
        ),
        (
            package + "wheels = [\(wheel("2-py3-none-any")), \(wheel("10-py3-none-any")), "
                + "\(wheel("py3-none-any"))]", "a-1.0-10-py3-none-any.whl"
        ),
        (
            package + "sdist = {url = 'https://h/a-1.0.tar.gz', \(hashes)}\n"
                + "wheels = [\(wheel("cp39-cp39-win_amd64"))]", "a-1.0.tar.gz"
        ),
        (package + "archive = {url = 'https://h/a.whl', \(hashes)}", "a.whl"),
        (package + "wheels = [{path = '../a-1.0-py3-none-any.whl', \(hashes)}]", "a-1.0-py3"),
        (package + "marker = \"python_version < '3'\"\nvcs = {}", nil),
    ]

    @Test("Of a package, the file for this Python and machine is taken", arguments: chosen)
    func chooses(text: String, name: String?) async throws {
        let lock = try await lock(text, for: name == nil ? [] : ["a"])
        #expect(lock.stale == nil)
        #expect(lock.packages.count == (name == nil ? 0 : 1))
        if let name { #expect(lock.packages.first?.url.contains("/" + name) == true, "\(lock)") }
    }

    private static let stale: [(String, String, String)] = [
        (pip, "a>1", "it has a 1.0, and a>1 is asked for"), (pip, "b", "b is not in it"),
        (pip, "a[x]<1", "it has a 1.0, and a[x]<1"), (pip, "./a.whl", "./a.whl has no name"),
        (pip, "a @ https://h/other.whl", "it has https://h/b/a-1.0-py3-none-any.whl, and a @"),
        (pip.replacing("version = \"1.0\"\n\n[[packages.", with: "[[packages."), "a>0", "which a"),
        (
            package + "wheels = [\(wheel("cp39-cp39-win_amd64"))]", "a",
            "no file of a for this Python and machine"
        ),
        (head + "requires-python = '<3'\npackages = []", "a", "the lock is for Python <3, and"),
        (package + "requires-python = '<3'\n", "a", "a is for Python <3, and"),
        (
            head + "environments = [\"sys_platform == 'win32'\"]\npackages = []", "a",
            "it is for other machines"
        ),
    ]

    @Test("A lock of other packages, or for another Python, is stale", arguments: stale)
    func staleness(text: String, requirement: String, words: String) async throws {
        let lock = try await lock(text, for: [requirement])
        #expect(lock.stale?.contains(words) == true, "\(lock)")
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: lock, with: shop.interpreter)
        }
        #expect(error?.code == .staleLock)
        // What is not for here, and other spellings, are no matter.
        let fitting = ["A", "a==1.*", "a>1; sys_platform == 'win32'"]
        #expect(try await self.lock(Self.pip, for: fitting).stale == nil)
        let url = "a @ https://h/b/a-1.0-py3-none-any.whl#sha256=\(Self.zeros)"
        #expect(try await self.lock(Self.pip, for: [url]).stale == nil)
    }

    private static let refused: [(String, String)] = [
        (package + "wheels = [{url = 'https://h/a-1.0-py3-none-any.whl'}]", "a: it has no valid"),
        (package + "wheels = [{\(hashes)}]", "'' is not the name of a wheel"),
        (package + "wheels = [{name = 'a-1.0-py3-none-any.whl', \(hashes)}]", "a: its file has"),
        (package + "vcs = {type = 'git', url = 'https://h/a'}", "a: it is a repository"),
        (package + "directory = {path = '.', editable = true}", "a: it is a folder"),
        (
            package + "archive = {url = 'https://h/a.zip', subdirectory = 'b', \(hashes)}",
            "a: it is in a folder of an archive"
        ),
        (package + "archive = {url = 'https://h/a.zip'}", "a: it has no valid SHA-256 digest"),
        (package + "marker = \"'x' in extras\"\n", "in extras\" is not valid here"),
        (package + "marker = 'python'\n", "the marker 'python' is not valid here"),
        (package + "requires-python = 'three'\n", "a: requires-python 'three' is not a range"),
        (pip + "\n" + String(pip.drop { $0 != "[" }), "a: it is there twice"),
        (head + "extras = ['x']\npackages = []", "it is for several uses: it has extras"),
        (head + "dependency-groups = ['x']\npackages = []", "it has dependency-groups"),
    ]

    @Test("What cannot be used of a lock is named, with what to do", arguments: refused)
    func refuses(text: String, words: String) async throws {
        let error = await #expect(throws: EnvironmentError.self) {
            try await lock(text, for: ["a"])
        }
        #expect(error?.code == .staleLock)
        #expect(error?.message.contains(words) == true, "\(error?.message ?? "")")
    }
}
