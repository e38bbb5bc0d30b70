// What a shell completes, by the script that the command prints.
// SPDX-License-Identifier: Apache-2.0

import AmaruTesting
import Foundation
import Testing

extension BuiltCommand {
    @Suite struct CompletionTests {
        private static let bash = "/bin/bash"

        /// Completes an empty word behind the arguments.
        private static let complete = #"""
            source <("$0" --generate-completion-script bash)
            COMP_WORDS=(amaru "$@" "")
            COMP_CWORD=$(($# + 1))
            COMP_LINE="amaru $* "
            COMP_POINT=${#COMP_LINE}
            _amaru amaru "" "${!#}"
            printf '%s\n' "${COMPREPLY[@]}"
            """#

        @Test(
            .enabled(if: FileManager.default.isExecutableFile(atPath: bash)),
            arguments: [
                (["run"], ["script.py", "folder"]),
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
            let result = try await AmaruProcess.run(
                ["-c", Self.complete, AmaruProcess.command] + arguments,
                of: Self.bash,
                in: folder
            )
            let found = result.output.split(separator: "\n").map(String.init)
            #expect(Set(found).isSuperset(of: files), "\(result)")
        }
    }
}
