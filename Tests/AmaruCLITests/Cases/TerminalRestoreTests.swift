// Starts that fail on a terminal, and programs that end abruptly there: the terminal is as before.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

import enum Amaru.LinkedPython

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct TerminalRestoreTests {
        /// A way to end, and the exit code that the shell sees.
        struct Way: CustomTestStringConvertible {
            let testDescription: String
            let arguments: [String]
            var environment: [String: String?] = [:]
            var code: Int32
            /// What is typed each time once it is asked for.
            var typed = ""
        }

        /// Runs a program several times under a shell that compares `stty -a` before and after.
        private static let watch = """
            before=$(stty -a)
            for round in $ROUNDS; do
                "$@"
                code=$?
                [ "$(stty -a)" = "$before" ] || { stty -a; echo "[changed by $code]"; exit 1; }
                echo "[left with $code]"
            done
            """

        /// Closed for everything that asks for packages, at once.
        private static let offline: [String: String?] = [
            "PIP_INDEX_URL": "http://127.0.0.1:1", "PIP_FIND_LINKS": "", "PIP_RETRIES": "0",
            "PIP_NO_CACHE_DIR": "1", "UV_DEFAULT_INDEX": "http://127.0.0.1:1",
            "UV_HTTP_RETRIES": "0", "UV_NO_CACHE": "1", "UV_FIND_LINKS": "",
        ]

        private static let server = ["--base-url", "http://127.0.0.1:1/v1"]

        static let failures = [
            Way(testDescription: "no model file", arguments: ["--gguf", "none", "hi"], code: 2),
            Way(
                testDescription: "no model file in a conversation",
                arguments: ["--gguf", "none"],
                code: 2
            ),
            Way(
                testDescription: "a bad requirement",
                arguments: ["--with=--index-url=x"] + server,
                code: 1
            ),
            Way(
                testDescription: "an interpreter that is not there",
                arguments: ["--python", "/nowhere/python", "--with", "x"] + server,
                code: 2
            ),
            Way(testDescription: "no script", arguments: ["run", "/bin/sh"], code: 2),
            Way(testDescription: "an exception", arguments: ["run", "raises.py"], code: 1),
            Way(testDescription: "a bad base URL", arguments: ["--base-url", "x"], code: 2),
            Way(
                testDescription: "a cache that cannot be written",
                arguments: ["--with", "x"] + server,
                environment: ["XDG_CACHE_HOME": "/dev/null/cache"],
                code: 1
            ),
            Way(
                testDescription: "no home",
                arguments: ["--with", "x"] + server,
                environment: ["HOME": nil, "XDG_CACHE_HOME": nil, "XDG_CONFIG_HOME": nil]
                    .merging(offline) { $1 },
                code: 1
            ),
            Way(
                testDescription: "a first run without a network",
                arguments: ["--with", "amaru-test-absent"] + server,
                environment: ["XDG_CACHE_HOME": "cache"].merging(offline) { $1 },
                code: 1
            ),
            Way(testDescription: "no Python files", arguments: server, code: 1),
        ]

        @Test(arguments: failures)
        func `A start that fails leaves the terminal as it was`(_ way: Way) async throws {
            // More than a hundred starts in all; few of those that wait for an installer.
            try await expectRestored(way, rounds: way.environment["PIP_RETRIES"] == nil ? 11 : 3)
        }

        static let ends = [
            Way(
                testDescription: "os._exit",
                arguments: ["run", "ends.py", "--", "os._exit(7)"],
                code: 7,
                typed: "go\r"
            ),
            Way(
                testDescription: "sys.exit",
                arguments: ["run", "ends.py", "--", "sys.exit(7)"],
                code: 7,
                typed: "go\r"
            ),
            Way(
                testDescription: "os.abort",
                arguments: ["run", "ends.py", "--", "os.abort()"],
                code: 128 + 6,
                typed: "go\r"
            ),
            Way(
                testDescription: "a null pointer",
                arguments: ["run", "ends.py", "--", "ctypes.string_at(0)"],
                code: 128 + 11,
                typed: "go\r"
            ),
            Way(
                testDescription: "a trap",
                arguments: ["run", "ends.py", "--", "os.kill(os.getpid(), signal.SIGTRAP)"],
                code: 128 + 5,
                typed: "go\r"
            ),
            Way(
                testDescription: "SIGTERM to itself",
                arguments: ["run", "ends.py", "--", "os.kill(os.getpid(), signal.SIGTERM)"],
                code: 128 + 15,
                typed: "go\r"
            ),
            Way(
                testDescription: "a standard input that the script closes",
                arguments: ["run", "ends.py", "--", "os.close(0)"],
                code: 0,
                typed: "go\r"
            ),
            Way(
                testDescription: "SIGUSR1",
                arguments: ["run", "ends.py", "--", "os.kill(os.getpid(), signal.SIGUSR1)"],
                code: 128 + SIGUSR1,
                typed: "go\r"
            ),
            Way(
                testDescription: "a real-time signal",
                arguments: ["run", "ends.py", "--", "os.kill(os.getpid(), 34)"],
                code: 128 + 34,
                typed: "go\r"
            ),
            Way(
                testDescription: "a timer that nobody handles",
                arguments: [
                    "run", "ends.py", "--",
                    "(signal.setitimer(signal.ITIMER_REAL, 0.01), signal.pause())",
                ],
                code: 128 + SIGALRM,
                typed: "go\r"
            ),
            Way(
                testDescription: "a limit of processor time",
                arguments: [
                    "run", "ends.py", "--",
                    "(resource.setrlimit(resource.RLIMIT_CPU, (1, 60)), sum(range(10**12)))",
                ],
                code: 128 + SIGXCPU,
                typed: "go\r"
            ),
            Way(
                testDescription: "a plugin folder that is a file",
                arguments: server,
                code: 0,
                typed: "\u{4}"
            ),
            Way(
                testDescription: "a conversation that ends",
                arguments: server,
                code: 0,
                typed: "\u{4}"
            ),
            Way(
                testDescription: "a key that is not given",
                arguments: ["--base-url", "https://api.example.com/v1"],
                code: 130,
                typed: "\u{3}"
            ),
        ]

        @Test(arguments: ends)
        func `However a conversation ends, the terminal is as it was`(_ way: Way) async throws {
            try await expectRestored(way, rounds: 3)
        }

        @Test func `Ctrl-C ends a script that has closed the program's descriptors`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                """
                import amaru, os
                @amaru.reply
                def answer(text):
                    for number in range(3, 1000):
                        try: os.close(number)
                        except OSError: pass
                    os.write(1, b"[looping]")
                    sum(range(10**12))
                """,
                to: "script.py"
            )
            let terminal = try PseudoTerminal()
            let chat = try AmaruProcess(["run", "script.py"], on: terminal, in: folder)
            try await terminal.waitFor("> ")
            try terminal.send("hello\r")
            try await terminal.waitFor("[looping]")
            try terminal.send("\u{3}")
            #expect(try await chat.end() == .interrupted)
            #expect(terminal.settings.echoes)
            // What the program wrote last may be read after its end.
            try await terminal.waitFor("\u{1B}[?2004l")
            #expect(
                terminal.output.hasSuffix("\u{1B}[?2004l"),
                "\(terminal.output.debugDescription)"
            )
        }

        private func expectRestored(_ way: Way, rounds: Int) async throws {
            let folder = try TemporaryFolder()
            try folder.write("import amaru\n1 / 0\n", to: "raises.py")
            try folder.write(
                """
                import amaru, ctypes, os, resource, signal, sys
                @amaru.reply
                def answer(text):
                    eval(sys.argv[1])
                """,
                to: "ends.py"
            )
            if way.testDescription == "a plugin folder that is a file" {
                try folder.write("", to: "config/amaru/plugins")
            }
            var program = AmaruProcess.command
            if way.testDescription == "no Python files" {
                program = folder.path + "/amaru"
                try TemporaryFolder.copyProgram(AmaruProcess.command, to: program)
            }
            var environment = way.environment
            if environment["XDG_CACHE_HOME"] == "cache" {
                environment["XDG_CACHE_HOME"] = folder.path + "/cache"
            }
            environment["ROUNDS"] = (1...rounds).map(String.init).joined(separator: " ")
            let terminal = try PseudoTerminal(columns: 200)
            let shell = try AmaruProcess(
                way.arguments,
                of: program,
                on: terminal,
                in: folder,
                environment: environment,
                // Ctrl-C is for the program alone.
                shell: "trap : INT; " + Self.watch
            )
            for _ in 0..<rounds where !way.typed.isEmpty {
                try await terminal.waitFor(way.code == 130 ? "Key for" : "> ")
                try terminal.send(way.typed)
                try await terminal.waitFor("[left with")
            }
            #expect(try await shell.end() == .exited(0), "\(terminal.output)")
            try await terminal.screen.waitForEnd()
            let screen = terminal.output
            #expect(
                screen.matches(of: /\[left with (\d+)\]/).map { $0.1 }
                    == Array(repeating: "\(way.code)", count: rounds),
                "\(screen)"
            )
            // Bracketed paste is off before each look at the settings.
            for part in screen.split(separator: "[left with") {
                let marks = part.matches(of: /\u{1B}\[\?2004([hl])/).map { $0.1 }
                #expect(marks.last != "h", "\(screen.debugDescription)")
            }
        }
    }
}
