// What a shell completes, by the script that the command prints.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite struct CompletionTests {
        private static let bash = "/bin/bash"

        /// Completes an empty word behind the arguments.
        private static let complete = #"""
            source <("$0" --generate-completion-script bash)
            COMP_WORDS=("$0" "$@" "")
            COMP_CWORD=$(($# + 1))
            COMP_LINE="amaru $* "
            COMP_POINT=${#COMP_LINE}
            _amaru amaru "" "${!#}"
            printf '%s\n' "${COMPREPLY[@]}"
            """#

        @Test(
            .enabled(if: FileManager.default.isExecutableFile(atPath: bash)),
            arguments: [
                (["run"], ["script.py", "folder"]), (["--record"], ["session.jsonl"]),
                (["-a"], ["script.py"]),
                (["run", "--gguf"], ["model.gguf", "folder"]),
                (["chat", "--replay"], ["session.jsonl"]),
                (["chat", "--record"], ["session.jsonl"]),
                (["chat", "--trace-http"], ["session.jsonl"]),
                (["run", "--python"], ["script.py", "folder"]),
            ]
        )
        func `Files are completed where one is named`(
            _ arguments: [String],
            _ files: [String]
        ) async throws {
            let folder = try TemporaryFolder()
            for path in ["script.py", "model.gguf", "session.jsonl", "folder/main.py"] {
                try folder.write("", to: path)
            }
            let found = try await Self.complete(arguments, in: folder)
            #expect(Set(found).isSuperset(of: files), "\(found)")
        }

        private static func complete(
            _ arguments: [String],
            in folder: TemporaryFolder,
            environment: [String: String?] = [:]
        ) async throws -> [String] {
            let result = try await AmaruProcess.run(
                ["-c", complete, AmaruProcess.command] + arguments,
                of: bash,
                in: folder,
                environment: environment
            )
            return result.output.split(separator: "\n").map(String.init)
        }

        @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: bash)))
        func `Models and conversations are completed, without the word chat too`() async throws {
            let server = try await ScriptedServer.withModels(["alpha", "beta"])
            let home = try ConfiguredFolder(
                """
                model = "one"
                [providers.one]
                base-url = "\(server.url)/v1"
                key = "none"
                [aliases]
                quick = "one/beta"
                """
            )
            _ = try await home.amaru("models")
            _ = try await home.amaru("a question")
            await server.shutDown()
            let listed = try await home.amaru("history").output
            let id = String(listed.prefix { $0 != " " })
            let variables = home.variables
            for words in [["--model"], ["-m"], ["chat", "--model"], ["run", "--model"]] {
                let found = try await Self.complete(words, in: home.folder, environment: variables)
                #expect(Set(found).isSuperset(of: ["quick", "alpha", "one/beta"]), "\(words)")
            }
            for words in [["-c"], ["chat", "-c"], ["history", "show"], ["history", "delete"]] {
                let found = try await Self.complete(words, in: home.folder, environment: variables)
                #expect(found.contains(id), "\(words): \(found)")
            }
            let all = try await Self.complete([], in: home.folder, environment: variables)
            #expect(Set(all).isSuperset(of: ["history", "--model", "--continue"]), "\(all)")
        }

        // MARK: Other shells

        /// A shell, and what it has to be told.
        struct Shell: Sendable, CustomTestStringConvertible {
            let path: String
            let options: [String]
            let setUp: String

            var isInstalled: Bool { FileManager.default.isExecutableFile(atPath: path) }
            var testDescription: String { path }
        }

        private static let zsh = Shell(
            path: "/usr/bin/zsh",
            options: ["-f", "-i"],
            setUp: """
                mkdir f; amaru --generate-completion-script zsh > f/_amaru; \
                fpath=($PWD/f $fpath); autoload -U compinit; compinit -u -D
                """
        )
        private static let fish = Shell(
            path: "/usr/bin/fish",
            options: ["--no-config", "--interactive"],
            setUp: "amaru --generate-completion-script fish | source"
        )

        @Test(.enabled(if: zsh.isInstalled, "zsh is not installed"))
        func `zsh completes by its script`() async throws { try await expectCompletion(Self.zsh) }

        @Test(.enabled(if: fish.isInstalled, "fish is not installed"))
        func `fish completes by its script`() async throws { try await expectCompletion(Self.fish) }

        private func expectCompletion(_ shell: Shell) async throws {
            let server = try await ScriptedServer.withModels(["alpha", "beta"])
            var home = try ConfiguredFolder(
                """
                model = "one"
                [providers.one]
                base-url = "\(server.url)/v1"
                key = "none"
                """
            )
            _ = try await home.amaru("models")
            await server.shutDown()
            try home.folder.write("", to: "script.py")
            let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
            home.variables["PATH"] = "\(AmaruProcess.products.path):\(path)"
            home.variables["DONE"] = "[done]"
            let terminal = try PseudoTerminal(columns: 200)
            let process = try AmaruProcess(
                shell.options,
                of: shell.path,
                on: terminal,
                in: home.folder,
                environment: home.variables
            )
            try terminal.send("\(shell.setUp); echo $DONE set up\n")
            try await terminal.waitFor("[done] set up")
            for (line, completed) in [
                ("amaru hist", "amaru history"), ("amaru history sh", "amaru history show"),
                ("amaru --model alp", "amaru --model alpha"), ("amaru --pla", "amaru --plain"),
                ("amaru chat --model one/al", "amaru chat --model one/alpha"),
                ("amaru run scr", "amaru run script.py"),
            ] {
                // Shown, and not run.
                try terminal.send("\(line)\t\u{1}echo $DONE \n")
                try await terminal.waitFor("[done] \(completed)")
            }
            try terminal.send("exit\n")
            #expect(try await process.end() == .exited(0))
        }

        @Test(arguments: ["zsh", "fish"])
        func `The scripts of other shells have the options of a chat at their top`(
            shell: String
        ) async throws {
            let run = try await AmaruProcess.run(
                ["--generate-completion-script", shell],
                in: try TemporaryFolder()
            )
            #expect(run.status == .exited(0))
            let isTop = run.output.split(separator: "\n").contains { line in
                shell == "zsh"
                    ? line.contains("---completion -- --continue")
                    : line.contains(#"_flags_or_options "amaru" c continue"#)
            }
            #expect(isTop, "\(run.output.prefix(2000))")
        }
    }
}
