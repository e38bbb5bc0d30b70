// requests and urllib3 on the built command, against their own connections.
// SPDX-License-Identifier: Apache-2.0

import AmaruChat
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.needsPackages, .timeLimit(.minutes(10))) struct RequestsTests {
        /// Where each thing is done twice, by the library's own connections and by the host's.
        private static let script = URL(filePath: #filePath)
            .appending(path: "../../../Python/urllib3_comparison.py").standardizedFileURL

        private func run(_ arguments: [String]) async throws -> AmaruInvocation.Result {
            let folder = try TemporaryFolder()
            let packages = ["--with", "requests", "--with", "urllib3"]
            return try await AmaruInvocation.run(
                ["run", Self.script.path] + packages + ["--"] + arguments,
                in: folder
            )
        }

        @Test(
            "Everything ends as over the library's own connections",
            arguments: ["faults", "exchanges", "tls"]
        )
        func comparison(table: String) async throws {
            let result = try await run([table])
            #expect(result.status == .exited(0), "\(result)")
            #expect(result.output.hasSuffix("alike\n"), "\(result)")
            // The first run tells on standard error what it installs.
            #expect(!result.errors.contains("Traceback"), "\(result)")
        }

        @Test func `Fifty threads send requests at once`() async throws {
            let result = try await run(["threads"])
            #expect(result.output == "50 threads, 500 answers\n", "\(result)")
        }

        @Test func `A request on the script's own thread is interrupted by Ctrl-C`() async throws {
            let folder = try TemporaryFolder()
            let run = try AmaruInvocation(
                ["run", Self.script.path, "--with", "requests", "--with", "urllib3", "--", "hang"],
                in: folder
            )
            try await run.waitForOutput("waiting\n")
            run.signal(SIGINT)
            let result = try await run.result()
            #expect(result.output == "waiting\nKeyboardInterrupt\n", "\(result)")
        }

        @Test func `Responses that nobody reads leave nothing behind`() async throws {
            let result = try await run(["leaks"])
            #expect(result.output == "0 exchanges in flight\n", "\(result)")
            // The first run tells on standard error what it installs.
            #expect(!result.errors.contains("Traceback"), "\(result)")
        }
    }
}
