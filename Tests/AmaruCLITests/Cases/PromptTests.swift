// Prompts that look like something else, and standard input beside a prompt.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Testing

extension BuiltCommand {
    @Suite(.timeLimit(.minutes(5))) struct PromptTests {
        // MARK: Slashes

        @Test(
            arguments: [
                "/tmp is full, what now?", "/help", "/", "/etc/hosts is empty, why?", "//x",
            ],
            [true, false]
        )
        func `A prompt with a slash is sent`(_ prompt: String, _ isPiped: Bool) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    isPiped ? options : [prompt] + options,
                    input: isPiped ? prompt + "\n" : ""
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(try ChatBody.asked(server.requests) == [prompt])
        }

        @Test func `On a terminal a command is a command, and a path is sent`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let terminal = try PseudoTerminal(columns: 120)
            try await withChat(server) { options in
                let chat = try AmaruProcess(options, on: terminal)
                try await terminal.waitFor("> ")
                try terminal.send("/nowhere at all\r")
                try await terminal.waitFor("there is no command /nowhere")
                try await terminal.waitFor("> ")
                try terminal.send("/help\r")
                try await terminal.waitFor("/help: show this")
                try await terminal.waitFor("> ")
                try terminal.send("/etc/hosts is empty\r")
                try await terminal.waitFor("fine")
                try await terminal.waitFor("> ")
                try terminal.send("\u{4}")
                #expect(try await chat.end() == .exited(0))
            }
            #expect(try ChatBody.asked(server.requests) == ["/etc/hosts is empty"])
        }

        // MARK: Dashes

        @Test(arguments: [["-1"], ["-1 + 1 = ?"], ["-x what?"], ["--what is this"], ["-é"]])
        func `A prompt that begins with a dash is told how to be sent`(
            _ words: [String]
        ) async throws {
            let result = try await AmaruProcess.run(words)
            #expect(result.errors.contains("amaru -- "), "\(result)")
            #expect(result.output == "")
            #expect(result.status == .exited(2))
        }

        @Test(
            arguments: [
                ("run -1", "amaru run"), ("run --nope script.py", "amaru run"),
                ("serve -x", "amaru serve"), ("env -x", nil), ("history list -1", nil),
                ("config --nope", nil),
            ]
        )
        func `A dash behind a command is told of that command`(
            _ line: String,
            _ hint: String?
        ) async throws {
            let words = line.split(separator: " ").map(String.init)
            let result = try await AmaruProcess.run(words)
            #expect(result.errors.hasPrefix("amaru: Unknown option '-"), "\(result)")
            #expect(result.errors.contains("Usage: amaru \(words[0])"), "\(result)")
            #expect(!result.errors.contains("prompt"), "\(result)")
            let last = result.errors.split(separator: "\n").last ?? ""
            #expect(last.hasSuffix("PATH -- --option") == (hint != nil), "\(result)")
            #expect(last.contains(hint ?? "--help"), "\(result)")
            #expect(result.status == .exited(2))
        }

        @Test(arguments: [["-1"], ["-x what?"], ["--help"], ["--"], ["- 1"]])
        func `Behind two dashes every prompt is sent as it is`(_ words: [String]) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(options + ["--"] + words)
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(try ChatBody.asked(server.requests) == [words.joined(separator: " ")])
        }

        // MARK: Standard input beside a prompt

        @Test func `A pipe that says nothing is named, and the prompt goes without it`()
            async throws
        {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess(["hello"] + options, input: .open).result()
            }
            #expect(result.output == "fine\n")
            #expect(result.errors.hasPrefix("amaru: waiting for standard input\n"), "\(result)")
            #expect(result.errors.split(separator: "\n").count == 2)
            #expect(result.status == .exited(0))
            #expect(try ChatBody.asked(server.requests) == ["hello"])
        }

        @Test func `A pipe that says nothing is waited for without a prompt`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                let run = try AmaruProcess(options, input: .open)
                try await run.waitForErrors("amaru: waiting for standard input\n")
                try run.write("late")
                run.closeInput()
                return try await run.result()
            }
            #expect(result.output == "fine\n", "\(result)")
            #expect(try ChatBody.asked(server.requests) == ["late"])
        }

        @Test func `A pipe that stops amid its data is named, and waited for`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                let run = try AmaruProcess(["hello"] + options, input: .open)
                try run.write("da")
                try await run.waitForErrors("amaru: waiting for the rest of standard input\n")
                try run.write("ta")
                run.closeInput()
                return try await run.result()
            }
            #expect(result.output == "fine\n", "\(result)")
            #expect(result.errors.split(separator: "\n").count == 1, "\(result)")
            #expect(try ChatBody.asked(server.requests) == ["hello\n\ndata"])
        }

        @Test(
            arguments: [
                (
                    #"printf 'one\ntwo\nthree\n' | while read -r line; do "$@" "$line"; done"#,
                    ["one\n\ntwo\nthree"]
                ),
                (
                    #"printf 'one\ntwo\n' | while read -r l; do "$@" "$l" </dev/null; done"#,
                    ["one", "two"]
                ), (#"printf 'two\n' | "$@" one"#, ["one\n\ntwo"]),
            ]
        )
        func `Data that the caller may want are sent, and that is said`(
            _ shell: String,
            _ asked: [String]
        ) async throws {
            let server = ScriptedServer([.chat("fine"), .chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(options, shell: shell)
            }
            #expect(try ChatBody.asked(server.requests) == asked)
            let isSaid = result.errors.contains("bytes of standard input go with the prompt")
            #expect(isSaid == (asked == ["one\n\ntwo\nthree"]), "\(result)")
        }

        @Test(
            arguments: [
                (#"\211PNG\r\n\032\n1234"#, "is of the type image/png: append -a - to attach it"),
                (#"%%PDF-1.7 text"#, "is of the type application/pdf: append -a - to attach it"),
                (#"PK\003\004\024\000\377"#, "is binary: pipe text into amaru"),
                (#"a\000b"#, "is binary: pipe text into amaru"),
            ]
        )
        func `What is piped in and is no text is refused, and nothing is sent`(
            _ bytes: String,
            _ expected: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(options, shell: "printf '\(bytes)' | \"$@\" see")
            }
            #expect(result.status == .exited(2))
            #expect(result.errors.contains("Standard input \(expected)"), "\(result)")
            #expect(server.requests.isEmpty)
        }

        @Test(arguments: [(#"caf\351"#, "caf\u{FFFD}"), (#"BMW f\344hrt"#, "BMW f\u{FFFD}hrt")])
        func `Text that is not UTF-8 is sent, and that is said`(
            _ bytes: String,
            _ expected: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(options, shell: "printf '\(bytes)\\n' | \"$@\" see")
            }
            #expect(try ChatBody.asked(server.requests) == ["see\n\n\(expected)"])
            #expect(
                result.errors.contains("standard input has bytes that are not UTF-8"),
                "\(result)"
            )
        }

        @Test(arguments: ["</dev/null", "</dev/zero", "<empty"])
        func `A standard input without data adds nothing, and nothing is said`(
            _ redirection: String
        ) async throws {
            let folder = try TemporaryFolder()
            try folder.write("", to: "empty")
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["hello"] + options,
                    in: folder,
                    shell: #"exec "$@" \#(redirection)"#
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\n", errors: ""))
            #expect(try ChatBody.asked(server.requests) == ["hello"])
        }

        @Test(arguments: [([], ""), ([], " \n\t\n"), ([" "], ""), ([" ", " "], "\n \n")])
        func `Blanks are no prompt, and nothing is sent`(
            _ words: [String],
            _ input: String
        ) async throws {
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(options + words, input: input)
            }
            #expect(result.errors.contains("No prompt"), "\(result)")
            #expect(result.status == .exited(2))
            #expect(server.requests.isEmpty)
        }

        @Test func `Blanks beside data, or data of blanks beside a prompt, are left out`()
            async throws
        {
            let server = ScriptedServer([.chat("fine"), .chat("fine")])
            let results = try await withChat(server) { options in
                let blankPrompt = try await AmaruProcess.run(options + [" "], input: "data\n")
                return [
                    blankPrompt, try await AmaruProcess.run(options + ["hello"], input: " \n\n"),
                ]
            }
            #expect(results.map(\.output) == ["fine\n", "fine\n"], "\(results)")
            #expect(try ChatBody.asked(server.requests) == ["data", "hello"])
        }

        @Test func `A line without an end is given up, and not kept`() async throws {
            let folder = try TemporaryFolder()
            try folder.write(
                "import amaru\n@amaru.reply\ndef answer(text): return text\n",
                to: "script.py"
            )
            let result = try await AmaruProcess.run(
                ["run", "script.py"],
                in: folder,
                shell: #"exec "$@" </dev/zero"#
            )
            #expect(
                result
                    == .init(
                        status: .exited(1),
                        output: "",
                        errors: "amaru: a line of standard input is longer than 16 MiB: "
                            + "write shorter lines into amaru\n"
                    )
            )
        }

        @Test func `A whole file beside a prompt is data`() async throws {
            let folder = try TemporaryFolder()
            try folder.write("one\ntwo\n", to: "data")
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    ["Sum up"] + options,
                    in: folder,
                    shell: #"exec "$@" <data"#
                )
            }
            #expect(result.output == "fine\n", "\(result)")
            #expect(try ChatBody.asked(server.requests) == ["Sum up\n\none\ntwo"])
        }

        @Test func `The rest of a file that a loop of the shell reads is left to the loop`()
            async throws
        {
            let folder = try TemporaryFolder()
            try folder.write("one\ntwo\nthree\n", to: "data")
            let server = ScriptedServer([.chat("fine")])
            let result = try await withChat(server) { options in
                try await AmaruProcess.run(
                    options,
                    in: folder,
                    shell: #"while read -r line; do "$@" "$line"; done <data"#
                )
            }
            #expect(result == .init(status: .exited(0), output: "fine\nfine\nfine\n", errors: ""))
            #expect(try ChatBody.asked(server.requests) == ["one", "two", "three"])
        }

        @Test func `A prompt on a terminal leaves what is typed to the shell`() async throws {
            let server = ScriptedServer([.chat("fine")])
            let terminal = try PseudoTerminal()
            try await withChat(server) { options in
                let shell = try AmaruProcess(
                    ["hello"] + options,
                    on: terminal,
                    shell: #"echo ready; "$@"; read -r line; echo "[$line]""#
                )
                try await terminal.waitFor("ready")
                try terminal.send("typed ahead\n")
                try await terminal.waitFor("[typed ahead]")
                #expect(try await shell.end() == .exited(0))
            }
            #expect(try ChatBody.asked(server.requests) == ["hello"])
        }
    }
}
