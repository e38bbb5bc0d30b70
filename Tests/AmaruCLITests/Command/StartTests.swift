// The start: what needs no Python, and what is on the screen before it.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct StartTests {
        #if os(Linux)
            /// A copy of libpython to which no interpreter belongs, so that Python cannot start.
            func lonelyLibrary(in folder: TemporaryFolder) throws -> [String: String] {
                // Its size is said to be 0, so it must be read to its end.
                let file = try #require(FileHandle(forReadingAtPath: "/proc/self/maps"))
                let maps = String(decoding: try file.readToEnd() ?? Data(), as: UTF8.self)
                let library = try #require(
                    maps.split(whereSeparator: \.isWhitespace).first { $0.contains("/libpython3") }
                )
                let source = URL(filePath: String(library))
                // Deep, since on a system where /bin is /usr/bin an interpreter is found from near the top.
                let target = folder.url.appending(path: "a/b/c/d/lib")
                try FileManager.default.createDirectory(
                    at: target,
                    withIntermediateDirectories: true
                )
                try FileManager.default.copyItem(
                    at: source,
                    to: target.appending(path: source.lastPathComponent)
                )
                return ["LD_LIBRARY_PATH": target.path]
            }

            @Test(arguments: [
                ["--version"], ["--help"], ["-h"], ["help", "run"], ["run", "--help"],
                ["plugins", "--help"], ["plugins", "new", "--help"],
            ])
            func `Version and help need no Python`(_ arguments: [String]) async throws {
                let folder = try TemporaryFolder()
                let environment = try lonelyLibrary(in: folder)
                let result = try await AmaruProcess.run(
                    arguments,
                    in: folder,
                    environment: environment
                )
                #expect(result.status == .exited(0))
                #expect(result.errors == "")
                #expect(result.output.contains(arguments == ["--version"] ? "." : "USAGE: amaru"))
            }

            @Test func `History, configuration, keys, models and templates need no Python`()
                async throws
            {
                let server = try await ScriptedServer.withModels(["alpha"])
                var home = try ConfiguredFolder(
                    """
                    model = "one"
                    [providers.one]
                    base-url = "\(server.url)/v1"
                    key = "none"
                    """
                )
                try home.folder.write("Sum up: $input", to: "config/amaru/templates/sum.txt")
                // The chat itself is Python's.
                _ = try await home.amaru("a question")
                let listed = try await home.amaru("history", "list").output
                let id = String(listed.prefix { $0 != " " })
                let exported = try await home.amaru("history", "export", "--json").output
                for (name, value) in try lonelyLibrary(in: home.folder) {
                    home.variables[name] = value
                }
                let chat = try await home.amaru("another question")
                #expect(chat.errors.contains("belongs to FOLDER/a/b/c/d/lib"), "\(chat)")
                for (arguments, input, output) in [
                    (["history"], "", listed), (["history", "search", "question"], "", id),
                    (["history", "show", id], "", "fine"), (["history", "export"], "", "fine"),
                    (["history", "delete", id, "--yes"], "", ""),
                    (["history", "import", "-"], exported, ""), (["history", "list"], "", listed),
                    (["config", "path"], "", "config.toml"), (["config", "check"], "", ""),
                    (["keys", "set", "openai"], "sk-1\n", ""), (["keys"], "", "openai"),
                    (["keys", "remove", "openai"], "", ""), (["models"], "", "alpha"),
                    (["templates"], "", "sum"), (["templates", "show", "sum"], "", "Sum up"),
                ] as [([String], String, String)] {
                    let result = try await AmaruProcess.run(
                        arguments,
                        input: input,
                        in: home.folder,
                        environment: home.variables
                    )
                    #expect(result.status == .exited(0), "\(arguments): \(result)")
                    let isShown = output.isEmpty || result.output.contains(output)
                    #expect(isShown, "\(arguments): \(result)")
                }
                await server.shutDown()
            }

            @Test func `Where Python cannot start, what needs it says why`() async throws {
                let folder = try TemporaryFolder()
                try folder.write("print('ran')", to: "script.py")
                let environment = try lonelyLibrary(in: folder)
                let result = try await AmaruProcess.run(
                    ["run", "script.py"],
                    in: folder,
                    environment: environment
                )
                #expect(result.output == "")
                #expect(result.errors.hasPrefix("amaru: No python3"))
                #expect(result.errors.contains(" belongs to \(folder.path)/a/b/c/d/lib/libpython3"))
                #expect(result.status == .exited(1))
            }
        #endif

        @Test func `The version is the command's, on one line`() async throws {
            let result = try await AmaruProcess.run(["--version"], in: try TemporaryFolder())
            #expect(result.output.wholeMatch(of: /\d+\.\d+\.\d+\n/) != nil)
            #expect(result.errors == "")
            #expect(result.status == .exited(0))
        }

        @Test func `The prompt is on the screen before Python has started`() async throws {
            let folder = try TemporaryFolder()
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(
                ["--verbose", "--base-url", "http://127.0.0.1:1/v1"],
                on: terminal,
                in: folder
            )
            try await terminal.waitFor("ms] prompt shown")
            try await terminal.waitFor("ms] python started")
            let screen = terminal.output
            let prompt = try #require(screen.firstRange(of: "> "))
            let start = try #require(screen.firstRange(of: "python started"))
            #expect(prompt.lowerBound < start.lowerBound)
            try await terminal.waitFor("ms] script loaded")
            #expect(screen.matches(of: #/\[\d+\.\d\d? ms\]/#).count > 1)
            #expect(!screen.contains(#/\d\.\d\d\d/#))
            try terminal.send("\u{4}")
            #expect(try await chat.end() == .exited(0))
        }

        @Test func `What is typed before Python has started is kept, shown, and sent`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import pathlib, time
                print("[starting]", flush=True)
                while not pathlib.Path("go").exists():
                    time.sleep(0.01)
                """,
                to: "config/amaru/plugins/slow.py"
            )
            let server = ScriptedServer([.chat("first"), .chat("second")])
            let terminal = try PseudoTerminal()
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal, in: folder)
                try await terminal.waitFor("> ")
                try await terminal.waitFor("[starting]")
                try terminal.send("one\r")
                try await terminal.waitFor("one\r\n")
                try terminal.send("two\rthree")
                try await terminal.waitFor("queued: two")
                try await terminal.waitFor("> three")
                #expect(server.requests.isEmpty)
                try folder.write("", to: "go")
                for answer in ["first", "second"] { try await terminal.waitFor(answer) }
                try await terminal.waitFor("> three")
                try terminal.send("\u{15}\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
            #expect(try ChatBody.asked(server.requests) == ["one", "two"])
        }
    }
}
