// Limits of the process: few descriptors, little memory.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct LimitTests {
        static let commands = [
            ["hello"], ["run", "script.py"], ["run", "fetches.py"], ["plugins"], ["--version"],
        ]

        @Test(arguments: commands, Array(5...20) + [24, 32])
        func `With few descriptors a run succeeds, or says that they are too few`(
            _ command: [String],
            _ limit: Int
        ) async throws {
            try await expectSuccessOrReason(
                command,
                "ulimit -n \(limit)",
                ["ulimit -n", "Too many open files", "too many open files"]
            )
        }

        #if os(Linux)
            @Test(arguments: commands, [100_000, 200_000, 400_000, 600_000, 800_000])
            func `With little memory a run succeeds, or says that it is too little`(
                _ command: [String],
                _ kilobytes: Int
            ) async throws {
                try await expectSuccessOrReason(
                    command,
                    "ulimit -v \(kilobytes)",
                    kilobytes > 200_000 ? ["ulimit -v", "memory", "Memory"] : []
                )
            }
        #endif

        @Test func `A script that takes the descriptors away leaves the chat its terminal`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, resource
                @amaru.reply
                def answer(text):
                    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
                    return "said " + text
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            for line in ["one", "two"] {
                try await terminal.waitFor("> ")
                try terminal.send("\(line)\r")
                try await terminal.waitFor("said \(line)")
            }
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        /// Runs a command under a limit, which may fail but not trap.
        ///
        /// - `words`: One of them must be in the message; none where the system itself
        ///   cannot load the program.
        private func expectSuccessOrReason(
            _ command: [String],
            _ limit: String,
            _ words: [String]
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write("print('ran')\n", to: "script.py")
            try folder.write(
                """
                import amaru
                from pyodide.http import pyfetch
                await pyfetch(amaru.settings().base_url + "/models")
                print("fetched")
                """,
                to: "fetches.py"
            )
            let result = try await withChat(ScriptedServer([.chat("fine")])) { options in
                let isChat = ["hello", "run"].contains(command[0])
                return try await AmaruProcess.run(
                    [command[0]] + (isChat ? options : []) + command.dropFirst(),
                    in: folder,
                    shell: #"\#(limit); exec "$@""#
                )
            }
            if case .signalled(let signal) = result.status {
                Issue.record("signal \(signal) under \(limit): \(result)")
            }
            guard result.status != .exited(0), !words.isEmpty else { return }
            #expect(
                words.contains { result.errors.contains($0) },
                "\(limit): \(result)"
            )
        }
    }
}
