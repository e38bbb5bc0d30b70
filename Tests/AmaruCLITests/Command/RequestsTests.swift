// requests and urllib3 on the built command, against their own connections.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite(.needsPackages, .timeLimit(.minutes(10))) struct RequestsTests {
        /// Where each thing is done twice, by the library's own connections and by the host's.
        private static let comparison = "urllib3_comparison.py"
        /// Where things are done by the host's connections alone.
        private static let inHost = "urllib3_in_host.py"

        private func arguments(_ script: String, _ work: String) -> [String] {
            let path = URL(filePath: #filePath).appending(path: "../../../Python/\(script)")
                .standardizedFileURL.path
            return ["run", "--with", "requests", "--with", "urllib3", path, work]
        }

        private func run(_ script: String, _ work: String) async throws -> AmaruProcess.Result {
            let folder = try TemporaryFolder()
            return try await AmaruProcess.run(arguments(script, work), in: folder)
        }

        @Test(
            "Everything ends as over the library's own connections",
            arguments: ["faults", "exchanges", "tls"]
        )
        func comparison(table: String) async throws {
            let result = try await run(Self.comparison, table)
            #expect(result.status == .exited(0), "\(result)")
            #expect(result.output.hasSuffix("alike\n"), "\(result)")
            // The first run tells on standard error what it installs.
            #expect(!result.errors.contains("Traceback"), "\(result)")
        }

        @Test func `Fifty threads send requests at once`() async throws {
            let result = try await run(Self.inHost, "threads")
            #expect(result.output == "50 threads, 500 answers\n", "\(result)")
        }

        @Test func `A request on the script's own thread is interrupted by Ctrl-C`() async throws {
            let folder = try TemporaryFolder()
            let run = try AmaruProcess(arguments(Self.inHost, "hang"), in: folder)
            try await run.waitForOutput("waiting\n")
            run.signal(SIGINT)
            let result = try await run.result()
            #expect(result.output == "waiting\nKeyboardInterrupt\n", "\(result)")
        }

        @Test func `Responses that nobody reads leave nothing behind`() async throws {
            let result = try await run(Self.inHost, "leaks")
            #expect(result.output == "0 exchanges in flight\n", "\(result)")
            // The first run tells on standard error what it installs.
            #expect(!result.errors.contains("Traceback"), "\(result)")
        }
    }
}
