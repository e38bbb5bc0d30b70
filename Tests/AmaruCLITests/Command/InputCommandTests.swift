// What is typed in a chat: history, several lines, completion, and typing ahead.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

private let controlC = "\u{3}"
private let controlD = "\u{4}"
private let up = "\u{1B}[A"

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct InputCommandTests {
        private let folder: TemporaryFolder

        init() throws { folder = try TemporaryFolder() }

        private var state: URL { folder.url.appending(path: ".local/state/amaru") }

        /// Runs a chat on a terminal, from its first prompt to Ctrl-D; returns what was asked.
        private func chat(
            _ answers: [ScriptedResponse],
            _ options: [String] = [],
            columns: Int = 80,
            environment: [String: String?] = [:],
            _ body: (PseudoTerminal) async throws -> Void
        ) async throws -> (asked: [String], screen: String) {
            let server = ScriptedServer(answers)
            let terminal = try PseudoTerminal(columns: columns)
            try await withChat(server) { base in
                let chat = try AmaruProcess(
                    base + options,
                    on: terminal,
                    in: folder,
                    environment: environment
                )
                try await terminal.waitFor("> ")
                try await body(terminal)
                try terminal.send(controlD)
                #expect(try await chat.end() == .exited(0), "\(terminal.output)")
                try await terminal.screen.waitForEnd()
            }
            let screen = ScreenImage(columns: columns, terminal.output).text
            return (try ChatBody.asked(server.requests), screen)
        }

        /// Sends a line, and waits for the answer and the prompt behind it.
        private func ask(_ line: String, on terminal: PseudoTerminal) async throws {
            try terminal.send(line + "\r")
            try await terminal.waitFor("fine")
            try await terminal.waitFor("> ")
        }

        // MARK: History

        @Test func `Lines of one chat are there in the next, and in no other program`()
            async throws
        {
            let key = "sk-secret-0123456789"
            _ = try await chat(
                Array(repeating: .chat("fine"), count: 4),
                environment: ["OPENAI_API_KEY": key]
            ) { terminal in
                try await ask("first question", on: terminal)
                try await ask(" not for keeping", on: terminal)
                try await ask("why is \(key) refused?", on: terminal)
                try await ask("\u{1B}[200~two\nlines\u{1B}[201~", on: terminal)
            }
            let file = state.appending(path: "chat_history")
            let kept = try String(contentsOf: file, encoding: .utf8)
            #expect(kept == "first question\ntwo\\nlines\n")
            let attributes = try FileManager.default.attributesOfItem(atPath: file.path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let next = try await chat(Array(repeating: .chat("fine"), count: 3)) { terminal in
                try terminal.send(up)
                try await terminal.waitFor("lines")
                try await ask("", on: terminal)
                try terminal.send("fir" + up)
                try await terminal.waitFor("first question")
                try await ask("", on: terminal)
                try terminal.send("\u{12}wo")
                try await terminal.waitFor("(search: wo) ")
                try await ask("", on: terminal)
            }
            #expect(next.asked == ["two\nlines", "first question", "two\nlines"])
        }

        @Test func `Nothing is kept where nothing is to be, and a failure is said once`()
            async throws
        {
            _ = try await chat([.chat("fine")], ["--no-history"]) { terminal in
                try await ask("one", on: terminal)
            }
            #expect(!FileManager.default.fileExists(atPath: state.path))
            try folder.write("", to: "file")
            let (asked, screen) = try await chat(
                [.chat("fine"), .chat("fine")],
                environment: ["XDG_STATE_HOME": "\(folder.path)/file"]
            ) { terminal in
                try terminal.send("one\r")
                try await terminal.waitFor("are not kept: cannot create the folder")
                try await ask("two", on: terminal)
            }
            #expect(asked == ["one", "two"])
            #expect(screen.split(separator: "are not kept").count == 2, "\(screen)")
        }

        // MARK: Several lines

        @Test func `A paste of several lines is one message`() async throws {
            let pasted = "Sum up:\n\tone\n日本 👍🏽 e\u{301}\n\u{1B}[31mthree"
            let (asked, screen) = try await chat([.chat("fine")]) { terminal in
                try terminal.send("\u{1B}[200~\(pasted)\u{1B}[201~")
                try await terminal.waitFor("three")
                try await ask("", on: terminal)
            }
            #expect(asked == ["Sum up:\n\tone\n日本 👍🏽 e\u{301}\nthree"])
            #expect(
                screen == """
                    > Sum up:
                        one
                    日本 👍🏽 e\u{301}
                    three
                    fine
                    >
                    """
            )
        }

        @Test func `Alt-Enter, a backslash and quotes go on in the next line`() async throws {
            let (asked, _) = try await chat([.chat("fine"), .chat("fine")]) { terminal in
                try await ask("a\u{1B}\rb\\\rc", on: terminal)
                try await ask("\"\"\"d\re\r\"\"\"", on: terminal)
            }
            #expect(asked == ["a\nb\nc", "d\ne"])
        }

        @Test(arguments: [40, 200])
        func `Ctrl-C clears a line, and says the second time how to leave`(
            _ columns: Int
        ) async throws {
            let (asked, screen) = try await chat([], columns: columns) { terminal in
                try terminal.send("half a question")
                try await terminal.waitFor("question")
                try terminal.send(controlC)
                try await terminal.waitFor("^C")
                try await terminal.waitFor("> ")
                try terminal.send(controlC)
                try await terminal.waitFor("the chat.")
                try await terminal.waitFor("> ")
            }
            #expect(asked == [])
            #expect(
                screen == """
                    > half a question^C
                    > ^C
                    amaru: Ctrl-D ends the chat.
                    >
                    """
            )
        }

        // MARK: Completion

        @Test func `Tab completes commands and files, and shows a choice`() async throws {
            try folder.write("", to: "notes.md")
            try folder.write("", to: "nothing.txt")
            try folder.write(
                """
                from amaru.plugins import hookimpl
                @hookimpl
                def amaru_commands(): return {"heat": lambda text: "hot " + text}
                """,
                to: "config/amaru/plugins/heat.py"
            )
            let (asked, _) = try await chat([.chat("fine")]) { terminal in
                // Also waits for Python.
                try await ask("\tone\ttwo", on: terminal)
                try terminal.send("/he\t")
                try await terminal.waitFor("heat  help\r\n")
                try await terminal.waitFor("> /he")
                try terminal.send("a\tnow\r")
                try await terminal.waitFor("hot now")
                try await terminal.waitFor("> ")
                try terminal.send("see @no\t")
                try await terminal.waitFor("see @not")
                try terminal.send("e\t|")
                try await terminal.waitFor("see @notes.md |")
                try terminal.send(controlC)
                try await terminal.waitFor("^C")
                try await terminal.waitFor("> ")
                try terminal.send("/ret\t|")
                try await terminal.waitFor("/retry |")
                try terminal.send(controlC)
                try await terminal.waitFor("^C")
                try await terminal.waitFor("> ")
                try terminal.send("/ex\t|")
                try await terminal.waitFor("/exit |")
                try terminal.send(controlC)
                try await terminal.waitFor("^C")
                try await terminal.waitFor("> ")
            }
            #expect(asked == ["\tone\ttwo"])
        }

        // MARK: Typing ahead

        @Test func `What is typed during an answer is shown below it, and kept`() async throws {
            let gate = Gate()
            let (asked, screen) = try await chat(
                [.chat("first second", pauseAt: gate), .chat("fine"), .chat("fine")]
            ) { terminal in
                try terminal.send("one\r")
                try await terminal.waitFor("first")
                try terminal.send("two\r")
                try await terminal.waitFor("queued: two")
                try terminal.send("three\r")
                try await terminal.waitFor("2 queued, last: three")
                try terminal.send(up + "!")
                try await terminal.waitFor("> three!")
                gate.open()
                try await terminal.waitFor("second")
                try await terminal.waitFor("> two\r\n")
                try await terminal.waitFor("fine")
                try await terminal.waitFor("> three!")
                try await ask("", on: terminal)
            }
            #expect(asked == ["one", "two", "three!"])
            #expect(
                screen == """
                    > one
                    first second
                    > two
                    fine
                    > three!
                    fine
                    >
                    """
            )
        }

        @Test func `Ctrl-C stops the answer, and keeps what was typed and queued`() async throws {
            let (asked, screen) = try await chat(
                [.chat("first second", pauseAt: Gate()), .chat("fine")]
            ) { terminal in
                try terminal.send("one\r")
                try await terminal.waitFor("first")
                try terminal.send("two\rthree")
                try await terminal.waitFor("> three")
                try terminal.send(controlC)
                try await terminal.waitFor("> two\r\nthree")
                // Drawn for the next line now, so that Enter sends it.
                try await terminal.waitFor("> two\r\nthree")
                try await ask("!", on: terminal)
            }
            #expect(asked == ["one", "two\nthree!"])
            #expect(screen == "> one\nfirst\n(stopped)\n> two\nthree!\nfine\n>")
        }

        // MARK: Another program's editing

        @Test func `Ctrl-G edits the text with the user's editor`() async throws {
            try folder.write(
                "#!/bin/sh\n[ -t 0 ] && stat -c %a \"$2\" && printf 'more\\n' >>\"$2\"\n",
                to: "edit",
                permissions: 0o700
            )
            let (asked, screen) = try await chat(
                [.chat("fine"), .chat("fine")],
                environment: [
                    "VISUAL": "\(folder.path)/edit --flag", "EDITOR": "false",
                    "TMPDIR": folder.path,
                ]
            ) { terminal in
                try terminal.send("draft\u{7}")
                try await terminal.waitFor("600")
                try await terminal.waitFor("more")
                try await ask("!", on: terminal)
                try terminal.send("x\u{18}\u{5}")
                try await terminal.waitFor("more")
                try await ask("\u{1F}", on: terminal)
            }
            #expect(asked == ["draft\nmore!", "x"])
            #expect(screen.hasPrefix("600\n> draft\nmore!\nfine\n"), "\(screen)")
            let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            #expect(!files.contains { $0.hasPrefix("amaru-") })
        }

        @Test(
            "An editor that fails leaves the text as it was",
            arguments: [
                ("false", "the editor false ended with exit code 1; the text is as it was"),
                ("/nowhere/ed", "the editor /nowhere/ed cannot be started: set EDITOR to another"),
                ("kill -KILL $$", "ended with signal 9; the text is as it was"),
                ("kill -STOP $$", "was stopped, and has been ended; the text is as it was"),
                ("'./stop here' --flag", "was stopped, and has been ended; the text is as it was"),
                ("true && './stop here'", "was stopped, and has been ended; the text is as it was"),
                ("./pipe", "the editor has put no file in its file's place; the text is as it"),
                ("rm", "the editor has removed its file; the text is as it was"),
            ]
        )
        func failingEditor(editor: String, message: String) async throws {
            let scripts = [
                "stop here": "kill -STOP $$", "pipe": "rm \"$1\" && mkfifo \"$1\"",
            ]
            for (name, script) in scripts {
                try folder.write("#!/bin/sh\n\(script)\n", to: name, permissions: 0o700)
            }
            let (asked, _) = try await chat(
                [.chat("fine")],
                environment: ["EDITOR": editor, "TMPDIR": folder.path]
            ) { terminal in
                try terminal.send("draft\u{7}")
                try await terminal.waitFor(message)
                try await terminal.waitFor("> draft")
                #expect(!terminal.isCanonical && !terminal.echoes)
                try await ask("", on: terminal)
            }
            #expect(asked == ["draft"])
        }
    }
}
