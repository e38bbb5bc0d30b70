// Code with colours on a terminal, by the highlighter itself.
// SPDX-License-Identifier: Apache-2.0

import AmaruEnvironment
import AmaruTesting
import Foundation
import Testing

@testable import AmaruCLI

/// Makes the highlighter's environment in the tests' cache; false if it cannot be had.
private let highlighter = Task {
    let builder = EnvironmentBuilder(
        cacheFolder: URL(filePath: AmaruProcess.cache).appending(path: "amaru"),
        environment: ProcessInfo.processInfo.environment
    )
    return await HighlightEnvironment(builder: builder).make()
}

extension BuiltCommand {
    /// Transcripts are written as those of `AnswerScreenTests` are.
    @Suite(
        .timeLimit(.minutes(5)),
        .enabled("Pygments cannot be installed here") { await highlighter.value }
    )
    struct HighlightTests {
        static let answer = """
            In **Python**:

            ```python
            @dataclass(frozen=True)
            class Point:
                \"""A point of the plane, \\
                which never changes.\"""
                x: float = 0.5  # metres, and not feet
                名前: str = f"日本 {x}\\n"

                def length(self) -> float: return (self.x ** 2 + 1) ** 0.5 if self.x else None
            ```

            1. In C:

               ```c
               int main(void) { return 0; } /* done */
               ```

            ```sh
            for f in *.txt; do echo "$f" | wc -l; done
            ```

            ```unheard-of
            let it = be
            ```
            """

        /// Time enough on any machine.
        private static let settings = "highlight = 100\n"

        private func screen(
            _ settings: String = settings,
            _ arguments: [String] = [],
            columns: Int = 80,
            environment: [String: String?] = [:]
        ) async throws -> (screen: TerminalScreen, output: String) {
            var home = try ConfiguredFolder(settings)
            home.variables["XDG_CACHE_HOME"] = AmaruProcess.cache
            let terminal = try PseudoTerminal(columns: columns)
            let pieces = stride(from: 0, to: Self.answer.count, by: 7).map { start in
                delta(String(Self.answer.dropFirst(start).prefix(7)))
            }
            let response = ScriptedResponse.events(pieces.joined(), delta("", finish: "stop"))
            try await withChat(ScriptedServer([response])) { [home] options in
                let chat = try AmaruProcess(
                    ["hello"] + arguments + options,
                    on: terminal,
                    in: home.folder,
                    environment: home.variables.merging(environment) { $1 }
                )
                #expect(try await chat.end() == .exited(0))
                try await terminal.screen.waitForEnd()
            }
            var screen = TerminalScreen(columns: columns, rows: 24) { CellWidth.of($0) }
            screen.feed(terminal.output)
            return (screen, terminal.output)
        }

        @Test(arguments: [40, 80, 200])
        func `Code has its colours`(_ columns: Int) async throws {
            let (screen, _) = try await screen(columns: columns)
            #expect(screen.offences == [])
            let file = URL(filePath: #filePath).deletingLastPathComponent()
                .appending(path: "../Transcripts/code-\(columns).txt")
            if ProcessInfo.processInfo.environment["AMARU_RECORD_TRANSCRIPTS"] != nil {
                return try screen.styled.write(to: file, atomically: true, encoding: .utf8)
            }
            #expect(try screen.styled == String(contentsOf: file, encoding: .utf8))
        }

        @Test(
            arguments: [
                ("highlight = false\n", [], [:]), (settings, [], ["NO_COLOR": "1"]),
                (settings, ["--plain"], [:]), (settings, [], ["TERM": "dumb"]),
            ] as [(String, [String], [String: String?])]
        )
        func `Code without colours is the same text`(
            _ settings: String,
            _ arguments: [String],
            _ environment: [String: String?]
        ) async throws {
            let (plain, output) = try await screen(settings, arguments, environment: environment)
            #expect(!output.contains("\u{1B}[35m"))
            if plain.text.contains("**Python**") {
                return #expect(plain.copied.hasPrefix(Self.answer + "\n"))
            }
            #expect(plain.text == (try await screen()).screen.text)
        }
    }
}
