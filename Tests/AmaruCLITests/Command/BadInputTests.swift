// What the command says when it is given something that cannot work.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct BadInputTests {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        func run(_ arguments: [String], _ environment: [String: String] = [:]) async throws
            -> AmaruProcess.Result
        {
            var result = try await AmaruProcess.run(
                arguments,
                in: folder,
                environment: environment
            )
            result.errors = result.errors.replacing(folder.path, with: "FOLDER")
            return result
        }

        // MARK: Scripts

        @Test func `A script that is missing is named`() async throws {
            let result = try await run(["run", "nowhere.py"])
            let expected = "amaru: nowhere.py: there is no such file or folder.\n"
            #expect(result == .init(status: .exited(2), output: "", errors: expected))
        }

        @Test func `A folder without a main.py is named`() async throws {
            try folder.write("", to: "app/other.py")
            let result = try await run(["run", "app"])
            let expected =
                "amaru: app: the folder has no main.py or __main__.py. Name the file that should "
                + "run.\n"
            #expect(result == .init(status: .exited(2), output: "", errors: expected))
        }

        @Test func `A binary file is no script`() async throws {
            let result = try await run(["run", "/bin/sh"])
            let expected = "amaru: /bin/sh: this is a binary file and no Python script.\n"
            #expect(result == .init(status: .exited(2), output: "", errors: expected))
        }

        @Test func `A syntax error is shown with its file, line and caret`() async throws {
            try folder.write("import amaru\nprint('a' 'b'\n", to: "script.py")
            let result = try await run(["run", "script.py"])
            let expected = """
                  File "FOLDER/script.py", line 2
                    print('a' 'b'
                         ^
                SyntaxError: '(' was never closed

                """
            #expect(result == .init(status: .exited(1), output: "", errors: expected))
        }

        @Test func `A script that is not UTF-8 and does not say so is a syntax error`() async throws
        {
            try Data([0x78, 0x3D, 0x27, 0xE9, 0x27, 0x0A])
                .write(to: folder.url.appending(path: "script.py"))
            let result = try await run(["run", "script.py"])
            #expect(
                result.errors.contains(#"SyntaxError: Non-UTF-8 code starting with '\xe9' in file"#)
            )
            #expect(result.status == .exited(1))
        }

        @Test
        func `A script without a key where nobody can be asked is told which variable to set`()
            async throws
        {
            try folder.write("def sender_message_proxy(key, text): pass", to: "script.py")
            let result = try await run(["run", "script.py"])
            let expected =
                "amaru: There is no key for https://api.openai.com: set the variable OPENAI_API_KEY, "
                + "run amaru keys set openai, name another one with --key-env, or another server with --base-url; --no-key if "
                + "the server needs none.\n"
            #expect(result == .init(status: .exited(2), output: "", errors: expected))
        }

        @Test(arguments: [["hello"], [], ["run", "script.py"]])
        func `A folder as standard input is refused`(_ arguments: [String]) async throws {
            try folder.write("print('ran')", to: "script.py")
            let result = try await AmaruProcess.run(
                arguments,
                in: folder,
                environment: ["OPENAI_BASE_URL": "http://127.0.0.1:1/v1"],
                shell: #"exec "$@" <."#
            )
            let errors =
                "amaru: Standard input is a folder: redirect a file, or pipe text into amaru.\n"
            #expect(result == .init(status: .exited(2), output: "", errors: errors))
        }

        @Test func `Arguments that are not UTF-8 reach a script as under python`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                "import os, sys; print([os.fsencode(a) for a in sys.argv])",
                to: "s.py"
            )
            let odd = #" "$(printf '\377')" é "$(printf 'a\376')" "$(printf '\377')b" """#
            let python = try await AmaruProcess.run(
                ["s.py"],
                of: try LinkedPython.interpreter(),
                in: folder,
                shell: #"exec "$@""# + odd
            )
            let amaru = try await AmaruProcess.run(
                ["run", "s.py", "--"],
                in: folder,
                shell: #"exec "$@""# + odd
            )
            #expect(amaru == python)
            #expect(python.output.contains(#"b'a\xfe'"#), "\(python)")
        }

        @Test func `A named model without a key is not answered for by the demo model`()
            async throws
        {
            let cache = try folder.write("", to: "file").path + "/cache"
            let result = try await run(["-m", "gpt-5", "hello"], ["XDG_CACHE_HOME": cache])
            #expect(
                result.errors.hasPrefix(
                    "amaru: There is no key for the model gpt-5: set the variable OPENAI_API_KEY, or "
                ),
                "\(result)"
            )
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        // MARK: Commands

        @Test(arguments: [
            (["-m", "x", "run", "chat.py"], "The command run comes first"),
            (["--base-url", "http://127.0.0.1:1/v1", "plugins", "list"], "The command plugins"),
            (["help", "nonsense"], "There is no command nonsense."),
            (["rnu", "missing.py"], "There is no command rnu. For the command run, write:"),
            (["missing.py"], "There is no file missing.py. To run a script, write: amaru run PATH"),
        ])
        func `A command in the wrong place, or one that there is not, is no prompt`(
            _ arguments: [String],
            _ message: String
        ) async throws {
            let result = try await run(arguments)
            #expect(result.errors.hasPrefix("amaru: \(message)"), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        @Test(arguments: [["run away with me"], ["--", "run", "away"], ["walk", "or", "run"]])
        func `A prompt may hold the name of a command`(_ prompt: [String]) async throws {
            try await withChat(ScriptedServer([.chat("fine")])) { options in
                let result = try await run(options + prompt)
                #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            }
        }

        @Test func `An interpreter that is not there is refused although nothing needs it`()
            async throws
        {
            try folder.write("print('ran')", to: "script.py")
            let result = try await run(["run", "--python", "/nowhere/python", "script.py"])
            #expect(result.errors.hasPrefix("amaru: --python /nowhere/python: there is no such"))
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        // MARK: Options

        @Test(arguments: [["run", "--nonsense", "script.py"], ["run", "-x", "script.py"]])
        func `An unknown option before the script is amaru's own, and refused`(
            _ arguments: [String]
        ) async throws {
            try folder.write("print('ran')", to: "script.py")
            let result = try await run(arguments)
            #expect(result.errors.contains("Unknown option '\(arguments[1])'"), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        @Test(arguments: [["run"], ["run", "--"], ["run", "--model", "m"]])
        func `A run without a script says that one is missing`(
            _ arguments: [String]
        ) async throws {
            let result = try await run(arguments)
            #expect(result.errors.contains("Write amaru run PATH, or -c CODE"), "\(result)")
            #expect(result.status == .exited(2))
        }

        static let options: [(arguments: [String], message: String)] = [
            (
                ["--route", "nonsense"],
                "--route: cannot use the route \"nonsense\": there is no \"=\" in it."
            ),
            (
                ["--route", "https://a.example=http://b.example/v1"],
                "=http://b.example/v1\": it has more than scheme, host and port. A right one is "
            ),
            (["--route", "a b=http://127.0.0.1:1"], "--route: cannot use the route"),
            (
                ["--key-env", "no name"],
                "\"no name\" is not the name of a variable; write NAME or NAME@ORIGIN"
            ),
            (
                ["--key-env", "KEY@https://host/path"],
                "\"https://host/path\" is not an origin; write a scheme and a host"
            ),
            (
                ["--key-env", "NOT_SET_AT_ALL"],
                "--key-env NOT_SET_AT_ALL: the variable is not set."
            ),
            (
                ["--base-url", "nonsense"],
                "--base-url nonsense: write a URL such as http://localhost:11434/v1"
            ),
            (["--base-url", "ftp://host/v1"], "--base-url ftp://host/v1: write a URL"),
            (["--idle-timeout", "0"], "--idle-timeout is a number of seconds above 0"),
            (["--idle-timeout", "inf"], "--idle-timeout is a number of seconds above 0"),
            (["--idle-timeout", "1e21"], "both at most 1e9"),
            (["--idle-timeout", "nan"], "--idle-timeout is a number of seconds above 0"),
            (["--stall-timeout", "inf"], "--stall-timeout one of 0 or more"),
            (["--stall-timeout", "nan"], "--stall-timeout one of 0 or more"),
            (["--idle-timeout", "soon"], "The value 'soon' is invalid for '--idle-timeout"),
            (["--stall-timeout", "-1"], "Missing value for '--stall-timeout"),
            (["--gguf", "nowhere.gguf"], "--gguf nowhere.gguf: there is no such file"),
            (
                ["--gguf", "x.gguf", "--base-url", "http://localhost:1/v1"],
                "--gguf runs a model here, --base-url names one elsewhere: give one of them."
            ),
            (
                ["--python", "/nowhere/python3"],
                "--python /nowhere/python3: there is no such interpreter. "
                    + "This program is linked with CPython \(LinkedPython.version)"
            ),
            (["--python", "2.7"], "--python 2.7: there is no such interpreter. "),
            (["--nonsense"], "Unknown option '--nonsense'"),
            (["--frob"], "Unknown option '--frob'.\n"),
            (["--modle"], "Unknown option '--modle'. Did you mean '--model'?"),
            (["--no-key", "--key-env", "KEY"], "--no-key and --key-env NAME: give one of them"),
        ]

        @Test(arguments: options)
        func `A wrong option is explained, before anything starts`(
            _ arguments: [String],
            _ message: String
        ) async throws {
            // A cache that cannot be written shows that nothing was installed first.
            let cache = try folder.write("", to: "file").path + "/cache"
            let result = try await run(arguments + ["hello"], ["XDG_CACHE_HOME": cache])
            #expect(result.errors.contains(message), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        @Test func `An empty prompt is a usage error`() async throws {
            let result = try await run([])
            #expect(result.errors == "amaru: No prompt: standard input is empty.\n")
            #expect(result.status == .exited(2))
        }

        @Test func `An interpreter of another version is refused, and both are named`() async throws
        {
            let other = try folder.write("#!/bin/sh\nexit 1\n", to: "python9", permissions: 0o755)
            let result = try await run(["--python", other.path, "hello"])
            #expect(result.errors.contains("--python FOLDER/python9: This program is linked with "))
            #expect(
                result.errors.contains("CPython \(LinkedPython.version), whose interpreter is ")
            )
            #expect(result.errors.contains(try LinkedPython.interpreter()))
            #expect(result.status == .exited(2))
        }

        @Test func `An environment of another version is refused, and both are named`() async throws
        {
            try folder.write("home = /opt/python9/bin\nversion = 9.8.7\n", to: "venv/pyvenv.cfg")
            try folder.write("", to: "venv/bin/python", permissions: 0o755)
            let result = try await run(["--venv", folder.path + "/venv", "hello"])
            #expect(
                result.errors.contains(
                    "FOLDER/venv was made by Python 9.8.7 in /opt/python9/bin, but this program is "
                        + "linked with Python \(LinkedPython.version) in "
                )
            )
            #expect(result.status == .exited(1))
        }
    }
}
