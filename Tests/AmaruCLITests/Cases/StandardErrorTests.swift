// Standard descriptors that are full or closed.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct StandardErrorTests {
        /// A run that reports something, and how it ends.
        struct Report: CustomTestStringConvertible {
            let testDescription: String
            let arguments: [String]
            var responses: [ScriptedResponse] = []
            var output = ""
            let code: Int32
        }

        static let reports = [
            Report(testDescription: "an unknown option", arguments: ["--nonsense"], code: 2),
            Report(testDescription: "a missing script", arguments: ["run", "none.py"], code: 2),
            Report(testDescription: "a prompt that is missing", arguments: [], code: 2),
            Report(testDescription: "no plugins", arguments: ["plugins"], code: 0),
            Report(
                testDescription: "a fault of the server",
                arguments: ["hello"],
                responses: [.apiError("no such key", status: 401)],
                code: 1
            ),
            Report(
                testDescription: "a second attempt",
                arguments: ["hello"],
                responses: [
                    .apiError("busy", status: 500, headers: [("retry-after-ms", "1")]),
                    .chat("fine"),
                ],
                output: "fine\n",
                code: 0
            ),
            Report(
                testDescription: "the times of the start",
                arguments: ["--verbose", "hello"],
                responses: [.chat("fine")],
                output: "fine\n",
                code: 0
            ),
            Report(
                testDescription: "a trace of the requests",
                arguments: ["--trace-http", "-", "hello"],
                responses: [.chat("fine")],
                output: "fine\n",
                code: 0
            ),
        ]

        @Test(arguments: reports, ["2>/dev/full", "2>&-"])
        func `What standard error cannot take is lost, and nothing else`(
            _ report: Report,
            _ redirection: String
        ) async throws {
            let folder = try TemporaryFolder()
            let result = try await withChat(ScriptedServer(report.responses)) { options in
                try await AmaruProcess.run(
                    report.arguments + (report.responses.isEmpty ? [] : options),
                    in: folder,
                    shell: #"exec "$@" \#(redirection)"#
                )
            }
            let expected = AmaruProcess.Result(
                status: .exited(report.code),
                output: report.output,
                errors: ""
            )
            #expect(result == expected)
        }

        @Test(arguments: ["<&-", "2>&-", "<&- 2>&-"])
        func `A chat needs no standard input or standard error`(
            _ redirection: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    shell: #"exec "$@" \#(redirection)"#
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(try ChatBody.asked(server.requests) == ["hello"])
        }

        @Test(arguments: [">&-", "<&- >&-", ">&- 2>&-", "<&- >&- 2>&-"])
        func `An answer to a closed output fails the chat, and says why`(
            _ redirection: String
        ) async throws {
            let result = try await withChat(ScriptedServer([.chat("fine")])) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    shell: #"exec "$@" \#(redirection)"#
                )
            }
            let errors = "amaru: the output failed: standard output is closed\n"
            let isHeard = !redirection.contains("2>")
            #expect(
                result == .init(status: .exited(1), output: "", errors: isHeard ? errors : "")
            )
        }

        @Test(
            arguments: [
                ["--version"], ["--help"], ["run", "--help"], ["plugins"],
                ["plugins", "new", "two"], ["plugins", "doctor"],
                ["--generate-completion-script", "bash"],
            ],
            [">/dev/full", ">&-"]
        )
        func `What a command prints is not lost without a word`(
            _ arguments: [String],
            _ redirection: String
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write("", to: "config/amaru/plugins/one.py")
            let result = try await AmaruProcess.run(
                arguments,
                in: folder,
                shell: #"exec "$@" \#(redirection)"#
            )
            #expect(result.errors.hasPrefix("amaru: the output failed: "), "\(result)")
            #expect(result.status == .exited(1))
        }

        /// What a script opens must not become its standard output.
        @Test(arguments: ["<&-", ">&-", "2>&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full"])
        func `A script ends as under python, whatever is closed or full`(
            _ redirection: String
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import os, sys
                with open("file", "w") as file:
                    print("printed")
                    os.system("echo of a child")
                    file.write("written")
                assert open("file").read() == "written"
                """,
                to: "script.py"
            )
            let shell = #"exec "$@" \#(redirection)"#
            let python = try await AmaruProcess.run(
                ["script.py"],
                of: try LinkedPython.interpreter(),
                in: folder,
                shell: shell
            )
            let amaru = try await AmaruProcess.run(["run", "script.py"], in: folder, shell: shell)
            #expect(amaru.status == python.status, "\(amaru)")
            #expect(amaru.output == python.output)
        }

        @Test func `An answer that cannot be written fails the chat, and says why`() async throws {
            let result = try await withChat(ScriptedServer([.chat("fine")])) { options in
                try await AmaruProcess.run(["hello"] + options, shell: #"exec "$@" >/dev/full"#)
            }
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("No space left on device"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1)
        }
    }
}
