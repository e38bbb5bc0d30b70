// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Testing

@testable import AmaruCLI

/// The values of `amaru run` that are found without the parser.
@Suite struct RunWordsTests {
    @Test(arguments: [
        ["chat.py"], ["chat.py", "one", "", "two words"], ["--venv", "place", "chat.py"],
        ["--venv", "", "chat.py", "one"], ["https://example.org/chat.py"], [""],
    ])
    func `Without options they are those that the parser finds`(_ words: [String]) throws {
        let command = try #require(RunCommand.plain(words))
        let parsed = described(try RunCommand.parse(words))
        #expect(described(command).difference(from: parsed).isEmpty)
    }

    @Test(arguments: [
        [], ["--plain", "chat.py"], ["chat.py", "--plain"], ["chat.py", "--", "one"], ["-"],
        ["-c", "1"], ["-m", "json"], ["--venv", "place"], ["--venv", "--plain", "chat.py"],
        ["http://user@example.org/chat.py"], ["chat.py", "-"],
    ])
    func `Anything else is left to the parser`(_ words: [String]) {
        #expect(RunCommand.plain(words) == nil)
    }

    @Test func `The first help is the parser's`() throws {
        var command = try AmaruCommand.parseAsRoot(["--help"])
        let asked = #expect(throws: (any Error).self) { try command.run() }
        #expect(asked.map { AmaruCommand.fullMessage(for: $0) } == AmaruCommand.helpMessage())
    }

    /// All values; the parser's have lost the titles of their groups.
    private func described(_ command: RunCommand) -> [Substring] {
        var text = ""
        dump(command, to: &text)
        return text.split(separator: "\n").filter { !$0.contains("- title: ") }
    }
}
