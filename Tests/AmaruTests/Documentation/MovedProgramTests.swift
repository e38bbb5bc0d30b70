// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@Suite("A program moved from PythonKit")
struct MovedProgramTests {
    @Test("It is run as the page shows it")
    func isThatOfThePage() throws {
        let page = try #require(
            DocumentationPage.articles.first { $0.name == "MovingAProgram.md" }
        )
        let shown = try #require(page.examples.first).lines
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "MovedProgram.swift")
        let text = try String(contentsOf: file, encoding: .utf8)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let program = lines.drop { !$0.hasPrefix("import ") }
        let main = try #require(program.firstIndex { $0.hasPrefix("func movedProgram()") })
        // What is at the top level of the page's program is the body of a function here.
        let body = program[(main + 1)...].prefix { $0 != "}" }.map {
            $0.hasPrefix("    ") ? $0.dropFirst(4) : $0
        }
        #expect((program[..<main] + body).map(String.init) == shown)
    }

    @Test("It prints what the one for PythonKit prints")
    func output() async throws {
        let result = await #expect(
            processExitsWith: .success,
            observing: [\.standardOutputContent]
        ) {
            try await movedProgram()
        }
        let output = String(
            decoding: try #require(result).standardOutputContent,
            as: UTF8.self
        )
        let expected = """
            skipped: {'day': '2026-03-04', 'shop': 'Lima', 'amount': 'unknown'}
            {
              "days": 8,
              "mean": 100.0,
              "ranking": [
                "Cusco",
                "Lima"
              ],
              "spread": 16.54,
              "weekdays": {
                "Monday": 2,
                "Tuesday": 1
              }
            }
            refused: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)

            """
        #expect(output.contains(expected), "\(output)")
    }
}
