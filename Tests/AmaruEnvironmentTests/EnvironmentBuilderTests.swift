// Environments with the real interpreter and real installers, with wheels that the tests make.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

import class Amaru.Lock

@testable import AmaruEnvironment

@Suite(.serialized) struct EnvironmentBuilderTests {
    @Test func `A wheel is installed, then found again without any process`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_sample", "1.0")
        let log = Log()
        let request = shop.request(["amaru-sample==1.0"])
        let made = try await shop.builder().environment(for: request) { log.add($0) }
        #expect(log.lines.contains { $0.contains("Successfully installed") })
        let output = try await shop.run(made, "import amaru_sample; print(amaru_sample.version)")
        #expect(output == ["1.0"])

        // With a PATH and an index that lead nowhere, only what is there can be returned.
        let offline = EnvironmentBuilder(cacheFolder: shop.cache, environment: ["PATH": "/nowhere"])
        let quiet = Log()
        let again = try await offline.environment(for: shop.request(["Amaru_Sample == 1.0"])) {
            quiet.add($0)
        }
        #expect(again == made)
        #expect(quiet.lines.isEmpty)
    }

    @Test func `A dependency that is nowhere fails the installation`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_needy", "1.0", requires: ["no-such-package-at-all"])
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: shop.request(["amaru-needy"]))
        }
        #expect(error?.code == .unresolvable)
        #expect(error?.message.contains("no-such-package-at-all") == true)
        #expect(try shop.environments().isEmpty, "the failed one is removed")
    }

    @Test func `What is no requirement is refused although an environment without it is there`()
        async throws
    {
        let shop = try WheelShop()
        _ = try await shop.builder().environment(for: shop.request([]))
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: shop.request(["-"]))
        }
        #expect(error?.code == .invalidRequirement)
    }

    @Test func `What only uv can keep to is refused with pip`() async throws {
        let shop = try WheelShop()
        var request = shop.request(["amaru-one"])
        request.limits.excludeNewer = "2024-01-01"
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: request)
        }
        #expect(error?.message.contains("tool.uv.exclude-newer is not supported") == true)
        #expect(try shop.environments() == [])
    }

    @Test func `A folder without the marker is made again`() async throws {
        let shop = try WheelShop()
        let request = shop.request([])
        let made = try await shop.builder().environment(for: request)
        try FileManager.default.removeItem(at: made.marker)
        let litter = made.root.appending(path: "half-made")
        try Data().write(to: litter)
        #expect(try await shop.builder().environment(for: request) == made)
        #expect(!FileManager.default.fileExists(atPath: litter.path))
    }

    @Test func `An environment of another interpreter version is made again`() async throws {
        let shop = try WheelShop()
        let request = shop.request([])
        let made = try await shop.builder().environment(for: request)
        let file = made.root.appending(path: "pyvenv.cfg")
        let text = try String(contentsOf: file, encoding: .utf8)
        let version = request.interpreter.version
        try text.replacing(version, with: "3.9.1").write(
            to: file,
            atomically: true,
            encoding: .utf8
        )
        #expect(try await shop.builder().environment(for: request) == made)
        #expect(try String(contentsOf: file, encoding: .utf8).contains(version))
    }

    @Test func `An interpreter of another version than said is refused`() async throws {
        let shop = try WheelShop()
        let wrong = PythonInterpreterInfo(path: shop.interpreter.path, version: "3.99.1")
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(
                for: EnvironmentRequest(requirements: [], interpreter: wrong)
            )
        }
        #expect(error?.code == .interpreterMismatch)
        #expect(try shop.environments().isEmpty)
    }

    @Test func `Two builders at once make one environment`() async throws {
        let shop = try WheelShop()
        try await shop.makeWheel("amaru_sample", "1.0")
        let log = Log()
        let request = shop.request(["amaru-sample"])
        let builder = shop.builder()
        async let first = builder.environment(for: request) { log.add($0) }
        async let second = builder.environment(for: request) { log.add($0) }
        let both = try await [first, second]
        #expect(both[0] == both[1])
        #expect(log.lines.filter { $0.hasPrefix("making a virtual environment") }.count == 1)
        #expect(log.lines.contains { $0.contains("waiting for another amaru") })
    }

    @Test func `Cancelling kills the installer and removes what it made`() async throws {
        let shop = try WheelShop()
        let (running, entered) = AsyncStream.makeStream(of: Int32.self)
        // An interpreter that makes the folder, says its number and hangs.
        let slow = try await shop.folder.program(
            "#!/bin/sh\nmkdir -p \"$4\"; echo Collecting $$; sleep 1000 & wait\n",
            "slow"
        )
        let request = EnvironmentRequest(
            requirements: [],
            interpreter: PythonInterpreterInfo(path: slow.path, version: "3.11.2")
        )
        let builder = shop.builder()
        let task = Task {
            try await builder.environment(for: request) { line in
                if line.hasPrefix("Collecting "), let pid = Int32(line.dropFirst(11)) {
                    entered.yield(pid)
                }
            }
        }
        var iterator = running.makeAsyncIterator()
        let pid = try #require(await iterator.next())
        #expect(try !shop.environments().isEmpty)
        task.cancel()
        let error = await #expect(throws: EnvironmentError.self) { try await task.value }
        #expect(error?.code == .cancelled)
        #expect(kill(pid, 0) != 0)
        #expect(try shop.environments().isEmpty)
    }

    @Test func `A wait for the lock can be cancelled`() async throws {
        let shop = try WheelShop()
        let request = shop.request([])
        let folder = shop.cache.appending(path: "environments")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let lock = try await FileLock.acquire(
            at: folder.appending(path: request.key + ".lock").path
        ) {}
        defer { withExtendedLifetime(lock) {} }
        let (waits, waiting) = AsyncStream.makeStream(of: String.self)
        let builder = shop.builder()
        let task = Task { try await builder.environment(for: request) { waiting.yield($0) } }
        var iterator = waits.makeAsyncIterator()
        #expect(await iterator.next()?.contains("waiting for another amaru") == true)
        task.cancel()
        let error = await #expect(throws: EnvironmentError.self) { try await task.value }
        #expect(error?.code == .cancelled)
    }

    @Test func `The lock outlives its owner as long as the installer runs`() async throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appending(path: "x.lock").path
        let go = folder.url.appending(path: "go").path
        #expect(mkfifo(go, 0o600) == 0)
        let child = try await Task {
            try await ChildProcess(
                executable: "/bin/sh",
                arguments: ["-c", "read -r _ < '\(go)'"],
                environment: [:],
                holding: [FileLock.acquire(at: path) {}.descriptor]
            )
        }.value
        let (waits, waiting) = AsyncStream.makeStream(of: Void.self)
        let next = Task { try await FileLock.acquire(at: path) { waiting.yield() } }
        var iterator = waits.makeAsyncIterator()
        #expect(await iterator.next() != nil)
        try Data("\n".utf8).write(to: URL(filePath: go))
        _ = try await next.value
        #expect(try await child.exitStatus() == .exited(0))
    }

    @Test func `A cache that is a file is an error that names it`() async throws {
        let shop = try WheelShop()
        let file = try shop.folder.write("", to: "file")
        let builder = EnvironmentBuilder(cacheFolder: file, environment: [:])
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: shop.request([]))
        }
        #expect(error?.code == .unwritableCache)
        #expect(error?.message.contains(file.path) == true)
    }

    @Test func `A missing interpreter is an error that names it`() async throws {
        let shop = try WheelShop()
        let request = EnvironmentRequest(
            requirements: [],
            interpreter: PythonInterpreterInfo(path: "/no/python3", version: "3.11.2")
        )
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: request)
        }
        #expect(error?.code == .interpreterMissing)
        #expect(error?.message.contains("/no/python3") == true)
    }

    @Test(
        "A failed installer's words decide what to say",
        arguments: [
            (
                "The virtual environment was not created: ensurepip is not available.",
                "noVenvModule"
            ),
            ("OSError: [Errno 28] No space left on device", "diskFull"),
            ("Failed to establish a new connection: [Errno 111]", "offline"),
            ("x: No module named venv", "noVenvModule"),
            ("something else", "installerFailed"),
        ]
    )
    func diagnosis(words: String, code: String) async throws {
        let shop = try WheelShop()
        let broken = try await shop.folder.program(
            "#!/bin/sh\necho '\(words)' >&2\nexit 1\n",
            "broken"
        )
        let request = EnvironmentRequest(
            requirements: [],
            interpreter: PythonInterpreterInfo(path: broken.path, version: "3.11.2")
        )
        let error = await #expect(throws: EnvironmentError.self) {
            try await shop.builder().environment(for: request)
        }
        #expect(error?.code.description == code)
        #expect(error?.message.contains(words) == true)
    }

    @Test func `uv is used if the path has it, with the exact interpreter`() async throws {
        let shop = try WheelShop()
        // Does what uv would for `venv`, and writes all its arguments down.
        try await shop.folder.program(
            """
            #!/bin/sh
            echo "$@" >> "\(shop.folder.path)/calls"
            if [ "$1" = venv ]; then "$4" -m venv --without-pip "$5"; fi
            """,
            "bin/uv"
        )
        let builder = EnvironmentBuilder(
            cacheFolder: shop.cache,
            environment: ["PATH": "\(shop.folder.path)/bin:/usr/bin:/bin"]
        )
        let made = try await builder.environment(for: shop.request(["a>1", "b"]))
        let calls = try String(
            contentsOf: shop.folder.url.appending(path: "calls"),
            encoding: .utf8
        )
        let python = made.executable.path
        #expect(
            calls == """
                venv --no-project --python \(shop.interpreter.path) \(made.root.path)
                pip install --python \(python) -- a>1 b

                """
        )
    }

    @Test func `A child gets nothing that misleads an installer`() {
        let cleaned = InstallerEnvironment.cleaned(
            [
                "PYTHONPATH": "x", "PYTHONHOME": "x", "VIRTUAL_ENV": "x",
                "PIP_TARGET": "x", "PIP_INDEX_URL": "keep", "HTTPS_PROXY": "keep", "PATH": "keep",
            ]
        )
        #expect(cleaned.filter { $0.value == "keep" }.count == 3)
        #expect(!cleaned.values.contains("x"))
    }

    @Test func `The index set for pip holds for uv, unless uv has its own`() {
        let pip = ["PIP_INDEX_URL": "https://pip", "PIP_EXTRA_INDEX_URL": "https://more"]
        let translated = InstallerEnvironment.translatedForUV(pip)
        #expect(translated["UV_DEFAULT_INDEX"] == "https://pip")
        #expect(translated["UV_INDEX"] == "https://more")
        let own = InstallerEnvironment.translatedForUV(
            pip.merging(["UV_INDEX_URL": "https://uv"]) { $1 }
        )
        #expect(own["UV_DEFAULT_INDEX"] == nil && own["UV_INDEX"] == nil)
    }
}

/// Progress lines, collected from any thread.
final class Log: Sendable {
    private let kept = Lock<[String]>([])
    var lines: [String] { kept.withLock { $0 } }
    func add(_ line: String) { kept.withLock { $0.append(line) } }
}
