// What `amaru run` runs besides a file, against `python` where that can run the same.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(10))) struct RunSourcesTests {
        private let folder: TemporaryFolder
        private let cache: TemporaryFolder

        init() throws {
            (folder, cache) = (try TemporaryFolder(), try TemporaryFolder())
        }

        private func amaru(
            _ arguments: [String],
            input: String = "",
            of program: String = AmaruProcess.command
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                arguments,
                of: program,
                input: input,
                in: folder,
                environment: ["XDG_CACHE_HOME": cache.path]
            )
        }

        private func python(
            _ arguments: [String],
            input: String = ""
        ) async throws -> AmaruProcess.Result {
            try await AmaruProcess.run(
                arguments,
                of: try LinkedPython.interpreter(),
                input: input,
                in: folder
            )
        }

        private static let look = """
            import sys
            names = globals()
            print(sys.argv, sys.path[0], __name__, __package__, __doc__)
            print(sys.orig_argv[1:])
            print(names.get("__file__"), __spec__ and __spec__.name, type(__loader__))
            print(sorted(name for name in names if name.startswith("__")))
            """

        // MARK: As python

        static let calls: [[String]] = [
            ["-c", look], ["-c", look, "a", "--model", "-c", "--", "x"], ["-c", look, "--", "-m"],
            ["-c", "1/0"], ["-c", "import sys; sys.exit(3)", "--help"], ["-c", "1 +"], ["-c", ""],
            ["-m", "look"], ["-m", "look", "--with", "-x"], ["-m", "pack"],
            ["-m", "pack.inner", "a"],
            ["-m", "nope"], ["-m", "pack.nope"], ["-m", "json"], ["-m", "json.tool", "--help"],
            ["-m", "look.deeper"], ["place"], ["./place/", "a"],
            ["-"], ["-", "a"],
        ]

        @Test("It is told and sees what it is under python", arguments: calls)
        func words(_ words: [String]) async throws {
            try folder.write(Self.look, to: "look.py")
            try folder.write(Self.look, to: "place/__main__.py")
            try folder.write(Self.look, to: "pack/__main__.py")
            try folder.write("", to: "pack/__init__.py")
            try folder.write(Self.look, to: "pack/inner.py")
            let python = try await python(words, input: Self.look)
            // Behind a path the script's own arguments are marked.
            let isPath = !words[0].hasPrefix("-") || words[0] == "-"
            let marked = isPath && words.count > 1 ? [words[0], "--"] + words.dropFirst() : words
            let amaru = try await amaru(["run"] + marked, input: Self.look)
            #expect(amaru == python)
        }

        @Test func `An interpreter may be named by its version`() async throws {
            let version = LinkedPython.version
            for name in [version, String(version.prefix { $0 != "." }), "python\(version)"] {
                let result = try await amaru(["run", "--python", name, "-c", "print(7)"])
                #expect(result == .init(status: .exited(0), output: "7\n", errors: ""))
            }
        }

        @Test func `Options before -c and -m are those of amaru`() async throws {
            let result = try await amaru(
                ["run", "--model", "x", "--no-key", "-c", "import sys; print(sys.argv)", "-c"]
            )
            #expect(result == .init(status: .exited(0), output: "['-c', '-c']\n", errors: ""))
        }

        @Test func `A text may await at its top level`() async throws {
            let code = "import asyncio; print(await asyncio.sleep(0, 'slept'))"
            for words in [["-c", code], ["-"]] {
                let result = try await amaru(["run"] + words, input: code)
                #expect(result.output == "slept\n", "\(result)")
            }
        }

        @Test func `A script on standard input has no lines left to answer`() async throws {
            let source = "import amaru\n@amaru.reply\ndef f(text): return text\n"
            let result = try await amaru(["run", "-"], input: source)
            #expect(result.status == .exited(2))
            #expect(result.errors.contains("no input is left to converse with"), "\(result)")
        }

        @Test("What is missing is said", arguments: [["run"], ["run", "-c"], ["run", "-m"]])
        func missing(words: [String]) async throws {
            let result = try await amaru(words)
            #expect(result.status == .exited(2))
            #expect(result.errors.hasPrefix("amaru: "), "\(result)")
        }

        @Test func `__main__.py goes before main.py, as python runs it`() async throws {
            try folder.write("print('second')", to: "place/main.py")
            try folder.write("print('first')", to: "place/__main__.py")
            #expect(try await amaru(["run", "place"]).output == "first\n")
        }

        @Test("Amaru's own files are not found as modules", arguments: ["main", "compat"])
        func hidden(name: String) async throws {
            let result = try await amaru(["run", "-c", "import amaru, \(name)"])
            #expect(result.status == .exited(1))
            #expect(result.errors.contains("No module named '\(name)'"), "\(result)")
        }

        @Test func `A module converses too`() async throws {
            try folder.write(
                "import amaru\n@amaru.reply\ndef f(text): return text * 2",
                to: "me.py"
            )
            #expect(try await amaru(["run", "-m", "me"], input: "ab\n").output == "abab\n")
        }

        // MARK: Shebang

        @Test("A first line starts it, with its own arguments", arguments: [true, false])
        func shebang(isLink: Bool) async throws {
            let line = "#!/usr/bin/env -S \(AmaruProcess.command) run --with-requirements none.txt"
            try folder.write("", to: "none.txt")
            let script = try folder.write(
                "\(line)\nimport sys; print(sys.argv[1:], __name__, sys.path[0])\n",
                to: "bin/tool",
                permissions: 0o755
            )
            var path = script.path
            if isLink {
                path = folder.path + "/link"
                try FileManager.default.createSymbolicLink(
                    atPath: path,
                    withDestinationPath: script.path
                )
            }
            let result = try await amaru(["--model", "x", "-v", "--", "y"], of: path)
            let real = script.deletingLastPathComponent().resolvingSymlinksInPath().path
            let expected = "['--model', 'x', '-v', '--', 'y'] __main__ \(real)\n"
            #expect(result.output == expected, "\(result)")
        }
    }
}
