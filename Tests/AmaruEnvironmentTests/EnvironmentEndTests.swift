// Installers and servers at the end of the program, and the program at its limits.
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

@Suite(.timeLimit(.minutes(5))) struct EnvironmentEndTests {
    /// A pipe with a name, of which every process of a group holds the other end.
    ///
    /// Reading it to the end waits for the last of them.
    final class Trace {
        let folder: TemporaryFolder
        let path: String
        private let descriptor: Int32

        init() throws {
            folder = try TemporaryFolder()
            path = folder.url.appending(path: "trace").path
            #expect(mkfifo(path, 0o600) == 0)
            // Without blocking, which would wait for the other end.
            descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
        }

        deinit { close(descriptor) }

        /// Returns what the processes wrote when the last one is gone.
        func untilTheEnd() async throws -> String {
            let bytes = try await blockingCall("trace") { [descriptor] in
                try PosixCall.readAll(descriptor)
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test(arguments: [SIGTERM, SIGHUP, SIGQUIT, SIGKILL])
    func `An installer ends with the program that a signal ends`(_ signal: Int32) async throws {
        let trace = try Trace()
        // A slow one with a child, which both ignore the signals that end a terminal.
        let slow = try await trace.folder.program(
            """
            #!/bin/sh
            trap '' TERM HUP INT QUIT
            mkdir -p "$4/half-made"
            exec 9> '\(trace.path)'
            sleep 1000 &
            echo started >&9
            echo Collecting
            wait
            """,
            "slow"
        )
        let cache = trace.folder.path + "/cache"
        await #expect(processExitsWith: .signal(signal)) {
            [signal, cache = cache as String, interpreter = slow.path as String] in
            let builder = EnvironmentBuilder(cacheFolder: URL(filePath: cache), environment: [:])
            let request = EnvironmentRequest(
                requirements: [],
                interpreter: PythonInterpreterInfo(path: interpreter, version: "3.11.2")
            )
            _ = try await builder.environment(for: request) { line in
                if line == "Collecting" { kill(getpid(), signal) }
            }
        }
        #expect(try await trace.untilTheEnd() == "started\n")
        try await expectNothingLeft(in: cache)
    }

    @Test(arguments: [SIGTERM, SIGKILL])
    func `A real installation that a signal ends leaves nothing half-made`(_ signal: Int32)
        async throws
    {
        // A package index that never answers.
        let index = ScriptedServer { _, _ in
            try? await Gate().wait()
            return .closeBeforeHead
        }
        try await index.start()
        let shop = try WheelShop()
        await #expect(processExitsWith: .signal(signal)) {
            [
                signal, cache = shop.cache.path as String, url = index.url as String,
                path = shop.interpreter.path as String,
                version = shop.interpreter.version as String
            ] in
            let builder = EnvironmentBuilder(
                cacheFolder: URL(filePath: cache),
                environment: [
                    "PATH": "/usr/bin:/bin", "PIP_INDEX_URL": "\(url)/simple",
                    "PIP_CONFIG_FILE": "/dev/null", "PIP_NO_CACHE_DIR": "1",
                ]
            )
            let request = EnvironmentRequest(
                requirements: ["amaru-test-absent"],
                interpreter: PythonInterpreterInfo(path: path, version: version)
            )
            _ = try await builder.environment(for: request) { line in
                if line.hasPrefix("Looking in indexes") { kill(getpid(), signal) }
            }
        }
        await index.shutDown()
        try await expectNothingLeft(in: shop.cache.path)
    }

    /// Waits until nothing holds the cache's locks any more, and looks for what is left.
    private func expectNothingLeft(in cache: String) async throws {
        let folder = cache + "/environments"
        let locks = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.hasSuffix(".lock") }
        #expect(locks.count == 1)
        for name in locks { _ = try await FileLock.acquire(at: "\(folder)/\(name)") {} }
        let left = try FileManager.default.contentsOfDirectory(atPath: folder)
        #expect(left == locks)
    }

    @Test func `A server that does not read its input ends with the program`() async throws {
        let trace = try Trace()
        await #expect(processExitsWith: .exitCode(3)) { [path = trace.path as String] in
            let server = try ChildProcess(
                executable: "/bin/sh",
                arguments: ["-c", "exec 3> '\(path)'; echo READY; exec sleep 1000"],
                environment: ["PATH": "/usr/bin:/bin"],
                standardInput: .pipe
            )
            for await _ in server.standardOutput { _exit(3) }
        }
        #expect(try await trace.untilTheEnd() == "")
    }

    @Test func `Without a free descriptor the start of a program names the limit`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 64, rlim_max: 64)
            setrlimit(openFiles, &limit)
            var held: [Int32] = []
            while case let next = open("/dev/null", O_RDONLY), next >= 0 { held.append(next) }
            // What the start of one opens runs out at each of its steps in turn.
            for free in 0..<9 {
                let error = #expect(throws: PosixError.self, "\(free)") {
                    try ChildProcess(
                        executable: "/bin/true",
                        environment: [:],
                        standardInput: .pipe
                    )
                }
                let limit = "the limit of open files is 64 (ulimit -n)"
                #expect(error?.description.hasSuffix(limit) == true)
                close(held.removeLast())
            }
        }
    }

    @Test func `A soft limit is raised, and a hard one that is too low is named`() async {
        await #expect(processExitsWith: .success) {
            var limit = rlimit(rlim_cur: 16, rlim_max: 64)
            setrlimit(openFiles, &limit)
            #expect(throws: Never.self) { try ProcessLimits.require(openFiles: 64, memory: 0) }
            getrlimit(openFiles, &limit)
            #expect(limit.rlim_cur == 64)
            let error = #expect(throws: ProcessLimits.Failure.self) {
                try ProcessLimits.require(openFiles: 65, memory: 0)
            }
            #expect(
                error?.description == "the limit of 64 open files is too low: the program needs "
                    + "65; raise it with ulimit -n"
            )
        }
    }

    #if os(Linux)
        @Test func `A thread that has no room for its stack is an error that names the limit`()
            async
        {
            await #expect(processExitsWith: .success) {
                var limit = rlimit(rlim_cur: 1 << 20, rlim_max: 1 << 20)
                setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit)
                let error = #expect(throws: PosixError.self) { try startThread("x") {} }
                limit = rlimit(rlim_cur: .max, rlim_max: 1 << 20)
                #expect(error?.description.contains("(ulimit -v, 1024 KB)") == true)
            }
        }
    #endif
}

#if canImport(Glibc)
    private let openFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)
#else
    private let openFiles = RLIMIT_NOFILE
#endif
