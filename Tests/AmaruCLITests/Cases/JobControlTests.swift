// A conversation that a shell stops, and moves to the background and back.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct JobControlTests {
        private static let server = ["--base-url", "http://127.0.0.1:1/v1"]
        private static let unknown = ["--base-url", "https://api.example.com/v1"]

        /// 149 is 128 and SIGTTIN.
        @Test func `A conversation that begins in the background stops until it has the terminal`()
            async throws
        {
            let terminal = try PseudoTerminal()
            let shell = try AmaruProcess(
                Self.server,
                on: terminal,
                shell: #"set -m; "$@" & wait $!; echo "[wait $?]"; fg; echo "[left with $?]""#
            )
            try await terminal.waitFor("[wait 149]")
            try await terminal.waitFor("> ")
            try terminal.send("/help\r")
            try await terminal.waitFor("/help: show this")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            try await terminal.waitFor("[left with 0]")
            #expect(try await shell.end() == .exited(0))
        }

        @Test func `A prompt that goes on in the background stops until it has the terminal`()
            async throws
        {
            let terminal = try PseudoTerminal()
            let shell = try AmaruProcess(
                Self.server,
                on: terminal,
                shell: #"""
                    set -m; "$@"; echo "[stopped $?]"; bg; wait %1; echo "[wait $?]"
                    fg; echo "[left with $?]"
                    """#
            )
            try await terminal.waitFor("> ")
            try terminal.send("/he")
            try await terminal.waitFor("/he")
            try terminal.send("\u{1A}")
            try await terminal.waitFor("[wait 149]")
            try await terminal.waitFor("> /he")
            try terminal.send("lp\r")
            try await terminal.waitFor("/help: show this")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            try await terminal.waitFor("[left with 0]")
            #expect(try await shell.end() == .exited(0))
        }

        @Test func `A job that is moved to the foreground while it runs takes the terminal again`()
            async throws
        {
            let gate = Gate()
            let terminal = try PseudoTerminal(columns: 200)
            try await withChat(ScriptedServer([.chat("first second", pauseAt: gate)])) { options in
                let shell = try AmaruProcess(
                    [
                        // Unlike other shells, bash sends no SIGCONT to a job that runs already.
                        "-c",
                        #"""
                        set -m; "$@"; echo "[stopped]"; bg; read line; stty sane
                        fg; echo "[left with $?]"
                        """#,
                        "bash", AmaruProcess.command,
                    ] + options,
                    of: "/bin/bash",
                    on: terminal
                )
                try await terminal.waitFor("> ")
                try terminal.send("hello\r")
                try await terminal.waitFor("first")
                try terminal.send("\u{1A}")
                try await terminal.waitFor(#"[1]+ "$@" &"#)
                try terminal.send("go\n")
                try await terminal.waitFor("go\r\n")
                // What `fg` says before the job is in the foreground.
                try await terminal.waitFor(#""$@""#)
                gate.open()
                try await terminal.waitFor("second")
                try await terminal.waitFor("> ")
                #expect(!terminal.echoes)
                try terminal.send("\u{4}")
                try await terminal.waitFor("[left with 0]")
                #expect(try await shell.end() == .exited(0))
            }
        }

        @Test func `A key is typed unseen after a stop in the background too`() async throws {
            let terminal = try PseudoTerminal(columns: 200)
            let shell = try AmaruProcess(
                Self.unknown,
                on: terminal,
                shell: #"""
                    set -m; "$@"; echo "[stopped $?]"; bg; wait %1; echo "[wait $?]"
                    fg; echo "[left with $?]"
                    """#
            )
            try await terminal.waitFor("OPENAI_API_KEY): ")
            try terminal.send("\u{1A}")
            try await terminal.waitFor("[wait 149]")
            try await terminal.waitFor("OPENAI_API_KEY): ")
            #expect(!terminal.echoes)
            try terminal.send("sk-typed-unseen\r")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            try await terminal.waitFor("[left with 0]")
            #expect(try await shell.end() == .exited(0))
            #expect(!terminal.output.contains("sk-typed"))
        }

        @Test func `A key that is asked for in the background is typed unseen in the foreground`()
            async throws
        {
            let terminal = try PseudoTerminal(columns: 200)
            let shell = try AmaruProcess(
                Self.unknown,
                on: terminal,
                shell: #"set -m; "$@" & wait $!; echo "[wait $?]"; fg; echo "[left with $?]""#
            )
            try await terminal.waitFor("[wait 149]")
            try await terminal.waitFor("OPENAI_API_KEY): ")
            #expect(!terminal.echoes)
            try terminal.send("sk-typed-unseen\r")
            try await terminal.waitFor("> ")
            try terminal.send("\u{4}")
            try await terminal.waitFor("[left with 0]")
            #expect(try await shell.end() == .exited(0))
            #expect(!terminal.output.contains("sk-typed"))
        }
    }
}
