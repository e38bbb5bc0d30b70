// Disks that are full, indexes that fail, files that are not wheels: each a clear error, nothing left.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

@testable import AmaruEnvironment

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

@Suite(.timeLimit(.minutes(5))) struct EnvironmentFaultTests {
    private let shop: WheelShop

    init() throws { shop = try WheelShop() }

    /// Fails to install a package, and returns why.
    private func failure(
        of builder: EnvironmentBuilder? = nil,
        _ requirement: String = "amaru-one",
        _ log: Log = Log()
    ) async throws -> EnvironmentError {
        let builder = builder ?? shop.builder()
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: shop.request([requirement])) { log.add($0) }
        }
        #expect(try shop.environments(in: builder).isEmpty, "nothing is half-made")
        return try #require(error)
    }

    @Test func `A pip that has lost its files is installed again, or named`() async throws {
        try await shop.makeWheel("amaru_one", "1.0")
        try await shop.makeWheel("amaru_two", "1.0")
        let builder = EnvironmentBuilder(
            cacheFolder: shop.cache,
            environment: WheelShop.variables(shop.folder.path)
        )
        _ = try await builder.environment(for: shop.request(["amaru-one"]))
        let pip = try await builder.pip(for: shop.interpreter) { _ in }
        CacheUse.end(pip.marker.path)
        let packages = pip.sitePackages(of: shop.interpreter)
        try FileManager.default.removeItem(at: packages.appending(path: "pip"))
        _ = try await builder.environment(for: shop.request(["amaru-two"]))

        try FileManager.default.removeItem(at: packages.appending(path: "pip/_vendor/urllib3"))
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: shop.request(["amaru-one", "amaru-two"]))
        }
        #expect(error?.remedy.contains("amaru env clear") == true, "\(String(describing: error))")
    }

    @Test(arguments: TestedInstaller.allCases)
    func `An index that answers 500 is named as the fault`(
        _ installer: TestedInstaller
    ) async throws {
        let index = ScriptedServer([.text("", status: 500, reason: "Internal Server Error")])
        try await index.start()
        let error = try await failure(of: shop.builder(installer, index: index))
        await index.shutDown()
        #expect(error.code == .indexFailed)
        #expect(error.message.contains("/simple/amaru-one/"), "\(error)")
        #expect(index.requests.allSatisfy { $0.path.contains("amaru-one") })
    }

    @Test(arguments: TestedInstaller.allCases)
    func `An index that says nothing is given up`(_ installer: TestedInstaller) async throws {
        let index = ScriptedServer([.stall(until: Gate())])
        try await index.start()
        let limits = ["PIP_DEFAULT_TIMEOUT": "0.2", "UV_HTTP_TIMEOUT": "1"]
        let builder = try await shop.builder(installer, index: index, limits)
        let error = try await failure(of: builder)
        await index.shutDown()
        #expect(error.code == .offline)
        #expect(error.message.contains("timed out"), "\(error)")
    }

    @Test func `An installer that does nothing is ended`() async throws {
        let idle = try await shop.folder.program("#!/bin/sh\nexec sleep 1000\n", "idle")
        var builder = shop.builder()
        builder.stallLimit = .milliseconds(100)
        let request = EnvironmentRequest(
            requirements: [],
            interpreter: PythonInterpreterInfo(path: idle.path, version: "3.11.2")
        )
        let error = await #expect(throws: EnvironmentError.self) {
            try await builder.environment(for: request)
        }
        #expect(error?.code == .stalled)
        #expect(error?.message.contains("did nothing for 0.1 s") == true)
        #expect(try shop.environments().isEmpty)
    }

    @Test(arguments: TestedInstaller.allCases)
    func `Without a network nothing can be had, but what was had before`(
        _ installer: TestedInstaller
    ) async throws {
        let index = ScriptedServer.packages(in: shop.folder.url)
        try await shop.makeWheel("amaru_one", "1.0")
        try await index.start()
        let builder = try await shop.builder(installer, index: index)
        let made = try await builder.environment(for: shop.request(["amaru-one"]))
        await index.shutDown()
        // Not the port of that server, which another test's may have now.
        var variables = try await shop.variables(installer)
        (variables["PIP_NO_INDEX"], variables["PIP_FIND_LINKS"]) = (nil, nil)
        let port = try await ScriptedServer.refusingPort()
        variables["PIP_INDEX_URL"] = "http://127.0.0.1:\(port)/simple"
        let offline = shop.builder(variables)
        #expect(try await offline.environment(for: shop.request(["amaru-one"])) == made)
        let error = await #expect(throws: EnvironmentError.self) {
            try await offline.environment(for: shop.request(["amaru-one>0"]))
        }
        #expect(error?.code == .offline)
        #expect(offline.cached.count == 1)
    }

    @Test(arguments: TestedInstaller.allCases)
    func `A proxy that refuses is named`(_ installer: TestedInstaller) async throws {
        let port = try await ScriptedServer.refusingPort()
        let index = ScriptedServer([.text("")])
        try await index.start()
        let proxy = ["HTTP_PROXY": "http://127.0.0.1:\(port)", "NO_PROXY": ""]
        let error = try await failure(of: shop.builder(installer, index: index, proxy))
        await index.shutDown()
        #expect(error.code == .offline)
        #expect(error.message.contains("the proxy set in HTTP_PROXY"), "\(error)")
        #expect(index.requests.isEmpty)
    }

    @Test(arguments: TestedInstaller.allCases)
    func `A wheel that is no archive is refused by name`(
        _ installer: TestedInstaller
    ) async throws {
        try shop.folder.write("no archive", to: "amaru_one-1.0-py3-none-any.whl")
        let log = Log()
        let builder = shop.builder(try await shop.variables(installer))
        let error = try await failure(of: builder, "amaru-one", log)
        #expect(error.code == .damagedDownload, "\(error)")
        #expect(error.message.contains("amaru-one"), "\(error)")
        #expect(!log.lines.contains { $0.contains("is invalid") }, "it is said once")
    }

    @Test(arguments: TestedInstaller.allCases)
    func `Of a wheel nothing is written outside of the environment`(
        _ installer: TestedInstaller
    ) async throws {
        try await shop.makeWheel("amaru_one", "1.0", files: ["../../../../../escaped": "x"])
        let builder = shop.builder(try await shop.variables(installer))
        // Again, with what the installer has kept of the first time.
        for _ in 1...2 {
            let error = try await failure(of: builder)
            #expect(error.code == .damagedDownload, "\(error)")
            #expect(error.message.contains("amaru-one"), "\(error)")
            #expect(error.message.contains("outside the target directory"))
            #expect(error.message.contains("/../../../escaped"))
        }
        let files = try FileManager.default.subpathsOfDirectory(atPath: shop.folder.path)
        #expect(!files.contains { $0.hasSuffix("escaped") })
    }

    @Test func `What uv downloads and builds shows that it works`() async throws {
        let cache = shop.folder.url.appending(path: "uv")
        for part in [".tmpX", "builds-v0", "sdists-v9", "archive-v0"] {
            try shop.folder.write("", to: "uv/\(part)/file")
        }
        let work = CacheEntry.Work(folder: shop.cache, entry: shop.cache, held: [])
        let builder = shop.builder(["UV_CACHE_DIR": cache.path, "HOME": "/nowhere"])
        let uv = Installer(builder, work, .uv("/usr/bin/uv")) { _ in }
        let names = Set(uv.growing.map(\.lastPathComponent))
        #expect(names == [".tmpX", "builds-v0", "sdists-v9", "cache"])
        #expect(Set(uv.downloads.map(\.lastPathComponent)) == [".tmpX", "cache"])
        let places = [["HOME": "/h"], ["HOME": "/h", "XDG_CACHE_HOME": "/x"], [:]]
        #expect(places.map(InstallerEnvironment.cacheOfUV) == ["/h/.cache/uv", "/x/uv", nil])
    }

    @Test func `A wheel cannot make an environment look complete`() async throws {
        try await shop.makeWheel(
            "amaru_one",
            "1.0",
            data: [
                "data/amaru-complete": "", "data/.complete": "", "data/pyvenv.cfg.complete": "",
            ]
        )
        try await shop.makeWheel("amaru_two", "1.0", requires: ["amaru-one", "amaru-no-such"])
        let request = shop.request(["amaru-one"])
        let made = try await shop.builder().environment(for: request)
        #expect(
            FileManager.default.fileExists(atPath: made.root.appending(path: "amaru-complete").path)
        )
        try FileManager.default.removeItem(at: made.marker)
        #expect(PythonEnvironment(completeAt: made.root, for: shop.interpreter) == nil)
    }

    @Test func `A cache that is read-only serves what it has, and is named else`() async throws {
        try await shop.makeWheel("amaru_one", "1.0")
        _ = try await shop.builder().environment(for: shop.request(["amaru-one"]))
        // For others to read, and for nobody to write.
        let closing = try ChildProcess(
            executable: "/bin/chmod",
            arguments: ["-R", "a+rX,u-w", shop.folder.path],
            environment: [:]
        )
        #expect(try await closing.exitStatus().isSuccess)
        await #expect(processExitsWith: .success) {
            [
                cache = shop.cache.path as String, path = shop.interpreter.path as String,
                version = shop.interpreter.version as String
            ] in
            // The administrator may write anywhere, too.
            if getuid() == 0 { #expect(setgid(65_534) == 0 && setuid(65_534) == 0) }
            let builder = EnvironmentBuilder(
                cacheFolder: URL(filePath: cache),
                environment: ["PATH": "/usr/bin:/bin"]
            )
            func request(_ requirement: String) -> EnvironmentRequest {
                EnvironmentRequest(
                    requirements: [requirement],
                    interpreter: PythonInterpreterInfo(path: path, version: version)
                )
            }
            _ = try await builder.environment(for: request("amaru-one"))
            let error = await #expect(throws: EnvironmentError.self) {
                try await builder.environment(for: request("amaru-two"))
            }
            #expect(error?.code == .unwritableCache)
            #expect(error?.message.contains(cache) == true)
        }
        let opening = try ChildProcess(
            executable: "/bin/chmod",
            arguments: ["-R", "u+w", shop.folder.path],
            environment: [:]
        )
        #expect(try await opening.exitStatus().isSuccess)
    }

    #if os(Linux)
        @Test(
            "A full disk is named as what it is, wherever it fills",
            .enabled(if: SmallDisk.isPossible, "file systems can be mounted by root only"),
            arguments: [1, 8, 24]
        )
        func fullDisk(megabytes: Int) async throws {
            let disk = try await SmallDisk(megabytes: megabytes)
            try await shop.makeWheel("amaru_big", "1.0", padding: 16 << 20)
            let builder = EnvironmentBuilder(
                cacheFolder: disk.url,
                environment: shop.builder().environment
            )
            let error = try await failure(of: builder, "amaru-big")
            #expect(error.code == .diskFull, "\(error)")
            #expect(error.message.contains(disk.url.path))
            #expect(error.remedy.contains("amaru env prune"))
        }
    #endif
}

#if os(Linux)
    /// A file system of a few megabytes.
    private final class SmallDisk: Sendable {
        private let folder: TemporaryFolder

        static var isPossible: Bool { getuid() == 0 && mount(on: "/proc/self/none") == ENOENT }

        var url: URL { folder.url }

        init(megabytes: Int) async throws {
            folder = try TemporaryFolder("amaru-disk")
            try #require(Self.mount(on: folder.path, "size=\(megabytes)m") == 0)
        }

        deinit { umount2(folder.path, Int32(MNT_DETACH)) }

        /// Mounts a file system in memory, and returns the error number.
        private static func mount(on path: String, _ options: String = "") -> Int32 {
            Glibc.mount("tmpfs", path, "tmpfs", 0, options) == 0 ? 0 : errno
        }
    }
#endif
