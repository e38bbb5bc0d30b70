// The small model that answers where there is no key.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

#if os(Linux)
    import Glibc

    extension BuiltCommand {
        @Suite(.timeLimit(.minutes(10)), .needsModel)
        struct LocalModelTests {
            let folder: TemporaryFolder

            init() throws {
                folder = try TemporaryFolder()
            }

            static let question = "What is the capital of Peru?"

            /// What keeps every program from the network, and from uv.
            func offline() async throws -> [String: String] {
                let closed = "http://127.0.0.1:\(try await ScriptedServer.refusingPort())"
                var variables = [
                    "PATH": "/usr/bin:/bin", "PIP_FIND_LINKS": "", "UV_FIND_LINKS": "",
                ]
                for name in [
                    "PIP_INDEX_URL", "UV_INDEX_URL", "http_proxy", "https_proxy", "HTTP_PROXY",
                    "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
                ] { variables[name] = closed }
                return variables
            }

            /// The process that serves the model for this one.
            func server(of parent: pid_t) throws -> pid_t {
                for name in try FileManager.default.contentsOfDirectory(atPath: "/proc") {
                    guard let process = pid_t(name),
                        let status = try? String(
                            contentsOfFile: "/proc/\(name)/status",
                            encoding: .utf8
                        ),
                        status.contains("\nPPid:\t\(parent)\n"),
                        let line = try? String(
                            contentsOfFile: "/proc/\(name)/cmdline",
                            encoding: .utf8
                        ),
                        line.contains("amaru.local.server")
                    else { continue }
                    return process
                }
                throw POSIXError(.ESRCH)
            }

            /// Returns when a process that is no child of this one has ended.
            func waitForEnd(of process: pid_t) async throws {
                let wait = """
                    import os, select, sys
                    try:
                        end = os.pidfd_open(int(sys.argv[1]))
                    except ProcessLookupError:
                        sys.exit(0)
                    sys.exit(0 if select.select([end], [], [], 60)[0] else 1)
                    """
                let result = try await AmaruProcess.run(
                    ["-c", wait, "\(process)"],
                    of: try LinkedPython.interpreter(),
                    in: folder
                )
                #expect(result.status == .exited(0), "the server \(process) still runs; \(result)")
            }

            /// Asks and stops the answer at its second word: so small a model may never end one.
            func answer(to arguments: [String], _ environment: [String: String]) async throws
                -> AmaruProcess.Result
            {
                let run = try AmaruProcess(arguments, in: folder, environment: environment)
                try await run.waitForOutput(" ")
                run.signal(SIGINT)
                return try await run.result()
            }

            @Test func `Without a key a tiny model answers and says what it is, without a network`()
                async throws
            {
                let result = try await answer(to: [Self.question], try await offline())
                #expect(result.output.contains { $0.isLetter })
                let notice =
                    "amaru: This is a tiny demo model on your machine. For a real one set "
                    + "OPENAI_API_KEY, or use --base-url, or --gguf FILE.\n"
                // And nothing of an installer.
                #expect(result.errors == notice)
                #expect([.exited(0), .interrupted].contains(result.status))
                let shown = try await AmaruProcess.run(["history", "list"], in: folder)
                #expect(shown.output.hasSuffix("(smollm2-135m-instruct)\n"), "\(shown)")
            }

            @Test func `What is asked is said before the first message, and after it`()
                async throws
            {
                let terminal = try PseudoTerminal()
                let chat = try AmaruProcess([], on: terminal, in: folder)
                let line = "The model is smollm2-135m-instruct, on this machine."
                for message in ["", "hello\r"] {
                    try await terminal.waitFor("> ")
                    try terminal.send("\(message)/model\r")
                    try await terminal.waitFor(line)
                }
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                let shown = try await AmaruProcess.run(["history", "export", "--json"], in: folder)
                #expect(!shown.output.contains("api.openai.com"), "\(shown)")
            }

            @Test func `A model of the user's own goes before a key, and is no demo`() async throws
            {
                let models = AmaruProcess.cache + "/amaru/models"
                let model = try #require(
                    try FileManager.default.contentsOfDirectory(atPath: models)
                        .first { $0.hasSuffix(".gguf") && !$0.hasPrefix(".") }
                )
                var environment = try await offline()
                environment["OPENAI_API_KEY"] = "sk-test"
                let arguments = ["--gguf", "\(models)/\(model)", Self.question]
                let result = try await answer(to: arguments, environment)
                #expect(result.output.contains { $0.isLetter })
                #expect(result.errors == "")
                #expect([.exited(0), .interrupted].contains(result.status))
            }

            @Test func `A file that is no model is named`() async throws {
                try folder.write("not a model", to: "model.gguf")
                let result = try await AmaruProcess.run(
                    ["--gguf", "model.gguf", "hello"],
                    in: folder
                )
                #expect(result.errors.contains("the local model did not start: "))
                #expect(result.errors.contains("\(folder.path)/model.gguf is not a model"))
                #expect(result.errors.hasSuffix("or use another server with --base-url.\n"))
                #expect(result.output == "")
                #expect(result.status == .exited(1))
            }

            @Test func `SIGKILL of the command leaves no server behind`() async throws {
                let run = try AmaruProcess(["--verbose", Self.question], in: folder)
                try await run.waitForErrors("local model ready at")
                let server = try server(of: run.identifier)
                run.signal(SIGKILL)
                #expect(try await run.result().status == .signalled(SIGKILL))
                try await waitForEnd(of: server)
            }

            @Test func `Ctrl-C ends the answer by SIGINT and leaves no server behind`() async throws
            {
                let run = try AmaruProcess(
                    ["--verbose", "Count from one to five hundred."],
                    in: folder
                )
                try await run.waitForErrors("local model ready at")
                let server = try server(of: run.identifier)
                try await run.waitForErrors("script loaded")
                run.signal(SIGINT)
                #expect(try await run.result().status == .interrupted)
                try await waitForEnd(of: server)
            }

            @Test func `SIGTERM leaves no server behind`() async throws {
                let run = try AmaruProcess(["--verbose", Self.question], in: folder)
                try await run.waitForErrors("local model ready at")
                let server = try server(of: run.identifier)
                run.signal(SIGTERM)
                #expect(try await run.result().status == .signalled(SIGTERM))
                try await waitForEnd(of: server)
            }

            @Test func `The end of a conversation leaves no server behind`() async throws {
                let terminal = try PseudoTerminal()
                let chat = try AmaruProcess(
                    ["--verbose"],
                    on: terminal,
                    in: folder,
                    environment: try await offline()
                )
                try await terminal.waitFor("script loaded")
                let server = try server(of: chat.identifier)
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
                try await waitForEnd(of: server)
            }
        }
    }
#endif
